//! The program's arguments, as the system left them on the first stack.

pub use super::common::Args;
use crate::ffi::CStr;
use crate::sys::pal::{os_str, start};

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
        found.push(os_str(bytes).to_os_string());
    }
    Args::new(found)
}
