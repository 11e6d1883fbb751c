//! The process's own number. Starting others needs operations that the vocabulary does not have yet.

use crate::sys::pal::process;

pub fn getpid() -> u32 {
    match process::process_id() {
        Ok(number) => number as u32,
        Err(failure) => panic!("no process number: {}", crate::io::Error::from(failure)),
    }
}
