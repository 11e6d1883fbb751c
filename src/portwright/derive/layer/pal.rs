//! std's platform layer for systems that are reached by system calls: what all of std's `sys` modules stand on.
//!
//! `abi` is generated from the port's ledger and holds every number; the modules named after families of
//! operations give the calls Rust types. Nothing in here knows which system it runs on.

#![forbid(unsafe_op_in_unsafe_fn)]

pub mod abi;
pub mod c_names;
pub mod children;
mod cpu;
pub mod descriptors;
pub mod directories;
pub mod files;
#[cfg(not(test))]
mod float128;
pub mod futex;
pub mod image;
mod kinds;
pub mod links;
pub mod memory;
#[cfg(target_thread_local)]
pub mod new_threads;
mod panics;
pub mod process;
pub mod properties;
pub mod random;
pub mod signals;
pub mod sockets;
pub mod start;
#[cfg(target_thread_local)]
mod thread_locals;
pub mod threads;
pub mod time;
mod vectors;

pub use c_names::cvt;

use crate::ffi::OsStr;
use crate::io;

/// The status with which a shell reports a process that aborted (128 and SIGABRT's 6), where no signal says so.
///
/// An illegal instruction would tell the system's log rather than the parent.
const ABORTED: i32 = 134;

/// The status of a program that panicked, as `lang_start` gives it where panics unwind.
#[cfg(not(test))]
const PANICKED: i32 = 101;

// std is staged, and this is the impl of a stable trait; nobody outside can name a `Failure`.
#[doc(hidden)]
#[stable(feature = "rust1", since = "1.0.0")]
impl From<abi::Failure> for io::Error {
    fn from(failure: abi::Failure) -> io::Error {
        match failure {
            abi::Failure::Os(number) => io::Error::from_raw_os_error(number),
            abi::Failure::NotOffered(message) => io::Error::from_static_message(message),
            abi::Failure::TooLarge => {
                io::const_error!(io::ErrorKind::InvalidInput, "a number is too large for the system's call")
            }
        }
    }
}

/// Bytes of the system as text: here an `OsStr` is any bytes.
pub fn os_str(bytes: &[u8]) -> &OsStr {
    // SAFETY: `OsStr` is what `sys/os_str/bytes.rs` says, which allows any bytes.
    unsafe { OsStr::from_encoded_bytes_unchecked(bytes) }
}

/// Calls again while a call fails only because it was interrupted.
pub fn uninterrupted<T>(mut call: impl FnMut() -> Result<T, abi::Failure>) -> Result<T, abi::Failure> {
    loop {
        match call() {
            Err(abi::Failure::Os(number)) if Some(number) == abi::EINTR => {}
            done => return done,
        }
    }
}

// SAFETY: called once, before main; the arguments were kept by the start code already.
pub unsafe fn init(_argc: isize, _argv: *const *const u8, sigpipe: u8) {
    descriptors::open_closed_streams();
    signals::at_start(sigpipe);
}

// SAFETY: called once, after main; there is nothing to give back.
pub unsafe fn cleanup() {}

pub fn unsupported<T>() -> io::Result<T> {
    Err(unsupported_err())
}

pub fn unsupported_err() -> io::Error {
    io::Error::UNSUPPORTED_PLATFORM
}

pub fn abort_internal() -> ! {
    children::abort();
    process::end(ABORTED)
}

/// What a panic runtime calls that cannot unwind, when the panic's message has been printed.
///
/// The message may lie in libtest's capture buffer, which nobody would read any more: it goes out first.
#[cfg(not(test))]
#[rustc_std_internal_symbol]
fn __rust_abort() -> ! {
    if let Ok(Some(captured)) = crate::io::try_set_output_capture(None)
        && let Ok(text) = captured.try_lock()
    {
        files::last_words(&text);
    }
    process::end(PANICKED)
}
