//! How the sync is set up, and how it can be disturbed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How changes travel from primary to replica when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncPlan {
    /// What starts a round.
    pub trigger: Trigger,
    /// From a change's acknowledgement to its being due.
    pub lag: Duration,
}

/// What starts a round of the pump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The clock, each time this long has gone by. Not zero.
    Interval(Duration),
    /// A change that is due.
    Event,
}

impl Default for SyncPlan {
    fn default() -> Self {
        Self { trigger: Trigger::Interval(Duration::from_millis(20)), lag: Duration::ZERO }
    }
}

/// What is wrong with the sync for a while. The default is: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Disturbance {
    /// Changes are due this many milliseconds later than otherwise; up to a day.
    pub lag_ms: u64,
    /// Nothing is carried over.
    pub pause: bool,
    /// Share of changes that are lost, 0 to 1.
    pub drop: f64,
    /// Share of changes that are carried over once more in the next round, 0 to 1.
    pub duplicate: f64,
    /// Share of changes that wait until the next change has overtaken them, a second at most;
    /// 0 to 1.
    pub reorder: f64,
}

/// A setting of a disturbance that makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{key} is {found}; allowed is {allowed}")]
pub struct Unreasonable {
    /// The setting.
    pub key: &'static str,
    /// Its value.
    pub found: String,
    /// What it may be.
    pub allowed: &'static str,
}

/// Longest added lag: a day.
const LONGEST_LAG_MS: u64 = 86_400_000;
/// Longest lease: thirty days, which is also the longest time that a scenario can name.
pub(super) const LONGEST_LEASE_MS: u64 = 30 * 86_400_000;

impl Disturbance {
    /// Checks every setting against its range.
    pub fn check(&self) -> Result<(), Unreasonable> {
        let shares =
            [("drop", self.drop), ("duplicate", self.duplicate), ("reorder", self.reorder)];
        for (key, share) in shares {
            if !(0.0..=1.0).contains(&share) {
                let found = share.to_string();
                return Err(Unreasonable { key, found, allowed: "0 to 1" });
            }
        }
        if self.lag_ms > LONGEST_LAG_MS {
            let found = self.lag_ms.to_string();
            return Err(Unreasonable { key: "lag_ms", found, allowed: "0 to 86400000, a day" });
        }
        Ok(())
    }

    /// The added lag.
    pub(super) fn lag(&self) -> Duration {
        Duration::from_millis(self.lag_ms)
    }
}
