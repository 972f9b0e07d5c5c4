//! What a run says to GitHub Actions, where it runs in a job: annotations in its output, and the
//! summary of the step.
//!
//! The job is known by `GITHUB_ACTIONS`, the file of the step's summary by `GITHUB_STEP_SUMMARY`.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::report::RunReport;
use crate::report::folder::SUMMARY_MD;
use crate::report::github::annotations;

/// A step's summary may be this long, in bytes; a longer one is refused as a whole.
const LONGEST_SUMMARY: u64 = 1 << 20;

/// Adds the run's `summary.md` to the step's summary and gives the annotations to print; neither
/// outside of a job.
pub fn tell(report: &RunReport, folder: &Path) -> String {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(summary) = set("GITHUB_STEP_SUMMARY").map(PathBuf::from)
        && let Err(error) = append(&folder.join(SUMMARY_MD), &summary)
    {
        super::output::warn(&format!("the step's summary is not written: {error}"));
    }
    match set("GITHUB_ACTIONS") {
        Some(value) if value == "true" => annotations(report),
        _ => String::new(),
    }
}

fn append(from: &Path, to: &Path) -> io::Result<()> {
    let text = std::fs::read_to_string(from)?;
    let mut file = OpenOptions::new().create(true).append(true).open(to)?;
    let length = file.metadata()?.len();
    if length + text.len() as u64 >= LONGEST_SUMMARY {
        return Err(io::Error::other(format!(
            "it would have more than {LONGEST_SUMMARY} bytes, and none of it would be shown"
        )));
    }
    file.write_all(format!("{text}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_added_while_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join(SUMMARY_MD), folder.path().join("step"));
        std::fs::write(&from, "## one\n").unwrap();
        append(&from, &to).unwrap();
        append(&from, &to).unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "## one\n\n## one\n\n");
        std::fs::write(&from, "x".repeat(LONGEST_SUMMARY as usize)).unwrap();
        assert!(append(&from, &to).unwrap_err().to_string().contains("1048576"));
        assert_eq!(std::fs::metadata(&to).unwrap().len(), 16);
    }
}
