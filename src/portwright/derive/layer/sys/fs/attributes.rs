//! What a file's status says: kind, size, permissions, times.

use super::not_offered;
use crate::fmt;
use crate::io;
use crate::sys::pal::abi::{self, EntryKind, stat};
use crate::sys::pal::files::Status;
use crate::sys::pal::properties::Times;
use crate::sys::time::SystemTime;

const WRITE_BITS: u32 = 0o222;
const MODE_BITS: u32 = 0o7777;

#[derive(Clone)]
pub struct FileAttr(Status);

impl FileAttr {
    pub fn new(status: Status) -> FileAttr {
        FileAttr(status)
    }

    /// The status as the system wrote it.
    pub fn status(&self) -> &Status {
        &self.0
    }

    fn mode(&self) -> u32 {
        self.0.field(stat::ST_MODE) as u32
    }

    fn time(&self, seconds: Option<abi::Field>, nanoseconds: Option<abi::Field>) -> Option<SystemTime> {
        self.0.optional(seconds).map(|seconds| SystemTime::new(seconds, self.0.field(nanoseconds)))
    }

    pub fn size(&self) -> u64 {
        self.0.field(stat::ST_SIZE) as u64
    }

    pub fn perm(&self) -> FilePermissions {
        FilePermissions { mode: self.mode() }
    }

    pub fn file_type(&self) -> FileType {
        FileType::of_mode(self.mode())
    }

    pub fn modified(&self) -> io::Result<SystemTime> {
        self.time(stat::ST_MTIME, stat::ST_MTIME_NSEC).map_or_else(|| not_offered!("st_mtime"), Ok)
    }

    pub fn accessed(&self) -> io::Result<SystemTime> {
        self.time(stat::ST_ATIME, stat::ST_ATIME_NSEC).map_or_else(|| not_offered!("st_atime"), Ok)
    }

    pub fn created(&self) -> io::Result<SystemTime> {
        self.time(stat::ST_BIRTHTIME, stat::ST_BIRTHTIME_NSEC)
            .map_or_else(|| not_offered!("st_birthtime"), Ok)
    }
}

/// A file's mode as the system gave it, the kind of file with it.
#[derive(Clone, PartialEq, Eq)]
pub struct FilePermissions {
    mode: u32,
}

impl FilePermissions {
    pub fn of_mode(mode: u32) -> FilePermissions {
        FilePermissions { mode }
    }

    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// What can be changed of the mode, as operations take it.
    pub(super) fn bits(&self) -> usize {
        (self.mode & MODE_BITS) as usize
    }

    pub fn readonly(&self) -> bool {
        self.mode & WRITE_BITS == 0
    }

    pub fn set_readonly(&mut self, readonly: bool) {
        if readonly {
            self.mode &= !WRITE_BITS;
        } else {
            self.mode |= WRITE_BITS;
        }
    }
}

impl fmt::Debug for FilePermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilePermissions").field("mode", &format_args!("{:#o}", self.mode)).finish()
    }
}

/// The times to be set; a time that is not given stays as it is.
#[derive(Copy, Clone, Debug, Default)]
pub struct FileTimes {
    accessed: Option<SystemTime>,
    modified: Option<SystemTime>,
}

impl FileTimes {
    pub fn set_accessed(&mut self, time: SystemTime) {
        self.accessed = Some(time);
    }

    pub fn set_modified(&mut self, time: SystemTime) {
        self.modified = Some(time);
    }

    /// The system's struct, or nothing for a call that is not `offered`, which will say so. Where the system cannot
    /// leave a time as it is, it is set to what `now` tells.
    pub(super) fn made(
        mut self,
        offered: bool,
        now: impl FnOnce() -> io::Result<FileAttr>,
    ) -> io::Result<Times> {
        if !offered {
            return Ok(Times::none());
        }
        if (self.accessed.is_none() || self.modified.is_none()) && abi::UTIME_OMIT.value.is_none() {
            let now = now()?;
            self.accessed = Some(self.accessed.map_or_else(|| now.accessed(), Ok)?);
            self.modified = Some(self.modified.map_or_else(|| now.modified(), Ok)?);
        }
        let moment = |time: SystemTime| time.parts();
        Ok(Times::new(self.accessed.map(moment), self.modified.map(moment))?)
    }
}

#[derive(Copy, Clone, PartialEq, Eq, Hash)]
pub struct FileType(EntryKind);

impl FileType {
    fn of_mode(mode: u32) -> FileType {
        let bits = mode as usize & abi::S_IFMT.or_none();
        let kinds = [
            (abi::S_IFREG, EntryKind::File),
            (abi::S_IFDIR, EntryKind::Directory),
            (abi::S_IFLNK, EntryKind::Symlink),
            (abi::S_IFCHR, EntryKind::CharDevice),
            (abi::S_IFBLK, EntryKind::BlockDevice),
            (abi::S_IFIFO, EntryKind::Pipe),
            (abi::S_IFSOCK, EntryKind::Socket),
        ];
        let found = kinds.into_iter().find(|(constant, _)| constant.value == Some(bits));
        FileType(found.map_or(EntryKind::Other, |(_, kind)| kind))
    }

    pub fn of_entry(kind: EntryKind) -> FileType {
        FileType(kind)
    }

    pub fn is(&self, kind: EntryKind) -> bool {
        self.0 == kind
    }

    pub fn is_dir(&self) -> bool {
        self.is(EntryKind::Directory)
    }

    pub fn is_file(&self) -> bool {
        self.is(EntryKind::File)
    }

    pub fn is_symlink(&self) -> bool {
        self.is(EntryKind::Symlink)
    }
}

impl fmt::Debug for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FileType").field(&self.0).finish()
    }
}
