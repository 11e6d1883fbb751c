//! Processes: commands that start them, how they end, and the process's own number.

mod command;
mod launch;
mod output;
mod status;
mod stdio;

pub use command::{Command, CommandArgs};
pub use launch::Process;
pub use output::read_output;
pub use status::{ExitCode, ExitStatus, ExitStatusError};
pub use stdio::Stdio;

pub use crate::ffi::OsString as EnvKey;
use crate::sys::pal::process;

pub type ChildPipe = crate::sys::pipe::Pipe;

pub fn getpid() -> u32 {
    match process::process_id() {
        Ok(number) => number as u32,
        Err(failure) => panic!("no process number: {}", crate::io::Error::from(failure)),
    }
}
