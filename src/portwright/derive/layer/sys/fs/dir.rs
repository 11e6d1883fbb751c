//! A directory that is held open, and files opened from there.

use super::{File, OpenOptions, canonicalize, with_path};
use crate::fmt;
use crate::io;
use crate::path::{Path, PathBuf};
use crate::sys::FromInner;
use crate::sys::fd::FileDesc;
use crate::sys::pal::{abi, directories, files};

/// By its number where the system opens files from there, by its path otherwise.
pub enum Dir {
    Held(FileDesc),
    Named(PathBuf),
}

impl Dir {
    pub fn open(path: &Path, options: &OpenOptions) -> io::Result<Dir> {
        if !abi::OFFERS_OPEN_AT || abi::OFFERS_OPEN_DIRECTORY || !abi::O_DIRECTORY.works() {
            return Ok(Dir::Named(canonicalize(path)?));
        }
        let flags = options.flags()? | abi::O_DIRECTORY.get()?;
        let fd = with_path(path, |path| Ok(files::open(path, flags, options.mode())?))?;
        Ok(Dir::Held(FileDesc::new(fd)))
    }

    pub fn open_file(&self, path: &Path, options: &OpenOptions) -> io::Result<File> {
        let directory = match self {
            Dir::Held(directory) => directory.fd(),
            Dir::Named(directory) => return File::open(&directory.join(path), options),
        };
        let flags = options.flags()?;
        let call = |path: &_| Ok(directories::open_at(directory, path, flags, options.mode())?);
        Ok(File::from_inner(FileDesc::new(with_path(path, call)?)))
    }
}

impl fmt::Debug for Dir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dir::Held(directory) => f.debug_struct("Dir").field("fd", &directory.fd()).finish(),
            Dir::Named(path) => f.debug_struct("Dir").field("path", path).finish(),
        }
    }
}
