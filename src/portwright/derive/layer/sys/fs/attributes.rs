//! What a file's status says: kind, size, permissions, times.

use super::not_offered;
use crate::io::{self, SimpleMessage};
use crate::sys::pal::abi::{self, EntryKind, stat};
use crate::sys::pal::files::Status;
use crate::sys::time::SystemTime;

const WRITE_BITS: u32 = 0o222;

#[derive(Clone)]
pub struct FileAttr {
    size: u64,
    mode: u32,
    accessed: Option<SystemTime>,
    modified: Option<SystemTime>,
    created: Option<SystemTime>,
}

impl FileAttr {
    pub fn new(status: &Status) -> FileAttr {
        let time = |seconds, nanoseconds| {
            status.optional(seconds).map(|seconds| SystemTime::new(seconds, status.field(nanoseconds)))
        };
        FileAttr {
            size: status.field(stat::ST_SIZE) as u64,
            mode: status.field(stat::ST_MODE) as u32,
            accessed: time(stat::ST_ATIME, stat::ST_ATIME_NSEC),
            modified: time(stat::ST_MTIME, stat::ST_MTIME_NSEC),
            created: time(stat::ST_BIRTHTIME, stat::ST_BIRTHTIME_NSEC),
        }
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn perm(&self) -> FilePermissions {
        FilePermissions { mode: self.mode & 0o7777 }
    }

    pub fn file_type(&self) -> FileType {
        FileType::of_mode(self.mode)
    }

    pub fn modified(&self) -> io::Result<SystemTime> {
        self.modified.map_or_else(|| not_offered!("st_mtime"), Ok)
    }

    pub fn accessed(&self) -> io::Result<SystemTime> {
        self.accessed.map_or_else(|| not_offered!("st_atime"), Ok)
    }

    pub fn created(&self) -> io::Result<SystemTime> {
        self.created.map_or_else(|| not_offered!("st_birthtime"), Ok)
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilePermissions {
    mode: u32,
}

impl FilePermissions {
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

/// Times that nothing can set yet: they are kept so that the request can be made and refused.
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
}

#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
enum Kind {
    File,
    Directory,
    Symlink,
    Other,
}

#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct FileType(Kind);

impl FileType {
    fn of_mode(mode: u32) -> FileType {
        let kind = mode as usize & abi::S_IFMT.or_none();
        let is = |constant: abi::Constant| constant.get().is_ok_and(|value| value == kind);
        FileType(if is(abi::S_IFREG) {
            Kind::File
        } else if is(abi::S_IFDIR) {
            Kind::Directory
        } else if is(abi::S_IFLNK) {
            Kind::Symlink
        } else {
            Kind::Other
        })
    }

    pub fn of_entry(kind: EntryKind) -> FileType {
        FileType(match kind {
            EntryKind::File => Kind::File,
            EntryKind::Directory => Kind::Directory,
            EntryKind::Symlink => Kind::Symlink,
            EntryKind::Other => Kind::Other,
        })
    }

    pub fn is_dir(&self) -> bool {
        self.0 == Kind::Directory
    }

    pub fn is_file(&self) -> bool {
        self.0 == Kind::File
    }

    pub fn is_symlink(&self) -> bool {
        self.0 == Kind::Symlink
    }
}
