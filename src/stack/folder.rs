//! The folder in which a stack keeps its stores.
//!
//! It lies in the system's folder for temporary files, is named after the process that made it,
//! and holds a lock file that this process keeps locked as long as it lives. So a folder whose
//! lock is free, and whose process is not there, was left by a process that was killed.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

const PREFIX: &str = "substorm-stack-";
const LOCK: &str = "lock";

/// A folder of this process, removed when dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder under `parent`, readable by nobody else.
    pub fn create(parent: &Path) -> io::Result<Self> {
        let path = parent.join(format!("{PREFIX}{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path)?;
        let lock = File::create(path.join(LOCK)).and_then(|lock| {
            lock.lock()?;
            Ok(lock)
        });
        match lock {
            Ok(lock) => Ok(Self { path, _lock: lock }),
            Err(error) => {
                drop(fs::remove_dir_all(&path));
                Err(error)
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now is a leftover for the next start.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Removes the folders under `parent` that killed processes of this user left; gives how many.
/// What cannot be read or removed is passed over.
pub fn remove_leftovers(parent: &Path) -> usize {
    let Ok(entries) = fs::read_dir(parent) else {
        return 0;
    };
    let left = entries.flatten().map(|entry| entry.path()).filter(|path| is_leftover(path));
    left.filter(|path| fs::remove_dir_all(path).is_ok()).count()
}

fn is_leftover(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some(pid) = name.strip_prefix(PREFIX).and_then(|pid| pid.parse::<u32>().ok()) else {
        return false;
    };
    let ours = fs::symlink_metadata(path)
        .is_ok_and(|found| found.is_dir() && found.uid() == rustix::process::geteuid().as_raw());
    // The lock tells even where the process is in another PID namespace; the process tells even
    // in the moment before the lock is there.
    ours && !is_running(pid) && lock_is_free(&path.join(LOCK))
}

fn is_running(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

fn lock_is_free(lock: &Path) -> bool {
    match File::open(lock) {
        Ok(file) => !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Larger than any process number that Linux gives (2²²).
    const NOBODY: &str = "substorm-stack-4294967295";

    #[test]
    fn a_folder_goes_with_its_owner() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::create(parent.path()).unwrap();
        fs::write(folder.path().join("users"), "x").unwrap();
        let path = folder.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert_eq!(remove_leftovers(parent.path()), 0, "it is in use");
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn only_what_a_dead_process_left_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let others =
            ["substorm-stack-x", "substorm-stack-", "other-4294967295", "substorm-stack-1"];
        for name in others.iter().chain([&NOBODY]) {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        std::os::unix::fs::symlink("/", parent.path().join("substorm-stack-4294967294")).unwrap();
        assert_eq!(remove_leftovers(parent.path()), 1);
        assert!(!parent.path().join(NOBODY).exists());
        assert!(others.iter().all(|name| parent.path().join(name).exists()));
    }

    #[test]
    fn a_folder_whose_lock_is_held_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join(NOBODY);
        fs::create_dir(&path).unwrap();
        let lock = File::create(path.join(LOCK)).unwrap();
        lock.lock().unwrap();
        assert_eq!(remove_leftovers(parent.path()), 0);
        drop(lock);
        assert_eq!(remove_leftovers(parent.path()), 1);
    }
}
