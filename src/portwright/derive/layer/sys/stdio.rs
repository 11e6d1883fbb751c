//! Standard input, output and error: the open files 0, 1 and 2.

use crate::io::{self, BorrowedCursor, IoSlice, IoSliceMut, Read, Write};
use crate::mem::ManuallyDrop;
use crate::sys::fd::FileDesc;
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

/// A stream as an open file, which is not closed: it is the process's.
fn stream(fd: Fd) -> ManuallyDrop<FileDesc> {
    ManuallyDrop::new(FileDesc::new(fd))
}

impl Read for Stdin {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        stream(files::STDIN).read(buf)
    }

    fn read_buf(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        stream(files::STDIN).read_buf(cursor)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        stream(files::STDIN).read_vectored(bufs)
    }

    fn is_read_vectored(&self) -> bool {
        abi::OFFERS_READ_VECTORED
    }
}

impl Write for Stdout {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        stream(files::STDOUT).write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        stream(files::STDOUT).write_vectored(bufs)
    }

    fn is_write_vectored(&self) -> bool {
        abi::OFFERS_WRITE_VECTORED
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Stderr {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        stream(files::STDERR).write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        stream(files::STDERR).write_vectored(bufs)
    }

    fn is_write_vectored(&self) -> bool {
        abi::OFFERS_WRITE_VECTORED
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub const STDIN_BUF_SIZE: usize = crate::sys::io::DEFAULT_BUF_SIZE;

/// Whether a stream is not open at all: std then reads nothing and drops what is written.
pub fn is_ebadf(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|number| Some(number) == abi::EBADF)
}

pub fn panic_output() -> Option<impl io::Write> {
    Some(Stderr::new())
}
