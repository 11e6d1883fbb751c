//! The few names of C that std's own modules on open files say (`os/fd`), over the system's operations.
//!
//! Each answers with a `Result`, of which `cvt` makes std's own: there is no `errno` here.

use super::abi::Failure;
use super::{descriptors, files};
use crate::io;

pub const STDIN_FILENO: i32 = files::STDIN as i32;
pub const STDOUT_FILENO: i32 = files::STDOUT as i32;
pub const STDERR_FILENO: i32 = files::STDERR as i32;

/// The one thing that `os/fd` asks of `fcntl`.
pub struct Duplicate;

pub const F_DUPFD_CLOEXEC: Duplicate = Duplicate;

/// Another number for an open file. Where the system chooses it, it need not be `_lowest` or more.
pub unsafe fn fcntl(fd: i32, _command: Duplicate, _lowest: i32) -> Result<i32, Failure> {
    descriptors::duplicate(files::number(fd)).map(files::raw)
}

/// Closes an open file.
pub unsafe fn close(fd: i32) -> Result<(), Failure> {
    files::close(files::number(fd))
}

/// What a call answered, as std says it.
pub fn cvt<T>(answer: Result<T, Failure>) -> io::Result<T> {
    Ok(answer?)
}
