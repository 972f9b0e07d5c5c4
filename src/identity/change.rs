//! What can happen to a user, and what it is afterwards.

/// What the primary directory holds of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserState {
    /// No such user.
    Absent,
    /// There, and may come in.
    Live,
    /// There, and must be turned away.
    Disabled,
}

/// A change of one user in the primary directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The user is made.
    Create,
    /// `active` becomes false, which is how most provisioners remove a user (RFC 7644 §3.5.2).
    Disable,
    /// `active` becomes true again.
    Enable,
    /// The user is removed (RFC 7644 §3.6).
    Delete,
    /// A deleted user is made again under the same subject.
    Recreate,
}

impl Change {
    /// What the user is once the change is acknowledged.
    pub fn leads_to(self) -> UserState {
        match self {
            Self::Create | Self::Enable | Self::Recreate => UserState::Live,
            Self::Disable => UserState::Disabled,
            Self::Delete => UserState::Absent,
        }
    }

    /// The name in events and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Delete => "delete",
            Self::Recreate => "recreate",
        }
    }
}
