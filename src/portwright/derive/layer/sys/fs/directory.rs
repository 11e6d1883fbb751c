//! Directories: making them, and reading their entries in the form that the ledger describes.

use super::{FileAttr, FileType, lstat, with_path};
use crate::ffi::OsString;
use crate::fmt;
use crate::io;
use crate::path::{Path, PathBuf};
use crate::sync::Arc;
use crate::sys::pal::abi::{self, DirectoryForm, EntryKind, stat};
use crate::sys::pal::files::Fd;
use crate::sys::pal::{directories, os_str};

const BUFFER: usize = 8192;

#[derive(Debug)]
pub struct DirBuilder {
    mode: usize,
}

impl DirBuilder {
    pub fn new() -> DirBuilder {
        DirBuilder { mode: 0o777 }
    }

    pub fn set_mode(&mut self, mode: u32) {
        self.mode = mode as usize;
    }

    pub fn mkdir(&self, path: &Path) -> io::Result<()> {
        with_path(path, |path| Ok(directories::create_directory(path, self.mode)?))
    }
}

/// An open directory, closed when dropped.
struct Open(Fd);

impl Drop for Open {
    fn drop(&mut self) {
        // A failure to close cannot be told to anybody.
        let _ = directories::close_directory(self.0);
    }
}

/// Entries of an open directory, one after the other, `.` and `..` too.
pub(super) struct Entries {
    directory: Open,
    buffer: Box<[u8]>,
    /// What of the buffer holds records that have not been given yet.
    at: usize,
    filled: usize,
}

/// What a record says.
pub(super) struct Found {
    pub name: OsString,
    pub kind: Option<EntryKind>,
    pub inode: Option<u64>,
}

impl Entries {
    /// Owns the open directory from now on.
    pub(super) fn new(directory: Fd) -> Entries {
        Entries {
            directory: Open(directory),
            buffer: vec![0; BUFFER].into_boxed_slice(),
            at: 0,
            filled: 0,
        }
    }

    /// The open directory.
    pub(super) fn number(&self) -> Fd {
        self.directory.0
    }

    /// Reads on; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.at = 0;
        self.filled = directories::read_directory(self.directory.0, &mut self.buffer)?;
        Ok(self.filled > 0)
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Found>> {
        match abi::DIRECTORY {
            DirectoryForm::OneName => self.next_name(),
            DirectoryForm::Records(form) => self.next_record(form),
            DirectoryForm::Unknown => crate::sys::pal::unsupported(),
        }
    }

    /// One call, one entry: the name, a NUL, the type in one byte.
    fn next_name(&mut self) -> io::Result<Option<Found>> {
        if !self.fill()? {
            return Ok(None);
        }
        let kind = self.buffer.get(self.filled + 1).and_then(|&byte| abi::entry_kind(byte as i64));
        let name = os_str(&self.buffer[..self.filled]).to_os_string();
        Ok(Some(Found { name, kind, inode: None }))
    }

    /// Records one behind the other, each of which says how long it is.
    fn next_record(&mut self, form: abi::RecordForm) -> io::Result<Option<Found>> {
        if self.at >= self.filled && !self.fill()? {
            return Ok(None);
        }
        let rest = &self.buffer[self.at..self.filled];
        let size = form.length.read(rest).and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let Some(record) = rest.get(..size).filter(|record| record.len() > form.name) else {
            return Err(io::const_error!(
                io::ErrorKind::InvalidData,
                "a directory entry is not as the port's ledger says",
            ));
        };
        self.at += size;
        let bytes = record[form.name..].split(|&byte| byte == 0).next().unwrap_or_default();
        let number = |field: Option<abi::Field>| field.and_then(|field| field.read(record));
        Ok(Some(Found {
            name: os_str(bytes).to_os_string(),
            kind: number(form.kind).and_then(abi::entry_kind),
            inode: number(form.inode).map(|inode| inode as u64),
        }))
    }
}

pub struct ReadDir {
    entries: Entries,
    path: Arc<PathBuf>,
    ended: bool,
}

pub fn readdir(path: &Path) -> io::Result<ReadDir> {
    let fd = with_path(path, |path| Ok(directories::open_directory(path)?))?;
    Ok(ReadDir { entries: Entries::new(fd), path: Arc::new(path.to_path_buf()), ended: false })
}

impl Iterator for ReadDir {
    type Item = io::Result<DirEntry>;

    fn next(&mut self) -> Option<io::Result<DirEntry>> {
        while !self.ended {
            match self.entries.next() {
                Ok(Some(found)) if found.name == "." || found.name == ".." => {}
                Ok(Some(found)) => return Some(Ok(DirEntry { directory: Arc::clone(&self.path), found })),
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.path, f)
    }
}

pub struct DirEntry {
    directory: Arc<PathBuf>,
    found: Found,
}

impl DirEntry {
    pub fn path(&self) -> PathBuf {
        self.directory.join(&self.found.name)
    }

    pub fn file_name(&self) -> OsString {
        self.found.name.clone()
    }

    /// The file's number in its file system, from the entry itself where that says it.
    pub fn ino(&self) -> u64 {
        let asked = || self.metadata().map_or(0, |data| data.status().field(stat::ST_INO) as u64);
        self.found.inode.unwrap_or_else(asked)
    }

    pub fn metadata(&self) -> io::Result<FileAttr> {
        lstat(&self.path())
    }

    pub fn file_type(&self) -> io::Result<FileType> {
        match self.found.kind {
            Some(kind) => Ok(FileType::of_entry(kind)),
            None => Ok(self.metadata()?.file_type()),
        }
    }
}
