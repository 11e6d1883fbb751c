//! Operations that give unpredictable bytes.

use super::abi::{self, Failure};
use super::uninterrupted;

/// Fills a part of the buffer; the count says how much. A system may give few bytes at a time.
pub fn fill_random(bytes: &mut [u8]) -> Result<usize, Failure> {
    // SAFETY: the call writes at most `len` bytes into the buffer.
    let call = || unsafe { abi::fill_random(bytes.as_mut_ptr().expose_provenance(), bytes.len(), 0) };
    Ok(uninterrupted(call)?.min(bytes.len()))
}
