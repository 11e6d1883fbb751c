//! Files, directories and paths over the system's operations; what has no operation answers `Unsupported`.

mod attributes;
mod canonical;
mod dir;
mod directory;
mod file;
mod open;
mod tree;

pub use attributes::{FileAttr, FilePermissions, FileTimes, FileType};
pub use canonical::canonicalize;
pub use dir::Dir;
pub use directory::{DirBuilder, DirEntry, ReadDir, readdir};
pub use file::File;
pub use open::OpenOptions;
pub use tree::remove_dir_all;

use crate::ffi::CStr;
use crate::fs;
use crate::io;
use crate::path::{Path, PathBuf};
use crate::sys::helpers::run_path_with_cstr;
use crate::sys::pal::{abi, directories, files, links, os_str, properties};
use crate::sys::{AsInner, FromInner};

/// The error of what the ledger's tables do not have.
macro_rules! not_offered {
    ($name:literal) => {{
        const MESSAGE: &io::SimpleMessage =
            &io::SimpleMessage { kind: io::ErrorKind::Unsupported, message: concat!("not offered: ", $name) };
        Err(io::Error::from_static_message(MESSAGE))
    }};
}
use not_offered;

/// An error that std finds by itself, as the system would give it.
fn error(number: Option<i32>, kind: io::ErrorKind) -> io::Error {
    number.map_or_else(|| kind.into(), io::Error::from_raw_os_error)
}

/// Calls with the path as the system wants it: bytes up to a NUL, and none within.
fn with_path<T>(path: &Path, call: impl Fn(&CStr) -> io::Result<T>) -> io::Result<T> {
    run_path_with_cstr(path, &call)
}

pub fn unlink(path: &Path) -> io::Result<()> {
    with_path(path, |path| Ok(files::remove_file(path)?))
}

pub fn rename(path: &Path, target: &Path) -> io::Result<()> {
    with_path(path, |path| with_path(target, |target| Ok(files::rename(path, target)?)))
}

pub fn rmdir(path: &Path) -> io::Result<()> {
    with_path(path, |path| Ok(directories::remove_directory(path)?))
}

pub fn stat(path: &Path) -> io::Result<FileAttr> {
    with_path(path, |path| Ok(FileAttr::new(files::file_status(path)?)))
}

pub fn lstat(path: &Path) -> io::Result<FileAttr> {
    with_path(path, |path| Ok(FileAttr::new(files::link_status(path)?)))
}

pub fn exists(path: &Path) -> io::Result<bool> {
    match stat(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Copies content and permissions, the latter as far as a new file's mode can say them where nothing changes them.
pub fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    let mut reader = fs::File::open(from)?;
    let attributes = lifted(reader.metadata())?;
    if attributes.as_ref().is_some_and(|attributes| !attributes.is_file()) {
        return Err(super::common::NOT_FILE_ERROR);
    }
    let permissions = attributes.map(|attributes| attributes.as_inner().perm());
    let mut options = OpenOptions::new();
    options.write(true);
    options.create(true);
    options.truncate(true);
    if let Some(permissions) = &permissions {
        options.set_mode(permissions.bits() as u32);
    }
    let file = File::open(to, &options)?;
    if let Some(permissions) = permissions {
        // A file that was there has kept its own, and the process's mask took from a new one's.
        let regular = lifted(file.file_attr())?.is_some_and(|attributes| attributes.file_type().is_file());
        if regular {
            lifted(file.set_permissions(permissions))?;
        }
    }
    let mut writer = fs::File::from_inner(file);
    io::copy(&mut reader, &mut writer)
}

/// What a call tells, or None where the system has no such call.
fn lifted<T>(answer: io::Result<T>) -> io::Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(error),
    }
}

pub fn set_perm(path: &Path, permissions: FilePermissions) -> io::Result<()> {
    with_path(path, |path| Ok(properties::change_mode(path, permissions.bits())?))
}

pub fn set_times(path: &Path, times: FileTimes) -> io::Result<()> {
    let times = times.made(abi::OFFERS_SET_TIMES, || stat(path))?;
    with_path(path, |path| Ok(properties::set_times(path, &times)?))
}

pub fn set_times_nofollow(path: &Path, times: FileTimes) -> io::Result<()> {
    let times = times.made(abi::OFFERS_LINK_SET_TIMES, || lstat(path))?;
    with_path(path, |path| Ok(properties::link_set_times(path, &times)?))
}

pub fn readlink(path: &Path) -> io::Result<PathBuf> {
    const MOST: usize = 1 << 20;
    with_path(path, |path| {
        let mut buffer = vec![0; 256];
        loop {
            let count = links::read_link(path, &mut buffer)?;
            // One that fills the buffer may have been cut.
            if count < buffer.len() || count >= MOST {
                buffer.truncate(count);
                return Ok(PathBuf::from(os_str(&buffer)));
            }
            buffer.resize(2 * count, 0);
        }
    })
}

pub fn symlink(original: &Path, link: &Path) -> io::Result<()> {
    with_path(link, |link| with_path(original, |original| Ok(links::create_symlink(link, original)?)))
}

pub fn link(original: &Path, link: &Path) -> io::Result<()> {
    with_path(link, |link| with_path(original, |original| Ok(links::create_link(link, original)?)))
}
