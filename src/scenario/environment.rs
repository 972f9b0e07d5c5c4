//! `${NAME}` in strings: values that come from the environment, so that secrets stay out of files.

/// Looks a variable up.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The text with each `${NAME}` replaced; `$${` stands for `${`. The error says what is wrong.
pub(super) fn expand(text: &str, environment: Environment<'_>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$${") {
            out.push_str("${");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("${") {
            let (name, tail) =
                after.split_once('}').ok_or("`${` without a closing brace; `$${` means it")?;
            out.push_str(&value(name, environment)?);
            rest = tail;
        } else {
            out.push('$');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether the text takes anything from the environment.
pub(super) fn mentions(text: &str) -> bool {
    text.replace("$${", "").contains("${")
}

fn value(name: &str, environment: Environment<'_>) -> Result<String, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || !name.chars().all(legal) {
        return Err(format!(
            "`${{{}}}` names no environment variable; names are letters, digits and `_`",
            super::node::abridged(name)
        ));
    }
    environment(name).ok_or_else(|| format!("the environment variable {name} is not set"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_home(text: &str) -> Result<String, String> {
        expand(text, &|name| (name == "HOME_1").then(|| "h${X}".to_owned()))
    }

    #[test]
    fn replaces_once_and_escapes() {
        assert_eq!(with_home("a${HOME_1}b").unwrap(), "ah${X}b");
        assert_eq!(with_home("$${HOME_1} $5 $").unwrap(), "${HOME_1} $5 $");
        assert_eq!(with_home("é$é").unwrap(), "é$é");
        assert!(mentions("x${A}") && !mentions("x$${A}") && !mentions("$A"));
    }

    #[test]
    fn says_what_is_unset_unclosed_or_no_name() {
        assert!(with_home("${NOWHERE}").unwrap_err().contains("NOWHERE is not set"));
        assert!(with_home("${HOME_1").unwrap_err().contains("closing brace"));
        for text in ["${}", "${a b}", "${1A}"] {
            assert!(with_home(text).unwrap_err().contains("names no"), "{text}");
        }
    }
}
