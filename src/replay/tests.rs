//! Recordings from file to due requests.

use std::path::Path;
use std::time::Duration;

use super::ReplayPlan;
use super::target::Cleaning;

/// A replay of a file as it was recorded.
pub(super) fn plan(file: &Path) -> ReplayPlan {
    ReplayPlan {
        file: file.to_owned(),
        format: None,
        fields: std::collections::BTreeMap::new(),
        cleaning: Cleaning::default(),
        methods: Vec::new(),
        speed: 1.0,
        repeat: false,
        rate: None,
        window: Duration::from_secs(10),
        survey: None,
    }
}
