//! Open files: what can be done with one, and what of it std's own files on descriptors need.

use super::open::OpenOptions;
use super::{FileAttr, FilePermissions, FileTimes, lstat, stat, with_path};
use crate::fs::TryLockError;
use crate::io::{self, BorrowedCursor, IoSlice, IoSliceMut, SeekFrom};
use crate::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, RawFd};
use crate::path::Path;
use crate::sys::fd::FileDesc;
use crate::sys::pal::files::{self, Fd};
use crate::sys::pal::{abi, properties};
use crate::sys::{AsInner, AsInnerMut, FromInner, IntoInner};

/// Asks whether a file is there, where opening does not: of two programs at once both may be told that it is not.
fn refuse_existing(path: &Path) -> io::Result<()> {
    let found = if abi::OFFERS_LINK_STATUS { lstat(path) } else { stat(path) };
    match found {
        Ok(_) => Err(super::error(abi::EEXIST, io::ErrorKind::AlreadyExists)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[derive(Debug)]
pub struct File(FileDesc);

impl File {
    pub fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
        let flags = options.flags()?;
        if options.must_be_new() && !abi::O_EXCL.works() {
            refuse_existing(path)?;
        }
        let fd = with_path(path, |path| Ok(files::open(path, flags, options.mode())?))?;
        let file = File(FileDesc::new(fd));
        if options.empties() && !abi::O_TRUNC.works() {
            file.truncate(0)?;
        }
        Ok(file)
    }

    /// The number, as operations take it.
    pub fn fd(&self) -> Fd {
        self.0.fd()
    }

    pub fn file_attr(&self) -> io::Result<FileAttr> {
        Ok(FileAttr::new(files::fd_status(self.0.fd())?))
    }

    pub fn fsync(&self) -> io::Result<()> {
        Ok(files::sync_file(self.0.fd())?)
    }

    pub fn datasync(&self) -> io::Result<()> {
        Ok(files::sync_data(self.0.fd())?)
    }

    fn change_lock(&self, operation: abi::Constant) -> io::Result<()> {
        // A system that locks files has the constants.
        Ok(files::lock_file(self.0.fd(), operation.or_none())?)
    }

    fn try_change_lock(&self, operation: abi::Constant) -> Result<(), TryLockError> {
        let bits = operation.or_none() | abi::LOCK_NB.or_none();
        match files::lock_file(self.0.fd(), bits).map_err(io::Error::from) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(TryLockError::WouldBlock),
            Err(error) => Err(TryLockError::Error(error)),
        }
    }

    pub fn lock(&self) -> io::Result<()> {
        self.change_lock(abi::LOCK_EX)
    }

    pub fn lock_shared(&self) -> io::Result<()> {
        self.change_lock(abi::LOCK_SH)
    }

    pub fn try_lock(&self) -> Result<(), TryLockError> {
        self.try_change_lock(abi::LOCK_EX)
    }

    pub fn try_lock_shared(&self) -> Result<(), TryLockError> {
        self.try_change_lock(abi::LOCK_SH)
    }

    pub fn unlock(&self) -> io::Result<()> {
        self.change_lock(abi::LOCK_UN)
    }

    pub fn truncate(&self, size: u64) -> io::Result<()> {
        let size = i64::try_from(size).map_err(|_| abi::Failure::TooLarge)?;
        Ok(files::set_length(self.0.fd(), size)?)
    }

    pub fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    pub fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.read_vectored(bufs)
    }

    pub fn is_read_vectored(&self) -> bool {
        self.0.is_read_vectored()
    }

    pub fn read_buf(&self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        self.0.read_buf(cursor)
    }

    pub fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }

    pub fn read_buf_at(&self, cursor: BorrowedCursor<'_>, offset: u64) -> io::Result<()> {
        self.0.read_buf_at(cursor, offset)
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

    pub fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(buf, offset)
    }

    pub fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    pub fn seek(&self, position: SeekFrom) -> io::Result<u64> {
        self.0.seek(position)
    }

    pub fn size(&self) -> Option<io::Result<u64>> {
        None
    }

    pub fn tell(&self) -> io::Result<u64> {
        self.0.tell()
    }

    pub fn duplicate(&self) -> io::Result<File> {
        Ok(File(self.0.duplicate()?))
    }

    pub fn set_permissions(&self, permissions: FilePermissions) -> io::Result<()> {
        Ok(properties::fd_change_mode(self.0.fd(), permissions.bits())?)
    }

    pub fn set_times(&self, times: FileTimes) -> io::Result<()> {
        let times = times.made(abi::OFFERS_FD_SET_TIMES, || self.file_attr())?;
        Ok(properties::fd_set_times(self.0.fd(), &times)?)
    }
}

impl AsInner<FileDesc> for File {
    fn as_inner(&self) -> &FileDesc {
        &self.0
    }
}

impl AsInnerMut<FileDesc> for File {
    fn as_inner_mut(&mut self) -> &mut FileDesc {
        &mut self.0
    }
}

impl IntoInner<FileDesc> for File {
    fn into_inner(self) -> FileDesc {
        self.0
    }
}

impl FromInner<FileDesc> for File {
    fn from_inner(inner: FileDesc) -> File {
        File(inner)
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for File {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

impl FromRawFd for File {
    unsafe fn from_raw_fd(fd: RawFd) -> File {
        // SAFETY: the caller's promise.
        File(unsafe { FileDesc::from_raw_fd(fd) })
    }
}
