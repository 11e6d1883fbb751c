//! The program's arguments, as the system left them on the first stack.

pub use super::common::Args;
use crate::ffi::{CStr, OsStr};
use crate::sys::pal::start;

pub fn args() -> Args {
    let (count, list) = start::arguments();
    let mut found = Vec::with_capacity(count);
    for index in 0..count {
        // SAFETY: the start code counted the addresses, which the system made those of strings that stay.
        let argument = unsafe { *list.add(index) };
        if argument.is_null() {
            break;
        }
        // SAFETY: as above; the strings end in NUL.
        let bytes = unsafe { CStr::from_ptr(argument.cast()) }.to_bytes();
        // SAFETY: this system's `OsStr` is any bytes.
        found.push(unsafe { OsStr::from_encoded_bytes_unchecked(bytes) }.to_os_string());
    }
    Args::new(found)
}
