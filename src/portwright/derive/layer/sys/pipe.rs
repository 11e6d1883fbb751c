//! Pipes: bytes go in at one end and come out at the other.

use crate::io::{self, BorrowedCursor, IoSlice, IoSliceMut, Read};
use crate::sys::pal::descriptors;
use crate::sys::pal::files::{self, Fd, Handle};

/// One end of a pipe.
#[derive(Debug)]
pub struct Pipe(Handle);

pub fn pipe() -> io::Result<(Pipe, Pipe)> {
    let (reader, writer) = descriptors::create_pipe()?;
    Ok((Pipe(Handle::new(reader)), Pipe(Handle::new(writer))))
}

impl Pipe {
    pub fn fd(&self) -> Fd {
        self.0.fd()
    }

    pub fn into_handle(self) -> Handle {
        self.0
    }

    pub fn try_clone(&self) -> io::Result<Pipe> {
        Ok(Pipe(Handle::new(descriptors::duplicate(self.fd())?)))
    }

    pub fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buffer = io::BorrowedBuf::from(buf);
        let mut cursor = buffer.unfilled();
        self.read_buf(cursor.reborrow())?;
        Ok(cursor.written())
    }

    pub fn read_buf(&self, mut cursor: BorrowedCursor<'_>) -> io::Result<()> {
        // SAFETY: only what the call filled counts as filled.
        unsafe {
            let count = files::read(self.fd(), cursor.as_mut())?;
            cursor.advance(count);
        }
        Ok(())
    }

    pub fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        io::default_read_vectored(|buf| self.read(buf), bufs)
    }

    pub fn is_read_vectored(&self) -> bool {
        false
    }

    pub fn read_to_end(&self, buf: &mut Vec<u8>) -> io::Result<usize> {
        Reading(self).read_to_end(buf)
    }

    pub fn write(&self, buf: &[u8]) -> io::Result<usize> {
        Ok(files::write(self.fd(), buf)?)
    }

    pub fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        io::default_write_vectored(|buf| self.write(buf), bufs)
    }

    pub fn is_write_vectored(&self) -> bool {
        false
    }
}

/// The end that is read, as a reader; the pipe itself can be named outside, and so cannot be one.
struct Reading<'a>(&'a Pipe);

impl Read for Reading<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    fn read_buf(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        self.0.read_buf(cursor)
    }
}
