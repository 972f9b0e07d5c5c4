//! The key `token.source`: tokens that people bring, and what that rules out.

use std::sync::Arc;
use std::time::Duration;

use super::timeline::Placed;
use crate::clock::unix_now;
use crate::fault::Action;
use crate::identity::Change;
use crate::population::{ListedSubjects, PopulationPlan, SubjectScheme};
use crate::scenario::node::Content;
use crate::scenario::read::{Reader, TableAt};
use crate::scenario::tables::{MUTATION, POPULATION, TARGET, TOKEN};
use crate::setting::{Kind, Setting};
use crate::token::{BroughtError, BroughtTokens, KeySource, Span, TokenPlan, TokenSource};
use crate::units::grouped;

/// The key of the table that `source` takes.
pub(in crate::scenario) const FILE: Setting = Setting::required(
    "file",
    Kind::Text,
    "A file with one token a line, relative to the scenario; the n-th token is the n-th user's.",
);

/// Seconds beyond the load that tokens should last: users are made before it.
const MARGIN: u64 = 60;

/// Reads the tokens of a scenario that brings them. The population becomes theirs.
pub(super) fn source(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    population: &mut PopulationPlan,
    length: Duration,
) -> TokenSource {
    let users = super::section(reader, root, &POPULATION);
    let wanted = users.get("users").is_some().then_some(population.users);
    let Some(tokens) = read(reader, root, wanted, length) else { return TokenSource::Minted };
    if users.get("subject").is_some() {
        let message = "subjects are those of the tokens that `token.source` brings; leave it out";
        reader.reject(&users, "subject", message);
    }
    if wanted.is_none() {
        let path = users.path_of("users");
        reader.settled.retain(|(settled, _)| *settled != path);
        reader.settle(path, tokens.len().to_string());
    } else if population.users > tokens.len() {
        let message = format!(
            "found {}; {} has {} tokens, one for each user",
            grouped(u64::from(population.users)),
            tokens.path().display(),
            grouped(u64::from(tokens.len())),
        );
        reader.reject(&users, "users", message);
    }
    population.users = tokens.len();
    population.scheme = SubjectScheme::Listed(ListedSubjects(tokens.clone()));
    TokenSource::Brought(tokens)
}

fn read(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    most: Option<u32>,
    length: Duration,
) -> Option<Arc<BroughtTokens>> {
    let token = super::section(reader, root, &TOKEN);
    let node = super::formed_key(reader, &token, &TOKEN, "source")?;
    let table = reader.table(&node)?;
    reader.only_known(&table, &[FILE.key]);
    let file = reader.settings(&table, [&FILE]).text(FILE.key)?;
    let Some(folder) = reader.folder else {
        let message = "tokens are read only for a scenario that is a file itself";
        reader.reject(&table, FILE.key, message);
        return None;
    };
    let now = unix_now();
    let end = now.saturating_add(length.as_secs()).saturating_add(MARGIN);
    match BroughtTokens::read(&folder.join(file), most, Span { now, end }) {
        Ok(tokens) => Some(Arc::new(tokens)),
        Err(BroughtError::Lines(wrong)) => {
            let lines = if wrong.count == 1 { "line" } else { "lines" };
            let count = grouped(wrong.count);
            let message = format!("{count} {lines} of {} cannot be used", wrong.path.display());
            // Below the mark that help begins with, and as far to the right.
            let help = wrong.to_string().replace('\n', "\n     ");
            let place = table.place_of(FILE.key);
            reader.problems.add_with_help(place, &table.path_of(FILE.key), message, help);
            None
        }
        Err(error) => {
            reader.reject(&table, FILE.key, error.to_string());
            None
        }
    }
}

/// Records what tokens that people bring do not allow.
pub(super) fn check(
    reader: &mut Reader<'_>,
    root: &TableAt<'_>,
    token: &TokenPlan,
    faults: &[Placed<'_>],
    embedded: bool,
) {
    let TokenSource::Brought(tokens) = &token.source else { return };
    let table = super::section(reader, root, &TOKEN);
    let key_known = matches!(token.key, KeySource::File(_));
    if embedded {
        let message = match (tokens.have_subjects(), key_known) {
            (false, _) => Some(
                "the tokens are no JWTs with a `sub`, which is all that the embedded stack's \
                 gateway takes; give a `[target]`",
            ),
            (true, false) => Some(
                "the embedded stack verifies tokens, so it must know who signed them; give the \
                 private key as `key` in `[token]`, or a `[target]`",
            ),
            (true, true) => None,
        };
        if let Some(message) = message {
            reader.reject(&table, "source", message);
        }
    } else if !tokens.have_subjects() {
        nameless(reader, root);
    }
    let remedy = match (key_known, tokens.have_subjects()) {
        (true, true) => None,
        (false, true) => {
            Some("needs the key that signed the tokens; give it as `key` in `[token]`")
        }
        (_, false) => Some("needs JWTs with a `sub`, which the tokens are not; leave it out"),
    };
    if let Some(remedy) = remedy {
        for mutation in super::sections(reader, &table, &MUTATION) {
            let message = format!("a token with a defect is made anew, which {remedy}");
            reader.reject(&mutation, "kind", message);
        }
    }
    for fault in faults {
        let name = fault.kind.name;
        let message = match (&fault.plan.action, remedy) {
            (Action::Mutate { .. }, Some(remedy)) => {
                format!("{name} makes tokens with defects, which {remedy}")
            }
            (Action::Churn { .. } | Action::ChangeUsers { change: Change::Create, .. }, _) => {
                format!("{name} makes new users, for whom `token.source` brings no tokens")
            }
            _ => continue,
        };
        reader.reject(&fault.table, "kind", message);
    }
}

/// Whether nobody knows whose the tokens are.
pub(super) fn is_nameless(source: &TokenSource) -> bool {
    matches!(source, TokenSource::Brought(tokens) if !tokens.have_subjects())
}

/// Records what cannot be where nobody knows whose a token is.
fn nameless(reader: &mut Reader<'_>, root: &TableAt<'_>) {
    let table = super::section(reader, root, &TARGET);
    let whose = "the tokens have no `sub`, so it is not known whose they are";
    for (key, what) in
        [("identity", "an answer proves nothing"), ("scim", "no user can be made or changed")]
    {
        let is_none = |content: &Content| matches!(content, Content::Text(text) if text == "none");
        if table.get(key).is_some_and(|entry| !is_none(&entry.node.content)) {
            reader.reject(&table, key, format!("{whose}, and {what}; leave it out"));
        }
    }
}

/// What is worth knowing before tokens that people bring are sent.
pub(super) fn warnings(source: &TokenSource) -> Vec<String> {
    let TokenSource::Brought(tokens) = source else { return Vec::new() };
    let (all, path) = (grouped(u64::from(tokens.len())), tokens.path().display());
    let expired = u64::from(tokens.expired());
    let ending = tokens.ending().len() as u64 - expired;
    let told = [
        (expired, "have expired, so a gateway must turn them away"),
        (ending, "expire before the run has ended, and a gateway must turn them away from then on"),
    ];
    let told = told.into_iter().filter(|(count, _)| *count > 0);
    told.map(|(count, what)| format!("{} of the {all} tokens of {path} {what}", grouped(count)))
        .collect()
}
