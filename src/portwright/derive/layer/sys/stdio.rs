//! Standard input, output and error: the open files 0, 1 and 2.

use crate::io::{self, BorrowedCursor, Read, Write};
use crate::sys::pal::abi;
use crate::sys::pal::files::{self, Fd};

pub struct Stdin;
pub struct Stdout;
pub struct Stderr;

impl Stdin {
    pub const fn new() -> Stdin {
        Stdin
    }
}

impl Stdout {
    pub const fn new() -> Stdout {
        Stdout
    }
}

impl Stderr {
    pub const fn new() -> Stderr {
        Stderr
    }
}

impl Read for Stdin {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buffer = io::BorrowedBuf::from(buf);
        let mut cursor = buffer.unfilled();
        self.read_buf(cursor.reborrow())?;
        Ok(cursor.written())
    }

    fn read_buf(&mut self, mut cursor: BorrowedCursor<'_>) -> io::Result<()> {
        // SAFETY: only what the call filled counts as filled.
        unsafe {
            let count = files::read(files::STDIN, cursor.as_mut())?;
            cursor.advance(count);
        }
        Ok(())
    }
}

impl Write for Stdout {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        write(files::STDOUT, buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Stderr {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        write(files::STDERR, buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(fd: Fd, bytes: &[u8]) -> io::Result<usize> {
    Ok(files::write(fd, bytes)?)
}

pub const STDIN_BUF_SIZE: usize = crate::sys::io::DEFAULT_BUF_SIZE;

/// Whether a stream is not open at all: std then reads nothing and drops what is written.
pub fn is_ebadf(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|number| Some(number) == abi::EBADF)
}

pub fn panic_output() -> Option<impl io::Write> {
    Some(Stderr::new())
}
