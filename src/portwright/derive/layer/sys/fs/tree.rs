//! Removing a directory with all below it, so that nobody who puts a link into its way makes it remove elsewhere.

use super::directory::Entries;
use super::{lstat, readdir, rmdir, unlink};
use crate::ffi::{CStr, CString, OsStr};
use crate::io;
use crate::path::Path;
use crate::sys::helpers::{ignore_notfound, run_path_with_cstr};
use crate::sys::pal::abi::{self, EntryKind};
use crate::sys::pal::files::Fd;
use crate::sys::pal::{directories, files};

/// Whether a directory can be opened below another without following a link, and read and emptied from there.
const HELD: bool = abi::OFFERS_OPEN_AT
    && abi::OFFERS_REMOVE_AT
    && !abi::OFFERS_OPEN_DIRECTORY
    && abi::O_DIRECTORY.works()
    && abi::O_NOFOLLOW.works()
    && abi::AT_REMOVEDIR.works();

/// Removes what the path names, and all below it if it is a directory. Links are removed, not followed.
pub fn remove_dir_all(path: &Path) -> io::Result<()> {
    if lstat(path)?.file_type().is_symlink() {
        return unlink(path);
    }
    if !HELD {
        return remove_named(path);
    }
    // From here on the path is a directory or an error: what is put into its place meanwhile is not followed.
    let entries = Entries::new(run_path_with_cstr(path, &|path| Ok(files::open(path, held()?, 0)?))?);
    empty(entries)?;
    ignore_notfound(rmdir(path))
}

/// The flags that open a directory, and nothing else.
fn held() -> Result<usize, abi::Failure> {
    let access = abi::O_RDONLY.get()? | abi::O_CLOEXEC.or_none();
    Ok(access | abi::O_DIRECTORY.get()? | abi::O_NOFOLLOW.get()?)
}

/// Removes all in an open directory, which is read to its end before: a system may find its place by counting.
fn empty(mut directory: Entries) -> io::Result<()> {
    let mut names = Vec::new();
    while let Some(found) = directory.next()? {
        if found.name != "." && found.name != ".." {
            names.push((c_name(&found.name)?, found.kind));
        }
    }
    for (name, kind) in names {
        ignore_notfound(remove_below(directory.number(), &name, kind))?;
    }
    Ok(())
}

fn c_name(name: &OsStr) -> io::Result<CString> {
    Ok(CString::new(name.as_encoded_bytes())?)
}

/// Removes one name in an open directory. Its kind is as it was when it was read, and may be another by now.
fn remove_below(directory: Fd, name: &CStr, kind: Option<EntryKind>) -> io::Result<()> {
    if matches!(kind, None | Some(EntryKind::Directory)) {
        match directories::open_at(directory, name, held()?, 0).map_err(io::Error::from) {
            Ok(inner) => {
                empty(Entries::new(inner))?;
                return Ok(directories::remove_at(directory, name, abi::AT_REMOVEDIR.get()?)?);
            }
            Err(error) if not_a_directory(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(directories::remove_at(directory, name, 0)?)
}

/// Whether opening failed because there is no directory: a file, or a link, which is not followed.
fn not_a_directory(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::FilesystemLoop)
}

/// The same by paths, where the system has no better: a link that takes a directory's place is followed.
fn remove_named(path: &Path) -> io::Result<()> {
    let entries = readdir(path)?.collect::<io::Result<Vec<_>>>()?;
    for entry in entries {
        let child = entry.path();
        let gone = match entry.file_type() {
            Ok(kind) if kind.is_dir() => remove_named(&child),
            Ok(_) => unlink(&child),
            Err(error) => Err(error),
        };
        ignore_notfound(gone)?;
    }
    ignore_notfound(rmdir(path))
}
