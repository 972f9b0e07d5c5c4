//! The folder of a cache: who may read it, and how files in it come to be.
//!
//! Folder and files are their owner's alone, and that is checked on the open descriptors each time,
//! not by name. A file is made under its own name and `.part`, which only the holder of its lock
//! writes to, and is renamed when it is whole. So nobody ever sees half a file, two runs that want
//! the same file make it once, and what a killed run left is taken over by the next.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::CacheError;

/// What the name of a file ends in that is not finished.
pub(super) const PART: &str = ".part";
/// Permissions that group and others must not have.
const FOREIGN: u32 = 0o077;
/// How often a lock that somebody holds is tried again.
const RETRY: Duration = Duration::from_millis(100);
/// Longest file that is read whole, in bytes.
const LONGEST: u64 = 1 << 20;

/// An open folder that only its owner can enter.
#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

/// An open regular file that only its owner can read.
#[derive(Debug)]
pub(super) struct PrivateFile(File);

impl PrivateFile {
    pub(super) fn into_file(self) -> File {
        self.0
    }

    /// All of it; an error if it is longer than any key.
    pub(super) fn read(self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.take(LONGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LONGEST {
            return Err(io::Error::other("it is larger than 1 MiB"));
        }
        Ok(bytes)
    }
}

impl Folder {
    /// Opens the folder, and makes it if it is not there (mode 0700). One that is empty is closed
    /// to others.
    pub(super) fn open(path: &Path) -> Result<Self, CacheError> {
        let failed = |doing| move |source: io::Error| CacheError::io(path, doing, source);
        if path.is_file() {
            return Err(CacheError::refused(path, "is a file", "name a folder, or one to be made"));
        }
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed("cannot be made"))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|error| failed("cannot be opened")(error.into()))?;
        let folder = Self { fd, path: path.to_owned() };
        let examine = || rustix::fs::fstat(&folder.fd);
        let examined = failed("cannot be examined");
        let stat = examine().map_err(|error| examined(error.into()))?;
        let mine = stat.st_uid == rustix::process::geteuid().as_raw();
        if mine && stat.st_mode & FOREIGN != 0 && folder.names().map_err(examined)?.is_empty() {
            rustix::fs::fchmod(&folder.fd, Mode::RWXU)
                .map_err(|error| failed("cannot be closed to others")(error.into()))?;
        }
        check(path, &examine().map_err(|error| examined(error.into()))?, "700")?;
        Ok(folder)
    }

    /// Where a file of the folder lies, for messages.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a finished file for reading; `None` if there is none.
    pub(super) fn file(&self, name: &str) -> Result<Option<PrivateFile>, CacheError> {
        let path = self.path_of(name);
        // Not blocking: a pipe in the file's place must be refused, not waited for.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let fd = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(symbolic(&path)),
            Err(error) => return Err(CacheError::io(&path, "cannot be opened", error.into())),
        };
        let stat = rustix::fs::fstat(&fd)
            .map_err(|error| CacheError::io(&path, "cannot be examined", error.into()))?;
        regular(&path, &stat)?;
        check(&path, &stat, "600")?;
        Ok(Some(PrivateFile(File::from(fd))))
    }

    /// Begins a file, empty. Waits while somebody else makes it, and asks `go_on` meanwhile; `None`
    /// if it said no. Whoever waited should look whether the finished file is there now.
    pub(super) fn part(
        &self,
        name: &str,
        mut go_on: impl FnMut() -> bool,
    ) -> Result<Option<Part<'_>>, CacheError> {
        let part = format!("{name}{PART}");
        let path = self.path_of(&part);
        let failed = |doing| {
            let path = &path;
            move |error: Errno| match error {
                Errno::LOOP => symbolic(path),
                error => CacheError::io(path, doing, error.into()),
            }
        };
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mode = Mode::RUSR | Mode::WUSR;
        loop {
            let fd = rustix::fs::openat(&self.fd, &*part, flags, mode)
                .map_err(failed("cannot be made"))?;
            let stat = rustix::fs::fstat(&fd).map_err(failed("cannot be examined"))?;
            regular(&path, &stat)?;
            check(&path, &stat, "600")?;
            loop {
                match rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
                    Ok(()) => break,
                    Err(Errno::WOULDBLOCK | Errno::INTR) => {}
                    Err(error) => return Err(failed("cannot be locked")(error)),
                }
                if !go_on() {
                    return Ok(None);
                }
                std::thread::sleep(RETRY);
            }
            // Whoever held the lock may have finished the file: then the name is free, or
            // another file's, and what is locked here must not be written to any more.
            if self.leads_to(&part, &fd) {
                let file = File::from(fd);
                file.set_len(0).map_err(|error| CacheError::io(&path, "cannot be cut", error))?;
                return Ok(Some(Part { folder: self, name: part, file, kept: false }));
            }
        }
    }

    /// Makes a small file that is not there yet.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), CacheError> {
        let Some(mut part) = self.part(name, || true)? else { return Ok(()) };
        if self.file(name)?.is_some() {
            return Ok(());
        }
        part.file
            .write_all(text.as_bytes())
            .map_err(|error| CacheError::io(&self.path_of(name), "cannot be written", error))?;
        part.keep(name)
    }

    /// The names in it.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Removes a file that was begun by somebody who is gone: nobody holds its lock.
    pub(super) fn remove_abandoned(&self, name: &str) {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let Ok(fd) = rustix::fs::openat(&self.fd, name, flags, Mode::empty()) else { return };
        let locked = rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive).is_ok();
        // Whoever begins it at this moment, and has not locked it yet, finds its name gone.
        if locked && self.leads_to(name, &fd) {
            let _ = self.remove(name);
        }
    }

    /// Whether a name of the folder is, at this moment, that of the open file.
    fn leads_to(&self, name: &str, fd: &OwnedFd) -> bool {
        let named = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW);
        let open = rustix::fs::fstat(fd);
        matches!((named, open), (Ok(a), Ok(b)) if (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino))
    }

    /// Removes a file; whoever has mapped it keeps what it holds.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }
}

