//! How a run ended, as a process exit code. One enum, one exhaustive mapping.

/// How a run, or another subcommand, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Ran, valid, all thresholds hold.
    Passed,
    /// A threshold does not hold.
    ThresholdMissed,
    /// The command line or the scenario is wrong.
    BadInput,
    /// The run could not be carried out.
    NotCarriedOut,
    /// The measurement proves nothing: the generator was behind, a fault without a hit, mostly grey.
    Invalid,
    /// Something could not be undone; the journal says what.
    NotUndone,
    /// Interrupted; everything undone.
    Interrupted,
}

impl Exit {
    /// The exit code of the process.
    pub const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::ThresholdMissed => 1,
            Self::BadInput => 2,
            Self::NotCarriedOut => 3,
            Self::Invalid => 4,
            Self::NotUndone => 5,
            Self::Interrupted => 130,
        }
    }
}

/// What decides how a run ended.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a finding of its own; none excludes another"
)]
pub struct Findings {
    /// A signal ended it.
    pub interrupted: bool,
    /// Something could not be undone.
    pub not_undone: bool,
    /// It proves nothing.
    pub invalid: bool,
    /// A threshold does not hold.
    pub missed: bool,
}

impl From<Findings> for Exit {
    /// What needs a person's hand first comes first; what was measured invalidly is never a mere
    /// miss, because a miss would be believed.
    fn from(found: Findings) -> Self {
        match found {
            Findings { not_undone: true, .. } => Self::NotUndone,
            Findings { interrupted: true, .. } => Self::Interrupted,
            Findings { invalid: true, .. } => Self::Invalid,
            Findings { missed: true, .. } => Self::ThresholdMissed,
            _ => Self::Passed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_finding_decides() {
        let all = Findings { interrupted: true, not_undone: true, invalid: true, missed: true };
        assert_eq!(Exit::from(all).code(), 5);
        assert_eq!(Exit::from(Findings { not_undone: false, ..all }).code(), 130);
        assert_eq!(Exit::from(Findings { not_undone: false, interrupted: false, ..all }).code(), 4);
        assert_eq!(Exit::from(Findings { missed: true, ..Findings::default() }).code(), 1);
        assert_eq!(Exit::from(Findings::default()).code(), 0);
    }
}
