//! Errors of the system by number: their kinds and messages are the ledger's.

use crate::io;
use crate::sys::pal::abi;

/// No call leaves an error number behind: each gives its own back.
pub fn errno() -> i32 {
    0
}

pub fn is_interrupted(code: i32) -> bool {
    Some(code) == abi::EINTR
}

pub fn decode_error_kind(code: i32) -> io::ErrorKind {
    abi::error_kind(code)
}

pub fn error_string(code: i32) -> String {
    match abi::error_message(code) {
        Some(message) => message.to_string(),
        None if code == 0 => "No error".to_string(),
        None => format!("Unknown error {code}"),
    }
}
