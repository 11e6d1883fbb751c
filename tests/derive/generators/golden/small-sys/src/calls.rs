//! The system calls, each as one function that traps once.
//!
//! A call whose arguments the ledger does not say has only its number, in [`crate::number`].

use crate::errors::{Errno, check};
use crate::{constants, number, trap, types};
use core::ffi::c_char;

/// `exit`, number 1.
///
/// End the process with a status.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn exit(status: isize) -> ! {
    // SAFETY: passed on to the caller.
    unsafe { trap::trap1(number::SYS_EXIT, status as usize) };
    loop {
        core::hint::spin_loop();
    }
}

/// `write`, number 2 (`FileWrite` in the kernel).
///
/// Write bytes at an open file's offset, which moves on. It may take fewer than given.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn write(
    fd: i32,
    buffer: *const u8,
    length: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_WRITE, fd as usize, buffer as usize, length) })
}

/// `open`, number 3.
///
/// Open a file, or create it.
///
/// Does nothing for `O_NOW`.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn open(
    path: *const c_char,
    flags: usize,
    mode: u32,
) -> Result<i32, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap4(
        number::SYS_OPEN,
        path as usize,
        core::ffi::CStr::from_ptr(path).count_bytes(),
        flags,
        mode as usize,
    ) }).map(|value| value as i32)
}

/// `map`, number 4.
///
/// Map fresh or file-backed memory; the result is its address. std asks for private anonymous memory.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn map(
    address: usize,
    length: usize,
    protection: usize,
    flags: usize,
    fd: i32,
    offset: i64,
) -> Result<usize, Errno> {
    if offset as u64 >> 32 != 0 {
        return Err(Errno::EINVAL);
    }
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap5(
        number::SYS_MAP,
        address,
        length,
        protection,
        flags,
        ((fd as usize & 0xffffffff) << 32) | (offset as usize & 0xffffffff),
    ) })
}

/// `set`, number 5.
///
/// Set the calling thread's thread pointer (x86-64: FS base) to an address.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn set(address: usize) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_SET, constants::SET_FS, address) }).map(|_| ())
}

/// `sleep`, number 6.
///
/// Wait for a duration; the rest of an interrupted wait goes to `remaining` (address 0: nowhere).
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn sleep(
    duration: core::time::Duration,
    remaining: *mut types::Timespec,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_SLEEP, duration.as_millis() as usize, remaining as usize) }).map(|_| ())
}

/// `clock`, number 7.
///
/// Read a clock into a timespec.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn clock(clock: isize, time: *mut types::Timespec) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_CLOCK, clock as usize, time as usize) }).map(|_| ())
}

/// `random`, number 8.
///
/// Fill a buffer with unpredictable bytes; the result counts them.
///
/// At most 256 for `length` in one call.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn random(buffer: *mut u8, length: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_RANDOM, buffer as usize, length, 0) })
}

/// `getpid`, number 9.
///
/// The process's number.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getpid() -> Result<isize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap0(number::SYS_GETPID) }).map(|value| value as isize)
}

/// `private`, number 10.
///
/// Nobody knows.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn private(this_one: usize, type_: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap4(
        number::SYS_PRIVATE,
        this_one,
        type_,
        constants::AT_CWD as usize,
        constants::PRIVATE_OWN | constants::O_NOW,
    ) })
}