/// A file under way. Removed when it is dropped before it was kept.
#[derive(Debug)]
pub(super) struct Part<'a> {
    folder: &'a Folder,
    name: String,
    pub(super) file: File,
    kept: bool,
}

impl Part<'_> {
    /// Where it lies, for messages.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path_of(&self.name)
    }

    /// Gives the file its name, once all of it is on the disk.
    pub(super) fn keep(mut self, name: &str) -> Result<(), CacheError> {
        let failed = |error| CacheError::io(&self.folder.path_of(name), "cannot be kept", error);
        self.file.sync_all().map_err(failed)?;
        let folder = &self.folder.fd;
        rustix::fs::renameat(folder, &*self.name, folder, name)
            .map_err(|error| failed(error.into()))?;
        self.kept = true;
        // The name matters less than the content: without it, tokens are minted again.
        let _ = rustix::fs::fsync(folder);
        Ok(())
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // What stays is taken over by whoever begins the file next.
            let _ = self.folder.remove(&self.name);
        }
    }
}

fn symbolic(path: &Path) -> CacheError {
    let found = "is a symbolic link, which may lead anywhere";
    CacheError::refused(path, found, format!("remove it: rm {}", path.display()))
}

fn regular(path: &Path, stat: &Stat) -> Result<(), CacheError> {
    if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
        return Ok(());
    }
    Err(CacheError::refused(path, "is no regular file", "remove it, or name another folder"))
}

/// Whether what is open is this user's, and nobody else's.
fn check(path: &Path, stat: &Stat, mode: &str) -> Result<(), CacheError> {
    let me = rustix::process::geteuid().as_raw();
    if stat.st_uid != me {
        let found = format!("belongs to user {} and this is user {me}", stat.st_uid);
        return Err(CacheError::refused(path, found, "name a folder of your own"));
    }
    let found = stat.st_mode & 0o777;
    if found & FOREIGN != 0 {
        let found = format!("has mode {found:04o}, so others may reach the tokens in it");
        let help = format!("if nobody has: chmod {mode} {}", path.display());
        return Err(CacheError::refused(path, found, help));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_somebody_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut stat = rustix::fs::stat(folder.path()).unwrap();
        stat.st_mode &= !FOREIGN;
        assert!(check(folder.path(), &stat, "700").is_ok());
        stat.st_uid += 1;
        let error = check(folder.path(), &stat, "700").unwrap_err().to_string();
        assert!(error.contains(&format!("belongs to user {}", stat.st_uid)), "{error}");
    }
}
