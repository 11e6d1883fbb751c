//! Directories: making them, reading their entries in the form that the ledger describes, removing all below one.

use super::{FileAttr, FileType, lstat, rmdir, unlink, with_path};
use crate::ffi::OsString;
use crate::fmt;
use crate::io;
use crate::path::{Path, PathBuf};
use crate::sync::Arc;
use crate::sys::helpers::ignore_notfound;
use crate::sys::pal::abi::{self, DirectoryForm, EntryKind};
use crate::sys::pal::files::Fd;
use crate::sys::pal::{directories, os_str};

const BUFFER: usize = 8192;

#[derive(Debug)]
pub struct DirBuilder {}

impl DirBuilder {
    pub fn new() -> DirBuilder {
        DirBuilder {}
    }

    pub fn mkdir(&self, path: &Path) -> io::Result<()> {
        with_path(path, |path| Ok(directories::create_directory(path, 0o777)?))
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

pub struct ReadDir {
    directory: Open,
    path: Arc<PathBuf>,
    buffer: Box<[u8]>,
    /// What of the buffer holds records that have not been given yet.
    at: usize,
    filled: usize,
    ended: bool,
}

pub fn readdir(path: &Path) -> io::Result<ReadDir> {
    let fd = with_path(path, |path| Ok(directories::open_directory(path)?))?;
    Ok(ReadDir {
        directory: Open(fd),
        path: Arc::new(path.to_path_buf()),
        buffer: vec![0; BUFFER].into_boxed_slice(),
        at: 0,
        filled: 0,
        ended: false,
    })
}

/// A name as it lies in the buffer, and the number of its type where the form has one.
type Found = (OsString, Option<i64>);

impl ReadDir {
    /// Reads on; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.at = 0;
        self.filled = directories::read_directory(self.directory.0, &mut self.buffer)?;
        Ok(self.filled > 0)
    }

    fn next_found(&mut self) -> io::Result<Option<Found>> {
        match abi::DIRECTORY {
            DirectoryForm::OneName => self.next_name(),
            DirectoryForm::Records { length, kind, name } => self.next_record(length, kind, name),
            DirectoryForm::Unknown => crate::sys::pal::unsupported(),
        }
    }

    /// One call, one entry: the name, a NUL, the type in one byte.
    fn next_name(&mut self) -> io::Result<Option<Found>> {
        if !self.fill()? {
            return Ok(None);
        }
        let kind = self.buffer.get(self.filled + 1).map(|&byte| byte as i64);
        Ok(Some((os_str(&self.buffer[..self.filled]).to_os_string(), kind)))
    }

    /// Records one behind the other, each of which says how long it is.
    fn next_record(
        &mut self,
        length: abi::Field,
        kind: Option<abi::Field>,
        name: usize,
    ) -> io::Result<Option<Found>> {
        if self.at >= self.filled && !self.fill()? {
            return Ok(None);
        }
        let rest = &self.buffer[self.at..self.filled];
        let size = length.read(rest).and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let Some(record) = rest.get(..size).filter(|record| record.len() > name) else {
            return Err(io::const_error!(
                io::ErrorKind::InvalidData,
                "a directory entry is not as the port's ledger says",
            ));
        };
        self.at += size;
        let bytes = record[name..].split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(Some((os_str(bytes).to_os_string(), kind.and_then(|field| field.read(record)))))
    }
}

impl Iterator for ReadDir {
    type Item = io::Result<DirEntry>;

    fn next(&mut self) -> Option<io::Result<DirEntry>> {
        while !self.ended {
            match self.next_found() {
                Ok(Some((name, _))) if name == "." || name == ".." => {}
                Ok(Some((name, kind))) => {
                    let kind = kind.and_then(abi::entry_kind);
                    return Some(Ok(DirEntry { directory: Arc::clone(&self.path), name, kind }));
                }
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
    name: OsString,
    kind: Option<EntryKind>,
}

impl DirEntry {
    pub fn path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    pub fn file_name(&self) -> OsString {
        self.name.clone()
    }

    pub fn metadata(&self) -> io::Result<FileAttr> {
        lstat(&self.path())
    }

    pub fn file_type(&self) -> io::Result<FileType> {
        match self.kind {
            Some(kind) => Ok(FileType::of_entry(kind)),
            None => Ok(self.metadata()?.file_type()),
        }
    }
}

/// Removes what the path names, and all below it if it is a directory. Links are removed, not followed.
pub fn remove_dir_all(path: &Path) -> io::Result<()> {
    if lstat(path)?.file_type().is_symlink() { unlink(path) } else { remove_below(path) }
}

/// Reads a directory to its end before it removes an entry: a system may find its place by counting entries.
fn remove_below(path: &Path) -> io::Result<()> {
    let entries = readdir(path)?.collect::<io::Result<Vec<_>>>()?;
    for entry in entries {
        let child = entry.path();
        let gone = if entry.file_type()?.is_dir() { remove_below(&child) } else { unlink(&child) };
        ignore_notfound(gone)?;
    }
    ignore_notfound(rmdir(path))
}
