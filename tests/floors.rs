//! Holds the code to its floors: what a module may import, how long a file may be, that each file
//! opens with a note, and where exemptions from lints may stand.
//!
//! Clippy has the rest: time and random sources (`clippy.toml`), long functions, printing.
//! Imports are read from the source text: comments and literals are blanked, then each path that
//! starts at the crate's root gives its first name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::{fs, iter};

/// The top-level modules and their floors. A module imports only from lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("clock", 0),
    ("diagnostic", 0),
    ("histogram", 0),
    ("machine", 0),
    ("seed", 0),
    ("units", 0),
    ("identity", 1),
    ("outcome", 1),
    ("setting", 1),
    ("measure", 2),
    ("oracle", 2),
    ("population", 2),
    ("replay", 2),
    ("token", 2),
    ("arrival", 3),
    ("directory", 3),
    ("proxy", 3),
    ("wire", 3),
    ("fault", 4),
    ("gateway", 4),
    ("idp", 4),
    ("load", 4),
    ("record", 4),
    ("report", 5),
    ("scenario", 5),
    ("stack", 5),
    ("harness", 6),
    ("live", 6),
    ("cli", 7),
];

/// Lower floors that a module must not know all the same, tests apart: the gateway under test
/// judges bytes, and must not share code with what makes the tokens and judges the answers.
const FORBIDDEN: &[(&str, &[&str])] = &[("gateway", &["population", "token", "oracle"])];

/// Lints that only these paths may be exempt from.
const EXEMPT: &[(&str, &[&str])] = &[
    ("clippy::print_stdout", &["src/cli/"]),
    ("clippy::print_stderr", &["src/cli/"]),
    ("clippy::disallowed_methods", &["src/clock.rs", "tests/", "benches/"]),
    ("clippy::too_many_lines", &[]),
    ("clippy::unwrap_used", &["tests/", "benches/"]),
    ("clippy::exit", &[]),
    ("unsafe_code", &["src/token/cache/mapping.rs", "tests/allocations/counting.rs"]),
];

/// The most lines that a file may have before its tests.
const LONGEST: usize = 500;

struct File {
    /// From the package's root, with `/`.
    path: String,
    text: String,
}

impl File {
    /// The names from the crate's root to the file's module: `["outcome", "class"]`.
    fn module(&self) -> Vec<&str> {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        inside.split('/').filter(|part| !matches!(*part, "mod" | "lib")).collect()
    }

    fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let (body, tests) = split_tests(&self.text);
        let lines = body.lines().count();
        if lines > LONGEST {
            found.push(format!("has {lines} lines before its tests; at most {LONGEST}"));
        }
        if !self.text.starts_with("//!") {
            found.push("does not open with a module note (//!)".to_owned());
        }
        for (lint, allowed) in EXEMPT {
            let exempt = attributes(body).any(|a| a.contains(lint));
            if exempt && !allowed.iter().any(|prefix| self.path.starts_with(prefix)) {
                found.push(format!("exempts itself from {lint}"));
            }
        }
        if self.path.starts_with("src/") && !matches!(&*self.path, "src/lib.rs" | "src/main.rs") {
            self.import_problems(body, tests, &mut found);
        }
        found.into_iter().map(|problem| format!("{} {problem}", self.path)).collect()
    }

    fn import_problems(&self, body: &str, tests: &str, found: &mut Vec<String>) {
        let module = self.module();
        let Some(floor) = floor_of(module[0]) else {
            found.push(format!("belongs to no floor: give `{}` a line in FLOORS", module[0]));
            return;
        };
        let forbidden =
            FORBIDDEN.iter().find(|(name, _)| *name == module[0]).map_or(&[][..], |f| f.1);
        // `mod tests;` in a file of its own.
        let is_tests = module.last() == Some(&"tests");
        for (part, depth, in_tests) in
            [(body, module.len(), false), (tests, module.len() + 1, true)]
        {
            let code = code_only(part);
            if climbs_to_root(&code, depth) {
                found.push("climbs to the crate's root by `super`: write `crate::`".to_owned());
            }
            for name in imported(&code) {
                let problem = match floor_of(name) {
                    _ if name == module[0] => continue,
                    None => format!("imports `{name}`, which is on no floor"),
                    Some(other) if other > floor => {
                        format!("(floor {floor}) imports `{name}` from above (floor {other})")
                    }
                    Some(other) if other == floor => {
                        format!("imports `{name}`, its neighbour on floor {floor}")
                    }
                    Some(_) if !in_tests && !is_tests && forbidden.contains(&name) => {
                        format!("imports `{name}`, which it must not know")
                    }
                    Some(_) => continue,
                };
                found.push(problem);
            }
        }
    }
}

