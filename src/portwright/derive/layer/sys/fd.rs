//! An open file by its number: what files, pipes and sockets have in common.

#![unstable(reason = "not public", issue = "none", feature = "fd")]

use crate::io::{self, BorrowedCursor, IoSlice, IoSliceMut, Read, SeekFrom};
use crate::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use crate::sys::pal::abi;
use crate::sys::pal::files::{self, Fd};
use crate::sys::{AsInner, FromInner, IntoInner};

/// An open file, closed when dropped.
#[derive(Debug)]
pub struct FileDesc(OwnedFd);

impl FileDesc {
    /// Owns what an operation has opened.
    pub fn new(fd: Fd) -> FileDesc {
        // SAFETY: the number is fresh, and nobody else's.
        FileDesc(unsafe { OwnedFd::from_raw_fd(files::raw(fd)) })
    }

    /// The number, as operations take it.
    pub fn fd(&self) -> Fd {
        files::number(self.0.as_raw_fd())
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
        if !self.is_read_vectored() {
            return io::default_read_vectored(|buf| self.read(buf), bufs);
        }
        Ok(files::read_vectored(self.fd(), bufs)?)
    }

    pub fn is_read_vectored(&self) -> bool {
        abi::OFFERS_READ_VECTORED
    }

    pub fn read_to_end(&self, buf: &mut Vec<u8>) -> io::Result<usize> {
        let mut this = self;
        Read::read_to_end(&mut this, buf)
    }

    pub fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut buffer = io::BorrowedBuf::from(buf);
        let mut cursor = buffer.unfilled();
        self.read_buf_at(cursor.reborrow(), offset)?;
        Ok(cursor.written())
    }

    pub fn read_buf_at(&self, mut cursor: BorrowedCursor<'_>, offset: u64) -> io::Result<()> {
        // SAFETY: only what the call filled counts as filled.
        unsafe {
            let count = files::read_at(self.fd(), cursor.as_mut(), place(offset)?)?;
            cursor.advance(count);
        }
        Ok(())
    }

    pub fn write(&self, buf: &[u8]) -> io::Result<usize> {
        Ok(files::write(self.fd(), buf)?)
    }

    pub fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if !self.is_write_vectored() {
            return io::default_write_vectored(|buf| self.write(buf), bufs);
        }
        Ok(files::write_vectored(self.fd(), bufs)?)
    }

    pub fn is_write_vectored(&self) -> bool {
        abi::OFFERS_WRITE_VECTORED
    }

    pub fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        Ok(files::write_at(self.fd(), buf, place(offset)?)?)
    }

    pub fn seek(&self, position: SeekFrom) -> io::Result<u64> {
        let (offset, whence) = match position {
            // An offset is signed: one beyond that is refused as the system would refuse a negative one.
            SeekFrom::Start(offset) => (place(offset)?, abi::SEEK_SET),
            SeekFrom::Current(offset) => (offset, abi::SEEK_CUR),
            SeekFrom::End(offset) => (offset, abi::SEEK_END),
        };
        Ok(files::seek(self.fd(), offset, whence)?)
    }

    pub fn tell(&self) -> io::Result<u64> {
        self.seek(SeekFrom::Current(0))
    }

    /// The same open file by one more number.
    pub fn duplicate(&self) -> io::Result<FileDesc> {
        Ok(FileDesc(self.0.try_clone()?))
    }
}

/// A place in a file, as operations take it.
fn place(offset: u64) -> Result<i64, abi::Failure> {
    i64::try_from(offset).map_err(|_| abi::Failure::TooLarge)
}

impl<'a> Read for &'a FileDesc {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (**self).read(buf)
    }

    fn read_buf(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        (**self).read_buf(cursor)
    }
}

impl AsInner<OwnedFd> for FileDesc {
    fn as_inner(&self) -> &OwnedFd {
        &self.0
    }
}

impl IntoInner<OwnedFd> for FileDesc {
    fn into_inner(self) -> OwnedFd {
        self.0
    }
}

impl FromInner<OwnedFd> for FileDesc {
    fn from_inner(owned: OwnedFd) -> FileDesc {
        FileDesc(owned)
    }
}

impl AsFd for FileDesc {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for FileDesc {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for FileDesc {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

impl FromRawFd for FileDesc {
    unsafe fn from_raw_fd(fd: RawFd) -> FileDesc {
        // SAFETY: the caller's promise.
        FileDesc(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}
