//! Operations on memory, and whole pages of it from whichever of them the system offers.

#![allow(dead_code)] // the family is whole; std calls what it needs

use super::abi::{self, Failure};
use crate::ptr;

/// Maps fresh private memory for reading and writing, wherever the system likes.
pub fn map_memory(length: usize) -> Result<*mut u8, Failure> {
    let protection = abi::PROT_READ.or_none() | abi::PROT_WRITE.or_none();
    let flags = abi::MAP_PRIVATE.or_none() | abi::MAP_ANONYMOUS.or_none();
    const NO_FILE: usize = usize::MAX;
    // SAFETY: a fresh mapping at an address that the system chooses touches nothing that is in use.
    let address = unsafe { abi::map_memory(0, length, protection, flags, NO_FILE, 0) }?;
    Ok(ptr::with_exposed_provenance_mut(address))
}

/// Takes mapped memory away.
///
/// # Safety
///
/// Nothing may use the memory any more.
pub unsafe fn unmap_memory(address: *mut u8, length: usize) -> Result<(), Failure> {
    // A whole number of pages, so that each part begins at one.
    let most = (abi::LONGEST_RANGE / abi::PAGE_SIZE * abi::PAGE_SIZE).max(abi::PAGE_SIZE);
    let mut done = 0;
    while done < length {
        let part = (length - done).min(most);
        // SAFETY: the caller's promise, for a part of the memory.
        let gone = unsafe { abi::unmap_memory(address.wrapping_add(done).expose_provenance(), part) };
        // When the first part is gone there is no way back: what the system keeps then is lost, not used.
        if let Err(failure) = gone
            && done == 0
        {
            return Err(failure);
        }
        done += part;
    }
    Ok(())
}

/// Changes what may be done with mapped memory.
///
/// # Safety
///
/// No access that the protection forbids may follow.
pub unsafe fn protect_memory(address: *mut u8, length: usize, protection: usize) -> Result<(), Failure> {
    // SAFETY: the caller's promise.
    unsafe { abi::protect_memory(address.expose_provenance(), length, protection) }.map(drop)
}

/// Moves the end of the data segment; 0 asks where it is. The answer is the end that holds now.
///
/// # Safety
///
/// Nothing may use memory that the new end cuts off.
pub unsafe fn set_break(address: usize) -> Result<usize, Failure> {
    if !abi::BREAK_ANSWERS_END {
        // SAFETY: the caller's promise.
        return unsafe { own_break::set(address) };
    }
    // SAFETY: the caller's promise.
    unsafe { abi::set_break(address) }
}

/// The end of the data segment where the system does not tell it: at first the end of the program, where the linker
/// says that is.
mod own_break {
    use super::super::abi::{self, Failure};
    use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    static END: AtomicUsize = AtomicUsize::new(0);

    /// As `set_break`.
    ///
    /// # Safety
    ///
    /// As for `set_break`; calls must not overlap.
    pub unsafe fn set(address: usize) -> Result<usize, Failure> {
        let mut end = END.load(Relaxed);
        if end == 0 {
            end = first().checked_next_multiple_of(abi::PAGE_SIZE).ok_or(Failure::TooLarge)?;
        }
        // SAFETY: the caller's promise.
        if address != 0 && unsafe { abi::set_break(address) }.is_ok() {
            end = address;
        }
        END.store(end, Relaxed);
        Ok(end)
    }

    fn first() -> usize {
        unsafe extern "C" {
            // Every linker gives the end of a program this name.
            static _end: u8;
        }
        (&raw const _end).addr()
    }
}

/// At least `length` bytes of fresh memory, in whole pages: (address, bytes), or null.
///
/// Calls must not overlap: the heap's lock holds them apart.
pub fn pages(length: usize) -> (*mut u8, usize) {
    const NONE: (*mut u8, usize) = (ptr::null_mut(), 0);
    let Some(length) = length.max(1).checked_next_multiple_of(abi::PAGE_SIZE) else { return NONE };
    if abi::OFFERS_MAP_MEMORY {
        return map_memory(length).map_or(NONE, |address| (address, length));
    }
    // SAFETY: the segment only grows, from an end that is its own.
    let grown = unsafe { set_break(0) }.and_then(|end| {
        let start = end.checked_next_multiple_of(abi::PAGE_SIZE).ok_or(Failure::TooLarge)?;
        let wanted = start.checked_add(length).ok_or(Failure::TooLarge)?;
        // SAFETY: as above. A system that cannot grow the segment answers with the old end.
        let reached = unsafe { set_break(wanted) }?;
        if reached >= wanted { Ok(start) } else { Err(Failure::TooLarge) }
    });
    grown.map_or(NONE, |start| (ptr::with_exposed_provenance_mut(start), length))
}
