//! A socket as an open file with a number, as `std::os::fd` has it.

use super::socket::Socket;
use crate::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use crate::sys::fd::FileDesc;
use crate::sys::{AsInner, FromInner, IntoInner};

impl AsInner<FileDesc> for Socket {
    fn as_inner(&self) -> &FileDesc {
        &self.file
    }
}

impl IntoInner<FileDesc> for Socket {
    fn into_inner(self) -> FileDesc {
        self.file
    }
}

impl FromInner<FileDesc> for Socket {
    fn from_inner(file: FileDesc) -> Socket {
        Socket::of(file)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl IntoRawFd for Socket {
    fn into_raw_fd(self) -> RawFd {
        self.file.into_raw_fd()
    }
}

impl FromRawFd for Socket {
    unsafe fn from_raw_fd(fd: RawFd) -> Socket {
        // SAFETY: the caller's promise.
        Socket::of(FileDesc::from_inner(unsafe { OwnedFd::from_raw_fd(fd) }))
    }
}

#[cfg(test)]
impl Socket {
    /// The number under the name by which std's own tests ask for it.
    pub fn as_raw(&self) -> RawFd {
        self.as_raw_fd()
    }
}
