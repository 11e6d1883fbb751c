//! The name of the host that the program runs on.

use crate::ffi::OsString;
use crate::io;
use crate::sys::pal::{os_str, sockets};

pub fn hostname() -> io::Result<OsString> {
    Ok(os_str(&sockets::system_name()?).to_owned())
}
