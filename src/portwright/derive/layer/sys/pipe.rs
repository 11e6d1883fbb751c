//! Pipes: bytes go in at one end and come out at the other.

#![unstable(reason = "not public", issue = "none", feature = "anonymous_pipe_internals")]

use crate::io::{self, BorrowedCursor, IoSlice, IoSliceMut, Read};
use crate::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use crate::sys::pal::descriptors;
use crate::sys::pal::files::{Fd, Handle};
use crate::sys::{FromInner, IntoInner};

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
        Ok(Pipe(self.0.duplicate()?))
    }

    pub fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    pub fn read_buf(&self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        self.0.read_buf(cursor)
    }

    pub fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.read_vectored(bufs)
    }

    pub fn is_read_vectored(&self) -> bool {
        self.0.is_read_vectored()
    }

    pub fn read_to_end(&self, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.0.read_to_end(buf)
    }

    pub fn write(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    pub fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(bufs)
    }

    pub fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}

impl Read for &Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (**self).read(buf)
    }

    fn read_buf(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        (**self).read_buf(cursor)
    }
}

impl IntoInner<OwnedFd> for Pipe {
    fn into_inner(self) -> OwnedFd {
        self.0.into_inner()
    }
}

impl FromInner<OwnedFd> for Pipe {
    fn from_inner(owned: OwnedFd) -> Pipe {
        Pipe(FromInner::from_inner(owned))
    }
}

impl AsFd for Pipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Pipe {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for Pipe {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

impl FromRawFd for Pipe {
    unsafe fn from_raw_fd(fd: RawFd) -> Pipe {
        // SAFETY: the caller's promise.
        Pipe(unsafe { Handle::from_raw_fd(fd) })
    }
}
