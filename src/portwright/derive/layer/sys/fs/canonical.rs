//! A path without links, `.` and `..`, found name by name.

use super::{lstat, readlink, stat};
use crate::collections::VecDeque;
use crate::ffi::OsString;
use crate::io;
use crate::path::{Component, Path, PathBuf};
use crate::sys::pal::abi;
use crate::sys::paths::getcwd;

/// As many links as the usual systems follow.
const MOST_LINKS: usize = 40;

/// What is to be walked still: up, or down to a name.
enum Step {
    Up,
    Down(OsString),
}

pub fn canonicalize(path: &Path) -> io::Result<PathBuf> {
    // The system itself says what is wrong with a path: empty, a loop, something that is no directory.
    stat(path)?;
    let mut at = if path.is_absolute() { root() } else { getcwd()? };
    let mut steps = VecDeque::new();
    put_first(&mut steps, path);
    let mut links = 0;
    while let Some(step) = steps.pop_front() {
        let name = match step {
            Step::Up => {
                at.pop();
                continue;
            }
            Step::Down(name) => name,
        };
        at.push(name);
        let Some(target) = link_target(&at)? else { continue };
        links += 1;
        if links > MOST_LINKS {
            return Err(super::error(abi::ELOOP, io::ErrorKind::FilesystemLoop));
        }
        at.pop();
        if target.is_absolute() {
            at = root();
        }
        put_first(&mut steps, &target);
    }
    Ok(at)
}

fn root() -> PathBuf {
    PathBuf::from("/")
}

/// Puts a path's names before what is left to walk.
fn put_first(steps: &mut VecDeque<Step>, path: &Path) {
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => steps.push_front(Step::Down(name.to_os_string())),
            Component::ParentDir => steps.push_front(Step::Up),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
}

/// What a link holds; None where the path names something else.
fn link_target(path: &Path) -> io::Result<Option<PathBuf>> {
    if abi::OFFERS_LINK_STATUS {
        return if lstat(path)?.file_type().is_symlink() { readlink(path).map(Some) } else { Ok(None) };
    }
    match readlink(path) {
        Ok(target) => Ok(Some(target)),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(None),
        Err(error) => Err(error),
    }
}
