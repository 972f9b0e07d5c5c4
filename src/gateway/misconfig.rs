//! A wrong configuration, for a while: what an operator's mistake does to requests.
//!
//! It reverts by itself. Every request compares the time with the end, so no controller and no
//! timer has to live for it to end.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde::{Deserialize, Serialize};

use crate::clock::Tick;

/// The longest time for which a mistake can be ordered: thirty days, the longest that a scenario
/// can name.
pub const MAX_TTL: Duration = Duration::from_secs(30 * 86_400);

/// The mistakes, each in place of a policy or an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mistakes {
    /// The claim that names the user.
    pub claim: Option<String>,
    /// What is put before the claim's value.
    pub prefix: Option<String>,
    /// Lower-case the claim's value.
    pub lower_case: bool,
    /// Ask the wrong directory.
    pub wrong_directory: bool,
}

/// The place where mistakes are put.
#[derive(Debug, Default)]
pub struct Misconfig(ArcSwapOption<(Mistakes, Tick)>);

impl Misconfig {
    /// Makes these mistakes until then.
    pub fn set(&self, mistakes: Mistakes, until: Tick) {
        self.0.store(Some(Arc::new((mistakes, until))));
    }

    /// Ends all mistakes.
    pub fn clear(&self) {
        self.0.store(None);
    }

    /// The mistakes in force at `now`.
    pub fn at(&self, now: Tick) -> Option<Arc<(Mistakes, Tick)>> {
        self.0.load_full().filter(|lease| now < lease.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_end_by_themselves() {
        let misconfig = Misconfig::default();
        let until = Tick::from_micros(10);
        assert!(misconfig.at(Tick::ZERO).is_none());
        misconfig.set(Mistakes { lower_case: true, ..Mistakes::default() }, until);
        assert!(misconfig.at(Tick::from_micros(9)).is_some_and(|lease| lease.0.lower_case));
        assert!(misconfig.at(until).is_none());
        misconfig.clear();
        assert!(misconfig.at(Tick::ZERO).is_none());
    }
}
