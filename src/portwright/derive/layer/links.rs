//! Operations on links, hard and symbolic.

use super::abi::{self, Failure};
use super::uninterrupted;
use crate::ffi::CStr;

/// Gives the file at `target` one more name, `path`.
pub fn create_link(path: &CStr, target: &CStr) -> Result<(), Failure> {
    // SAFETY: both paths end in NUL and outlive the call.
    unsafe { abi::create_link(path, target) }.map(drop)
}

/// Makes the symbolic link `path`, which holds `target`.
pub fn create_symlink(path: &CStr, target: &CStr) -> Result<(), Failure> {
    // SAFETY: as above.
    unsafe { abi::create_symlink(path, target) }.map(drop)
}

/// Writes what a symbolic link holds into the buffer; a count as large as the buffer may mean that more is there.
pub fn read_link(path: &CStr, buffer: &mut [u8]) -> Result<usize, Failure> {
    let address = buffer.as_mut_ptr().expose_provenance();
    // SAFETY: the path ends in NUL, and the call writes at most `len` bytes into the buffer.
    let count = uninterrupted(|| unsafe { abi::read_link(path, address, buffer.len()) })?;
    Ok(count.min(buffer.len()))
}
