//! Operations on threads, and on the words that they wait at.

#![allow(dead_code)] // the family is whole; std calls what it needs

use super::abi::{self, Failure};
use super::uninterrupted;
use crate::ffi::CStr;
use crate::sync::atomic::Atomic;
use crate::time::Duration;

/// Lets other threads run.
pub fn yield_now() -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::yield_now() }.map(drop)
}

/// Sets the calling thread's thread pointer.
///
/// # Safety
///
/// The address must be that of a block which `thread_locals::make` made, and thread-locals must not be in use.
pub unsafe fn set_thread_pointer(address: usize) -> Result<(), Failure> {
    // SAFETY: the caller's promise.
    unsafe {
        if abi::THREAD_POINTER_IS_WRITTEN {
            super::cpu::write_thread_pointer(address);
            return Ok(());
        }
        abi::set_thread_pointer(address).map(drop)
    }
}

/// Starts a thread at the CPU's `begin_thread`, which takes the argument on to `new_threads::begin`.
///
/// # Safety
///
/// The stack ends at `stack` and is the new thread's, as is the block of `thread_pointer`.
#[cfg(target_thread_local)]
pub unsafe fn thread_create(stack: usize, argument: usize, thread_pointer: usize) -> Result<usize, Failure> {
    let entry = super::cpu::begin_thread as unsafe extern "C" fn() -> ! as usize;
    // SAFETY: the caller's promise; the entry takes such an argument.
    unsafe { abi::thread_create(entry, stack, argument, thread_pointer) }
}

/// Starts a thread that goes on at the CPU's `begin_thread` with the word at `stack` as argument.
///
/// Where it can, the system clears the word at `cleared` and wakes who waits there when the thread has ended.
///
/// # Safety
///
/// As for `thread_create`; the word must stay until it is cleared.
#[cfg(target_thread_local)]
pub unsafe fn thread_clone(stack: usize, cleared: *mut u32, thread_pointer: usize) -> Result<usize, Failure> {
    let shared = [
        abi::CLONE_VM,
        abi::CLONE_FS,
        abi::CLONE_FILES,
        abi::CLONE_SIGHAND,
        abi::CLONE_THREAD,
        abi::CLONE_SYSVSEM,
        abi::CLONE_SETTLS,
        abi::CLONE_CHILD_CLEARTID,
    ];
    let flags = shared.iter().fold(0, |flags, each| flags | each.or_none());
    // SAFETY: the caller's promise; nobody asks for the number in the parent's memory.
    unsafe { abi::thread_clone(flags, stack, 0, cleared.expose_provenance(), thread_pointer) }
}

/// Asks the system to end the thread; comes back only where it cannot.
pub fn thread_exit() -> Failure {
    // SAFETY: no memory is passed.
    match unsafe { abi::thread_exit(0) } {
        Err(failure) => failure,
        Ok(_) => Failure::TooLarge,
    }
}

/// Waits until a thread has ended.
pub fn thread_join(thread: usize) -> Result<(), Failure> {
    // SAFETY: the status goes nowhere.
    uninterrupted(|| unsafe { abi::thread_join(thread as isize, 0) }).map(drop)
}

/// The calling thread's number.
pub fn thread_id() -> Result<usize, Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::thread_id() }
}

/// Writes the processors that the calling thread may run on, as bits; answers how many bytes.
pub fn thread_affinity(mask: &mut [u8]) -> Result<usize, Failure> {
    const CALLER: isize = 0;
    // SAFETY: the call writes at most `len` bytes.
    let count = unsafe { abi::thread_affinity(CALLER, mask.len(), mask.as_mut_ptr().expose_provenance()) }?;
    Ok(count.min(mask.len()))
}

/// Names the calling thread for those who look from outside.
pub fn thread_name(name: &CStr) -> Result<(), Failure> {
    // SAFETY: the name ends in NUL and outlives the call.
    unsafe { abi::thread_name(name) }.map(drop)
}

/// Sleeps while the word holds `value`, until woken or for so long.
pub fn futex_wait(word: &Atomic<u32>, value: u32, timeout: Option<Duration>) -> Result<(), Failure> {
    // SAFETY: the word is there as long as the call.
    unsafe { abi::futex_wait(word.as_ptr().expose_provenance(), value as isize, timeout) }.map(drop)
}

/// Wakes at most so many threads that sleep at the word; answers how many. The word is only looked up by address:
/// it need not be there any more.
pub fn futex_wake(word: *const u32, count: i32) -> Result<usize, Failure> {
    // SAFETY: an address that means no word wakes nobody.
    unsafe { abi::futex_wake(word.expose_provenance(), count as isize) }
}
