//! The table `[population]`.

use crate::population::{Popularity, PopulationPlan, SubjectScheme};
use crate::scenario::node::{Content, Node, abridged};
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::POPULATION;
use crate::setting::{Kind, Setting};

/// The key of a Zipf popularity.
pub(in crate::scenario) const ZIPF: Setting = Setting::required(
    "zipf",
    Kind::Number { min: 0.01, max: 5.0 },
    "The exponent: the k-th most popular user is chosen in proportion to k^-exponent.",
);

/// Longest prefix of a subject, in bytes.
const LONGEST_PREFIX: usize = 64;

/// The population; spare users are counted later, from the faults.
pub(super) fn population(reader: &mut Reader<'_>, root: &TableAt<'_>) -> PopulationPlan {
    let table = super::section(reader, root, &POPULATION);
    let settings = super::read(reader, &table, &POPULATION);
    let subject = settings.text("subject").unwrap_or_default();
    let scheme = scheme(&subject).unwrap_or_else(|message| {
        reader.reject(&table, "subject", message);
        SubjectScheme::UuidV4
    });
    let popularity = super::formed_key(reader, &table, &POPULATION, "popularity")
        .and_then(|node| popularity(reader, &node))
        .unwrap_or(Popularity::Uniform);
    let users = settings.count("users").and_then(|users| u32::try_from(users).ok()).unwrap_or(1);
    PopulationPlan { users, spare: 0, scheme, popularity }
}

fn scheme(text: &str) -> Result<SubjectScheme, String> {
    Ok(match text {
        "uuid" | "uuid-v4" => SubjectScheme::UuidV4,
        "uuid-v7" => SubjectScheme::UuidV7,
        "integer" => SubjectScheme::Integer,
        "email" => SubjectScheme::Email,
        "opaque" => SubjectScheme::Opaque,
        _ => {
            let prefix = text.strip_prefix("prefixed:").ok_or_else(|| {
                format!(
                    "found \"{}\"; expected uuid, uuid-v7, integer, email, opaque, or prefixed: \
                     and a prefix",
                    abridged(text)
                )
            })?;
            if prefix.is_empty()
                || prefix.len() > LONGEST_PREFIX
                || prefix.chars().any(char::is_control)
            {
                return Err(format!(
                    "a prefix has 1 to {LONGEST_PREFIX} bytes and no control characters, such as \
                     prefixed:usr_"
                ));
            }
            SubjectScheme::Prefixed(prefix.to_owned())
        }
    })
}

fn popularity(reader: &mut Reader<'_>, node: &Node) -> Option<Popularity> {
    if let Content::Table(_) = node.content {
        let table = reader.table(node)?;
        reader.only_known(&table, &[ZIPF.key]);
        let exponent = reader.settings(&table, [&ZIPF]).number(ZIPF.key)?;
        return Some(Popularity::Zipf { exponent });
    }
    if let Content::Text(text) = &node.content
        && text == "uniform"
    {
        reader.settle(node.path.clone(), text.clone());
        return Some(Popularity::Uniform);
    }
    reader.wrong_type(node, "\"uniform\" or a table such as { zipf = 1.1 }");
    None
}
