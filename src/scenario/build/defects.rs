//! Names of mutations, held against the registry and against the population that carries them.

use crate::diagnostic::nearest;
use crate::identity::UserIndex;
use crate::population::{Popularity, Population, PopulationPlan};
use crate::scenario::node::Node;
use crate::scenario::read::Reader;
use crate::seed::Seed;
use crate::token::mutation::{self, MutationKind};

/// Users that a defect is tried on before it is taken to change nothing in this population.
const TRIES: u32 = 16;

/// The defects that a population can carry.
pub(super) struct Defects {
    subjects: Vec<String>,
}

impl Defects {
    pub fn of(plan: &PopulationPlan, seed: Seed) -> Self {
        // Who is popular has no bearing on how subjects are spelt.
        let plan = PopulationPlan { popularity: Popularity::Uniform, ..plan.clone() };
        let population = Population::new(&plan, seed);
        let users = 0..plan.users.clamp(1, TRIES);
        Self { subjects: users.map(|user| population.subject(UserIndex(user))).collect() }
    }

    fn can_carry(&self, kind: &MutationKind) -> bool {
        self.subjects.iter().any(|subject| kind.applies(subject))
    }

    /// Every kind that concerns `sub` and changes something in this population.
    pub fn of_subjects(&self) -> Vec<String> {
        mutation::REGISTRY
            .iter()
            .filter(|kind| kind.name.starts_with("sub-") && self.can_carry(kind))
            .map(|kind| kind.name.to_owned())
            .collect()
    }

    /// The node as the name of a mutation that the population can carry; anything else is recorded.
    pub fn read(&self, reader: &mut Reader<'_>, node: &Node) -> Option<String> {
        let known = mutation::REGISTRY.iter().map(|kind| (kind.name, *kind));
        let kind = super::registered(reader, node, "mutation", "mutations", known)?;
        if !self.can_carry(kind) {
            let subject = self.subjects.first().map_or("", String::as_str);
            let message =
                format!("{} changes nothing in a subject such as \"{subject}\"", kind.name);
            let help = "choose another mutation, or another `subject` in `[population]`";
            reader.problems.add_with_help(&node.place, &node.path, message, help);
            return None;
        }
        Some(kind.name.to_owned())
    }

    /// Records the names of a list that are no mutations. The list itself has been read.
    pub fn check_list(&self, reader: &mut Reader<'_>, nodes: &[Node]) {
        for node in nodes {
            let settled = reader.settled.len();
            self.read(reader, node);
            // The list is settled as a whole.
            reader.settled.truncate(settled);
        }
    }
}

/// The candidate that was most likely meant, as a help line.
pub(super) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, known).map(|near| format!("did you mean \"{near}\"?"))
}
