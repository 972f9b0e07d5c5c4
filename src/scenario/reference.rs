//! The reference of every key: `docs/scenario.md`, made from the declarations that the reader
//! goes by.

use std::fmt::Write as _;

use super::schema::takes;
use super::tables::{Form, FormKey, ROOT, TableSpec};
use crate::outcome::profiles;
use crate::setting::{Absent, Kind, Setting};
use crate::token::mutation::{self, Expectation};
use crate::{arrival, fault};

/// What stands above the tables.
const OPENING: &str = include_str!("reference/opening.md");
/// What stands below them.
const CLOSING: &str = include_str!("reference/closing.md");

/// The page.
pub fn reference() -> String {
    let mut page = OPENING.to_owned();
    page.push_str("\n## Tables\n");
    section(&mut page, &ROOT);
    arrivals(&mut page);
    faults(&mut page);
    mutations(&mut page);
    page.push_str("\n## Profiles\n\n| name | which system |\n|---|---|\n");
    for profile in profiles::REGISTRY {
        row(&mut page, &[&code(profile.name), profile.about]);
    }
    page.push('\n');
    page.push_str(CLOSING);
    page
}

fn section(page: &mut String, spec: &TableSpec) {
    let title = match (spec.name, spec.repeated) {
        ("", _) => "The head of the file".to_owned(),
        (name, true) => format!("`[[{name}]]`"),
        (name, false) => format!("`[{name}]`"),
    };
    let about = if spec.name.is_empty() { "" } else { spec.about };
    let _ = write!(page, "\n### {title}\n\n{about}{}", if about.is_empty() { "" } else { "\n\n" });
    page.push_str("| key | takes | left out | what it does |\n|---|---|---|---|\n");
    for form in spec.forms {
        let absent = absent(form.absent, true);
        row(page, &[&code(form.key), &form_takes(form), &absent, form.about]);
    }
    for setting in spec.settings {
        setting_row(page, setting);
    }
    for inner in spec.inner {
        section(page, inner);
    }
}

fn setting_row(page: &mut String, setting: &Setting) {
    let plain = matches!(setting.kind, Kind::Flag | Kind::Count { .. } | Kind::Number { .. });
    let absent = absent(setting.absent, plain);
    row(page, &[&code(setting.key), &takes(&setting.kind), &absent, setting.about]);
}

fn row(page: &mut String, cells: &[&str]) {
    for cell in cells {
        // A bar would end the cell.
        let _ = write!(page, "| {} ", cell.replace('|', "\\|"));
    }
    page.push_str("|\n");
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// What holds when the key is left out; `plain` for defaults that are written without quotes.
fn absent(absent: Absent, plain: bool) -> String {
    match absent {
        Absent::Required => "**must be there**".to_owned(),
        Absent::Nothing => "nothing".to_owned(),
        Absent::Default(text) if plain => code(text),
        Absent::Default(text) => format!("`\"{text}\"`"),
    }
}

fn form_takes(key: &FormKey) -> String {
    match key.form {
        Form::Arrival => "a table with one key, see [arrival processes](#arrival-processes)",
        Form::Popularity => "`\"uniform\"` · `{ zipf = 0.01 to 5 }`",
        Form::Identity => "`{ header = NAME }` · `{ json = POINTER }` · `\"none\"`",
        Form::Claims => "table",
        Form::Source => "`{ file = PATH }`",
        Form::ProfileName => "a name, see [profiles](#profiles)",
        Form::MutationName => "a name, see [mutations](#mutations)",
        Form::FaultName => "a name, see [faults](#faults)",
        Form::Conditions => "string",
        Form::TokenPlace => {
            "`{ header = NAME, prefix = TEXT }` · `{ cookie = NAME }` · `{ query = NAME }` · \
             `\"placeholder\"`"
        }
        Form::Headers => "table of strings",
        Form::Statuses => "number, or list of numbers, 100 to 999",
        Form::JsonValues => "table",
    }
    .to_owned()
}

fn arrivals(page: &mut String) {
    page.push_str("\n## Arrival processes\n\nThe key of `arrival = { KEY = … }`.\n");
    for kind in arrival::REGISTRY {
        let _ = write!(page, "\n### `{}`\n\n{}", kind.name, kind.about);
        if let Some(bare) = kind.bare {
            let _ = write!(
                page,
                " `{{ {0} = VALUE }}` is short for `{{ {0} = {{ {bare} = VALUE }} }}`.",
                kind.name
            );
        }
        settings(page, kind.settings);
    }
}

fn faults(page: &mut String) {
    page.push_str("\n## Faults\n\nEach has these keys beside those of `[[fault]]`.\n");
    for kind in fault::REGISTRY {
        let _ = write!(page, "\n### `{}`\n\n{}", kind.name, kind.about);
        if kind.embedded_only {
            page.push_str(" Only on the embedded stack.");
        }
        settings(page, kind.settings);
    }
}

fn settings(page: &mut String, settings: &[Setting]) {
    page.push('\n');
    if settings.is_empty() {
        return;
    }
    page.push_str("\n| key | takes | left out | what it does |\n|---|---|---|---|\n");
    for setting in settings {
        setting_row(page, setting);
    }
}

fn mutations(page: &mut String) {
    page.push_str(
        "\n## Mutations\n\nWhat a correct gateway answers: *in* is that it lets the user in, as \
         that user.\n\n| name | defect | right answer | why |\n|---|---|---|---|\n",
    );
    for kind in mutation::REGISTRY {
        let answer = match kind.expectation {
            Expectation::Accept => "*in*".to_owned(),
            Expectation::Reject(classes) => {
                classes.iter().map(|class| code(class.name())).collect::<Vec<_>>().join(" or ")
            }
        };
        row(page, &[&code(kind.name), kind.about, &answer, kind.source]);
    }
}
