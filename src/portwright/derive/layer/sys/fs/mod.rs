//! Files, directories and paths over the system's operations; what has no operation answers `Unsupported`.

mod attributes;
mod directory;
mod file;

pub use attributes::{FileAttr, FilePermissions, FileTimes, FileType};
pub use directory::{DirBuilder, DirEntry, ReadDir, readdir, remove_dir_all};
pub use file::{File, OpenOptions};

pub use super::common::Dir;
use crate::ffi::CStr;
use crate::fs;
use crate::io::{self, SimpleMessage};
use crate::path::{Path, PathBuf};
use crate::sys::helpers::run_path_with_cstr;
use crate::sys::pal::{directories, files};

/// The error of what no operation of the vocabulary means yet.
macro_rules! not_offered {
    ($name:literal) => {{
        const MESSAGE: &SimpleMessage =
            &SimpleMessage { kind: io::ErrorKind::Unsupported, message: concat!("not offered: ", $name) };
        Err(io::Error::from_static_message(MESSAGE))
    }};
}
use not_offered;

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
    with_path(path, |path| Ok(FileAttr::new(&files::file_status(path)?)))
}

pub fn lstat(path: &Path) -> io::Result<FileAttr> {
    with_path(path, |path| Ok(FileAttr::new(&files::link_status(path)?)))
}

pub fn exists(path: &Path) -> io::Result<bool> {
    match stat(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Copies content, and the permissions as far as a new file's mode can say them: no operation changes them later.
pub fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    let mut reader = fs::File::open(from)?;
    let attributes = lifted(reader.metadata().map(|data| (data.is_file(), data.permissions().readonly())))?;
    let (is_file, read_only) = attributes.unwrap_or((true, false));
    if !is_file {
        return Err(super::common::NOT_FILE_ERROR);
    }
    let mut options = OpenOptions::new();
    options.write(true);
    options.create(true);
    options.truncate(true);
    if read_only {
        options.mode(0o444);
    }
    let mut writer = crate::sys::FromInner::from_inner(File::open(to, &options)?);
    let writer: &mut fs::File = &mut writer;
    io::copy(&mut reader, writer)
}

/// What a call tells, or None where the system has no such call.
fn lifted<T>(answer: io::Result<T>) -> io::Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(error),
    }
}

pub fn set_perm(_path: &Path, _permissions: FilePermissions) -> io::Result<()> {
    not_offered!("change_mode")
}

pub fn set_times(_path: &Path, _times: FileTimes) -> io::Result<()> {
    not_offered!("set_times")
}

pub fn set_times_nofollow(_path: &Path, _times: FileTimes) -> io::Result<()> {
    not_offered!("set_times")
}

pub fn readlink(_path: &Path) -> io::Result<PathBuf> {
    not_offered!("read_link")
}

pub fn symlink(_original: &Path, _link: &Path) -> io::Result<()> {
    not_offered!("create_symlink")
}

pub fn link(_original: &Path, _link: &Path) -> io::Result<()> {
    not_offered!("create_link")
}

/// Not without reading links: a path made by spelling alone may name another file.
pub fn canonicalize(_path: &Path) -> io::Result<PathBuf> {
    not_offered!("read_link")
}
