//! Paths as bytes: joined and tidied, without asking where symbolic links lead unless a `..` makes it matter.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Bytes as std wants paths.
pub fn os(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

/// The last name of a path.
pub fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// What a link of /proc says; empty where there is none.
pub fn link(path: &str) -> Vec<u8> {
    std::fs::read_link(path).map_or_else(|_| Vec::new(), |found| found.into_os_string().into_vec())
}

/// Whether `path` is `folder` or below it.
pub fn below(path: &[u8], folder: &[u8]) -> bool {
    path.starts_with(folder) && (path.len() == folder.len() || path[folder.len()] == b'/')
}

/// `path` seen from the absolute `folder`, without empty names, `.` and `..`.
pub fn join(folder: &[u8], path: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(folder.len() + path.len() + 1);
    if path.first() != Some(&b'/') {
        whole.extend_from_slice(folder);
        whole.push(b'/');
    }
    whole.extend_from_slice(path);
    let tidy = whole.last() != Some(&b'/') && !whole.windows(2).any(|pair| pair == b"//" || pair == b"/.");
    if tidy {
        return whole;
    }
    let mut found: Vec<u8> = Vec::with_capacity(whole.len());
    for name in whole.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                // The parent of where a link leads is not the parent of the link.
                let is_link = std::fs::symlink_metadata(os(&found)).is_ok_and(|seen| seen.file_type().is_symlink());
                if is_link {
                    if let Ok(real) = std::fs::canonicalize(os(&found)) {
                        found = real.into_os_string().into_vec();
                    }
                }
                found.truncate(found.iter().rposition(|byte| *byte == b'/').unwrap_or(0));
            }
            _ => {
                found.push(b'/');
                found.extend_from_slice(name);
            }
        }
    }
    if found.is_empty() {
        found.push(b'/');
    }
    found
}