fn floor_of(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The text before the test module, and the test module.
fn split_tests(text: &str) -> (&str, &str) {
    let at = text.match_indices("#[cfg(test)]\nmod ").map(|(at, _)| at).next();
    text.split_at(at.unwrap_or(text.len()))
}

/// Lint attributes: `allow` and `expect`.
fn attributes(text: &str) -> impl Iterator<Item = &str> {
    ["allow(", "expect("].into_iter().flat_map(move |opening| {
        text.match_indices(opening).filter_map(move |(at, _)| {
            let attribute = text[..at].trim_end().rsplit('\n').next()?.trim_start();
            let is_one = attribute.starts_with("#[") || attribute.starts_with("#![");
            is_one.then(|| text[at..].split(']').next().unwrap_or(""))
        })
    })
}

/// The source with comments, strings and characters blanked.
fn code_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = literal_length(rest, out.chars().next_back());
        if skipped > 0 {
            out.push(' ');
            rest = &rest[skipped..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// How many bytes of a comment or literal `rest` starts with; zero if it starts with code.
fn literal_length(rest: &str, before: Option<char>) -> usize {
    let end = |found: Option<usize>, closing: usize| found.map_or(rest.len(), |at| at + closing);
    if rest.starts_with("//") {
        return end(rest.find('\n'), 0);
    }
    if rest.starts_with("/*") {
        return end(rest.find("*/"), 2);
    }
    if rest.starts_with('"') {
        return quoted(rest);
    }
    if rest.starts_with('\'') {
        // 'x' and '\n' are characters; 'a without a closing quote is a lifetime.
        let mut chars = rest.char_indices().skip(1);
        return match chars.next() {
            Some((_, '\\')) => end(rest[3..].find('\'').map(|at| at + 3), 1),
            Some(_) if chars.next().is_some_and(|(_, c)| c == '\'') => {
                rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at)
            }
            _ => 0,
        };
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let hashes = rest.strip_prefix("br").or(rest.strip_prefix('r')).unwrap_or("");
    let count = hashes.bytes().take_while(|b| *b == b'#').count();
    if !in_word && hashes[count..].starts_with('"') {
        let closing = iter::once('"').chain(iter::repeat_n('#', count)).collect::<String>();
        let opened = rest.len() - hashes.len() + count + 1;
        return end(rest[opened..].find(&closing).map(|at| at + opened), closing.len());
    }
    0
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The first name of each path from the crate's root, of `crate::{a, b::c}` each.
fn imported(code: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, opening) in code.match_indices("crate::") {
        let in_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = code[at + opening.len()..].trim_start();
        if in_word {
            continue;
        }
        match rest.strip_prefix('{') {
            Some(group) => names.extend(heads(group)),
            None => names.push(word(rest)),
        }
    }
    names
}

/// The first name of each path of a braced group.
fn heads(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut names) = (0_u32, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                names.push(word(group[start..].trim_start()));
                start = at + 1;
            }
            '}' => {
                names.push(word(group[start..].trim_start()));
                break;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// Whether a chain of `super` in a module `depth` levels deep ends at the crate's root.
fn climbs_to_root(code: &str, depth: usize) -> bool {
    let steps: String = code.split_whitespace().collect();
    steps.contains(&"super::".repeat(depth))
}

fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["src", "tests", "benches"].iter().map(|f| root.join(f)).collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let inside = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                files.push(File { path: inside, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    files
}

#[test]
fn every_file_keeps_to_its_floor_and_size() {
    let files = sources();
    assert!(files.len() > 30, "only {} files found", files.len());
    let mut problems: Vec<String> = files.iter().flat_map(File::problems).collect();
    problems.sort();
    assert!(problems.is_empty(), "{} problems:\n  {}", problems.len(), problems.join("\n  "));
}

#[test]
fn the_table_and_the_crate_name_the_same_modules() {
    let root = sources().into_iter().find(|file| file.path == "src/lib.rs").unwrap();
    let mut declared: Vec<&str> =
        root.text.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut listed: Vec<&str> = FLOORS.iter().map(|(name, _)| *name).collect();
    declared.sort_unstable();
    listed.sort_unstable();
    assert_eq!(declared, listed);
}

fn problems_of(path: &str, code: &str) -> String {
    let text = format!("//! A note.\n{code}\n");
    File { path: path.to_owned(), text }.problems().join("; ")
}

#[test]
fn breaches_are_found() {
    let cases = [
        ("src/wire/http1.rs", "use crate::load::Plan;", "from above"),
        ("src/wire/http1.rs", "use crate::{clock, proxy::Link};", "its neighbour"),
        (
            "src/wire/http1.rs",
            "use crate::{clock::{Tick, Clock}, harness};",
            "`harness` from above",
        ),
        ("src/wire/http1.rs", "fn f() { crate::report::render() }", "`report` from above"),
        ("src/clock.rs", "use super::units;", "by `super`"),
        ("src/wire/http1.rs", "use super::super::load;", "by `super`"),
        ("src/wire/tls.rs", "#[cfg(test)]\nmod tests {\n use crate::cli;\n}", "`cli` from above"),
        ("src/gateway/cache.rs", "use crate::oracle::Verdict;", "must not know"),
        ("src/toxic/mod.rs", "", "no floor"),
        ("src/load/mod.rs", "#[allow(clippy::too_many_lines)]\nfn f() {}", "exempts itself"),
        ("src/load/mod.rs", &"\n".repeat(LONGEST), "lines before its tests"),
        ("src/wire/x.rs", "const A: &str = r#\"\"\"#; use crate::cli;", "`cli` from above"),
        ("src/wire/x.rs", "const A: char = '\"'; use crate::cli;", "`cli` from above"),
        ("src/wire/x.rs", "const A: char = '\\''; use crate::cli;", "`cli` from above"),
    ];
    for (path, code, expected) in cases {
        let found = problems_of(path, code);
        assert!(found.contains(expected), "{path}: {code}\nexpected {expected}, found: {found}");
    }
    let bare = File { path: "src/seed.rs".to_owned(), text: "fn f() {}\n".to_owned() };
    assert!(bare.problems()[0].contains("module note"));
}

#[test]
fn what_is_allowed_is_not_a_breach() {
    let cases = [
        ("src/wire/http1.rs", "use crate::{clock::{Tick, Clock}, seed::Stream};"),
        ("src/wire/http1.rs", "use super::pool; // see crate::load"),
        ("src/wire/http1.rs", "/// [`crate::harness`]\nfn f<'a>(_: &'a str) -> char { '\"' }"),
        ("src/wire/http1.rs", "const A: &str = \"crate::cli \\\" crate::cli\"; /* crate::cli */"),
        (
            "src/wire/http1.rs",
            "const A: &str = r#\"crate::cli \" \"#; const B: &[u8] = br\"crate::cli\";",
        ),
        ("src/wire/http1.rs", "#[cfg(test)]\nmod tests {\n use super::super::pool;\n}"),
        ("src/gateway/x.rs", "#[cfg(test)]\nmod tests {\n use crate::token::Signer;\n}"),
        ("src/gateway/token/tests.rs", "use crate::token::Signer;"),
        ("src/harness/mod.rs", "use crate::harness::phase; use crate::stack::Embedded;"),
        ("src/load/mod.rs", "#[expect(clippy::unused_self, reason = \"x\")]\nfn f() {}"),
        ("src/load/mod.rs", &format!("#[cfg(test)]\nmod tests {{\n{}}}", "\n".repeat(LONGEST))),
    ];
    for (path, code) in cases {
        assert_eq!(problems_of(path, code), "", "{path}: {code}");
    }
}
