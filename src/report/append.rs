//! Files that grow while a run goes, and errors that say which file and what to do.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// A file that only ever grows by whole records.
///
/// Each record reaches the operating system at once, so that it outlives this process; it is not
/// forced to the disk. A record that could not be written whole is taken back, so that what was
/// written before stays readable.
#[derive(Debug)]
pub struct AppendFile {
    file: File,
    path: PathBuf,
    length: u64,
}

impl AppendFile {
    /// A new file; an existing one is an error.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(path)
            .map_err(|error| explain(&error, "create", path))?;
        Ok(Self { file, path: path.to_owned(), length: 0 })
    }

    /// Adds one record.
    pub fn append(&mut self, record: &[u8]) -> io::Result<()> {
        match self.file.write_all(record) {
            Ok(()) => {
                self.length += record.len() as u64;
                Ok(())
            }
            Err(error) => {
                // The first error is the one that matters.
                let _ = self.file.set_len(self.length);
                Err(explain(&error, "write", &self.path))
            }
        }
    }
}

/// Replaces a file by `text` in one step: a reader, or a crash, meets the old one or the new one.
pub fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let write = || {
        std::fs::write(&temporary, text)?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        // The old file is still whole; half a new one helps nobody.
        let _ = std::fs::remove_file(&temporary);
        explain(&error, "write", path)
    })
}

/// The same error with what was tried, where, and what to do about it.
pub fn explain(error: &io::Error, tried: &str, path: &Path) -> io::Error {
    let advice = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "; what was written so far stays readable. Free some space, or choose another disk \
             with --out"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "; choose a folder that you may write to with --out"
        }
        ErrorKind::NotADirectory => "; a part of the path is a file. Choose another with --out",
        _ => "",
    };
    let text = format!("cannot {tried} {}: {error}{advice}", path.display());
    io::Error::new(error.kind(), Explained { text, code: error.raw_os_error() })
}

/// An error in words, with the system's code for it.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Explained {
    text: String,
    code: Option<i32>,
}

/// Whether the process, or the machine, had no file descriptor left.
pub fn lacks_descriptor(error: &io::Error) -> bool {
    let explained = error.get_ref().and_then(|inner| inner.downcast_ref::<Explained>());
    let code = explained.map_or(error.raw_os_error(), |explained| explained.code);
    [Errno::MFILE, Errno::NFILE].iter().any(|lacking| code == Some(lacking.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_there_as_soon_as_they_are_appended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut file = AppendFile::create(&path).unwrap();
        file.append(b"one\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\n");
        file.append(b"two\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\n");
        assert_eq!(AppendFile::create(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_full_disk_is_an_error_that_says_what_to_do() {
        // `/dev/full` refuses every byte, as a full disk does.
        let path = Path::new("/dev/full");
        let Ok(file) = OpenOptions::new().append(true).open(path) else { return };
        let mut full = AppendFile { file, path: path.to_owned(), length: 0 };
        let error = full.append(b"x\n").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        let text = error.to_string();
        assert!(text.contains("cannot write /dev/full") && text.contains("--out"), "{text}");
    }

    #[test]
    fn replacing_leaves_no_temporary_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        replace(&path, b"1").unwrap();
        replace(&path, b"2").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"2");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let error = replace(&folder.path().join("no/run.json"), b"").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_lack_of_descriptors_is_known_also_when_explained() {
        let lacking = io::Error::from_raw_os_error(Errno::MFILE.raw_os_error());
        let explained = explain(&lacking, "write", Path::new("run.json"));
        assert!(lacks_descriptor(&lacking) && lacks_descriptor(&explained));
        assert!(explained.to_string().starts_with("cannot write run.json: Too many open files"));
        assert!(!lacks_descriptor(&io::Error::from(ErrorKind::StorageFull)));
    }
}
