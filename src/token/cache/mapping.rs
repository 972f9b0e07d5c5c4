//! A file that nobody writes to, mapped into memory. The one place of the project with `unsafe`:
//! a system call for each token takes five times as long as reading it from a map, some 0.7 µs more
//! for each request (`benches/arena.rs` measures it).

use std::fmt;
use std::io;

use memmap2::{Mmap, MmapOptions};

use super::folder::PrivateFile;

/// A mapped file.
pub(in super::super) struct Mapping(Mmap);

impl fmt::Debug for Mapping {
    /// Shows the size, never the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping").field("bytes", &self.0.len()).finish_non_exhaustive()
    }
}

impl Mapping {
    /// Maps a file for reading.
    #[expect(unsafe_code, reason = "mapping a file is unsafe; the proof is below")]
    pub(super) fn of(file: PrivateFile) -> io::Result<Self> {
        let file = file.into_file();
        // SAFETY: the bytes of a map must not change, nor its file become shorter, while slices of
        // it live. Whether they can is decided by who can write to the file:
        //
        // - Nobody else can. A `PrivateFile` is a regular file of this user with no permission for
        //   group and others, in a folder of which the same holds, and was not reached through a
        //   symbolic link. All this was read from the open descriptors, so it holds for this very
        //   file, whatever its name leads to by now.
        // - This program never does. It opens a finished file for reading only; it makes one under
        //   another name, while it holds that file's exclusive lock, gives it its name when it is
        //   whole, and closes it before anybody maps it. A file that replaces another is another
        //   inode: the map keeps the old one. Removing a name leaves the inode alone.
        // - Another program of this same user could, on purpose. It could as well write to this
        //   process's memory through `/proc`, so it stands outside of what can be defended.
        //
        // Content is no part of the argument: a map is only ever read as bytes, by checked slices,
        // after its digest was compared, so any content is as valid as any other.
        let map = unsafe { MmapOptions::new().map(&file)? };
        Ok(Self(map))
    }

    /// What the file holds.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
