//! Operations on directories, with Rust types. What entries look like is the ledger's: see `DirectoryForm`.

use super::abi::{self, Failure};
use super::files::{self, Fd, Status};
use super::uninterrupted;
use crate::ffi::CStr;

/// Opens a directory for reading; as a file, where the system has no call of its own for it.
pub fn open_directory(path: &CStr) -> Result<Fd, Failure> {
    if abi::OFFERS_OPEN_DIRECTORY {
        // SAFETY: the path ends in NUL and outlives the call.
        return uninterrupted(|| unsafe { abi::open_directory(path) });
    }
    let flags = abi::O_RDONLY.get()? | abi::O_DIRECTORY.or_none() | abi::O_CLOEXEC.or_none();
    files::open(path, flags, 0)
}

/// Closes what `open_directory` opened.
pub fn close_directory(fd: Fd) -> Result<(), Failure> {
    if abi::OFFERS_CLOSE_DIRECTORY {
        // SAFETY: no memory is passed.
        return unsafe { abi::close_directory(fd) }.map(drop);
    }
    files::close(fd)
}

/// Reads the next entries into the buffer; the count is the call's own (see the ledger's [directory]).
pub fn read_directory(fd: Fd, buffer: &mut [u8]) -> Result<usize, Failure> {
    let mut position = 0usize;
    let mut call = || {
        let position = (&raw mut position).expose_provenance();
        // SAFETY: the call writes at most `len` bytes into the buffer, and one word that says where it began.
        unsafe { abi::read_directory(fd, buffer.as_mut_ptr().expose_provenance(), buffer.len(), position) }
    };
    Ok(uninterrupted(&mut call)?.min(buffer.len()))
}

pub fn create_directory(path: &CStr, mode: usize) -> Result<(), Failure> {
    // SAFETY: the path ends in NUL and outlives the call.
    unsafe { abi::create_directory(path, mode) }.map(drop)
}

pub fn remove_directory(path: &CStr) -> Result<(), Failure> {
    // SAFETY: the path ends in NUL and outlives the call.
    unsafe { abi::remove_directory(path) }.map(drop)
}

/// Opens a file by a path that starts at an open directory.
pub fn open_at(directory: Fd, path: &CStr, flags: usize, mode: usize) -> Result<Fd, Failure> {
    // SAFETY: the path ends in NUL and outlives the call.
    uninterrupted(|| unsafe { abi::open_at(directory, path, flags, mode) })
}

/// Takes a name away that starts at an open directory.
pub fn remove_at(directory: Fd, path: &CStr, flags: usize) -> Result<(), Failure> {
    // SAFETY: the path ends in NUL and outlives the call.
    unsafe { abi::remove_at(directory, path, flags) }.map(drop)
}

/// The status of what a path names that starts at an open directory.
pub fn status_at(directory: Fd, path: &CStr, flags: usize) -> Result<Status, Failure> {
    // SAFETY: `Status::of` gives the address of a buffer of the struct's size, and the path ends in NUL.
    Status::of(|address| unsafe { abi::status_at(directory, path, address, flags) })
}
