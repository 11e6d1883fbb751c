//! The current directory, lists of paths, and places that programs ask for by what they are for.

use crate::ffi::{CStr, OsStr, OsString};
use crate::path::{Path, PathBuf};
use crate::sys::env::getenv;
use crate::sys::fs::read_link;
use crate::sys::helpers::run_path_with_cstr;
use crate::sys::pal::abi::{self, Executable};
use crate::sys::pal::{os_str, process, start, unsupported};
use crate::{fmt, io, ptr, slice};

const SEPARATOR: u8 = b':';

pub fn getcwd() -> io::Result<PathBuf> {
    const MOST: usize = 1 << 20;
    let mut length = 512;
    loop {
        let mut buffer = vec![0; length];
        match process::current_directory(&mut buffer) {
            Ok(path) => return Ok(PathBuf::from(os_str(path.to_bytes()))),
            Err(abi::Failure::Os(number)) if Some(number) == abi::ERANGE && length < MOST => length *= 2,
            Err(failure) => return Err(failure.into()),
        }
    }
}

pub fn chdir(path: &Path) -> io::Result<()> {
    run_path_with_cstr(path, &|path: &CStr| Ok(process::change_directory(path)?))
}

pub struct SplitPaths<'a>(slice::Split<'a, u8, fn(&u8) -> bool>);

pub fn split_paths(unparsed: &OsStr) -> SplitPaths<'_> {
    fn separates(byte: &u8) -> bool {
        *byte == SEPARATOR
    }
    SplitPaths(unparsed.as_encoded_bytes().split(separates as fn(&u8) -> bool))
}

impl<'a> Iterator for SplitPaths<'a> {
    type Item = PathBuf;

    fn next(&mut self) -> Option<PathBuf> {
        self.0.next().map(|bytes| PathBuf::from(os_str(bytes)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

#[derive(Debug)]
pub struct JoinPathsError;

pub fn join_paths<I, T>(paths: I) -> Result<OsString, JoinPathsError>
where
    I: Iterator<Item = T>,
    T: AsRef<OsStr>,
{
    let mut joined = OsString::new();
    for (index, path) in paths.enumerate() {
        let path = path.as_ref();
        if path.as_encoded_bytes().contains(&SEPARATOR) {
            return Err(JoinPathsError);
        }
        if index > 0 {
            joined.push(":");
        }
        joined.push(path);
    }
    Ok(joined)
}

impl fmt::Display for JoinPathsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a path in the list has a `{}` in it", char::from(SEPARATOR))
    }
}

impl crate::error::Error for JoinPathsError {}

/// The program's own file, as the ledger says that it is found.
pub fn current_exe() -> io::Result<PathBuf> {
    match abi::EXECUTABLE {
        Executable::Link(link) => read_link(Path::new(os_str(link.to_bytes()))),
        Executable::Auxiliary(kind) => {
            let address = start::auxiliary(kind).filter(|&address| address != 0);
            let address = address.ok_or(io::const_error!(
                io::ErrorKind::NotFound,
                "the auxiliary vector does not say where the program's file is",
            ))?;
            // SAFETY: the system put the address there, of a string that ends in NUL and stays.
            let path = unsafe { CStr::from_ptr(ptr::with_exposed_provenance(address)) };
            found_at_start(Path::new(os_str(path.to_bytes())))
        }
        Executable::Argument => match crate::env::args_os().next() {
            Some(path) if !path.is_empty() => found_at_start(Path::new(&path)),
            _ => Err(io::const_error!(io::ErrorKind::NotFound, "the program has no first argument")),
        },
        Executable::Unknown => unsupported(),
    }
}

/// A path that was given when the program started: whoever changed the directory since is on his own.
fn found_at_start(path: &Path) -> io::Result<PathBuf> {
    if path.is_absolute() { Ok(path.to_path_buf()) } else { Ok(getcwd()?.join(path)) }
}

pub fn temp_dir() -> PathBuf {
    getenv(OsStr::new("TMPDIR")).map_or_else(|| PathBuf::from(abi::TEMPORARY), PathBuf::from)
}

pub fn home_dir() -> Option<PathBuf> {
    getenv(OsStr::new("HOME")).filter(|path| !path.is_empty()).map(PathBuf::from)
}
