//! Operations on the process itself.

use super::abi::{self, Failure};
use super::files;
use crate::ffi::CStr;

/// Asks the system to end the process; comes back only where it cannot.
pub fn exit(status: i32) -> Failure {
    // SAFETY: no memory is passed.
    match unsafe { abi::exit(status as isize) } {
        Err(failure) => failure,
        Ok(_) => Failure::TooLarge,
    }
}

/// Ends the process, by an illegal instruction where nothing else does: not without a word then.
pub fn end(status: i32) -> ! {
    while let Failure::Os(number) = exit(status)
        && Some(number) == abi::EINTR
    {}
    files::last_words(b"fatal runtime error: the system does not end the process, aborting\n");
    crate::intrinsics::abort()
}

pub fn process_id() -> Result<usize, Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::process_id() }
}

/// Writes the current directory's path, with a NUL, into the buffer.
pub fn current_directory(buffer: &mut [u8]) -> Result<&CStr, Failure> {
    // SAFETY: the call writes at most `len` bytes into the buffer.
    unsafe { abi::current_directory(buffer.as_mut_ptr().expose_provenance(), buffer.len()) }?;
    CStr::from_bytes_until_nul(buffer).map_err(|_| Failure::TooLarge)
}

pub fn change_directory(path: &CStr) -> Result<(), Failure> {
    // SAFETY: the path ends in NUL and outlives the call.
    unsafe { abi::change_directory(path) }.map(drop)
}
