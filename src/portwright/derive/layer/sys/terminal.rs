//! Whether an open file is a terminal.

use crate::os::fd::{AsFd, AsRawFd};
use crate::sys::pal::files;

/// Where the system cannot tell, nothing is a terminal.
pub fn is_terminal(fd: &impl AsFd) -> bool {
    files::terminal_status(files::number(fd.as_fd().as_raw_fd())).is_ok()
}
