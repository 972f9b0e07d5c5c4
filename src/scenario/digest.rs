//! One number for what a scenario comes to, so that two runs can be known to have had the same.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::overrides::Overrides;

/// SHA-256, in hexadecimal, over every settled key in the order of the paths.
///
/// `about` is left out, because it changes nothing; strings from the environment count as they
/// were written, because they may be secret.
pub(super) fn of(settled: &[(String, String)], overrides: &Overrides) -> String {
    let mut lines: Vec<_> = settled
        .iter()
        .filter(|(path, _)| path != "about")
        .map(|(path, value)| (path.as_str(), value.as_str()))
        .collect();
    let scales = [overrides.rate_scale(), overrides.duration_scale()].map(|s| s.to_string());
    lines.push(("--rate-scale", &scales[0]));
    lines.push(("--duration-scale", &scales[1]));
    lines.sort_unstable();
    lines.dedup();
    let mut hasher = Sha256::new();
    for (path, value) in lines {
        // Lengths in front, so that no path and value can pass for another pair.
        hasher.update((path.len() as u64).to_le_bytes());
        hasher.update(path);
        hasher.update((value.len() as u64).to_le_bytes());
        hasher.update(value);
    }
    hasher.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
