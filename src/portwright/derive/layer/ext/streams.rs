//! The streams of a child process as open files, and open files as a child's streams.

use crate::fs::File;
use crate::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use crate::process::{ChildStderr, ChildStdin, ChildStdout, Stdio};
use crate::sys::{AsInner, FromInner, IntoInner};

macro_rules! stream {
    ($($stream:ident)*) => {$(
        #[stable(feature = "io_safety", since = "1.63.0")]
        impl AsFd for $stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.as_inner().as_fd()
            }
        }

        #[stable(feature = "process_extensions", since = "1.2.0")]
        impl AsRawFd for $stream {
            fn as_raw_fd(&self) -> RawFd {
                self.as_inner().as_raw_fd()
            }
        }

        #[stable(feature = "into_raw_os", since = "1.4.0")]
        impl IntoRawFd for $stream {
            fn into_raw_fd(self) -> RawFd {
                self.into_inner().into_raw_fd()
            }
        }

        #[stable(feature = "io_safety", since = "1.63.0")]
        impl From<$stream> for OwnedFd {
            fn from(stream: $stream) -> OwnedFd {
                stream.into_inner().into_inner()
            }
        }

        #[stable(feature = "child_stream_from_fd", since = "1.74.0")]
        impl From<OwnedFd> for $stream {
            fn from(fd: OwnedFd) -> $stream {
                $stream::from_inner(FromInner::from_inner(fd))
            }
        }
    )*};
}

stream! { ChildStdin ChildStdout ChildStderr }

#[stable(feature = "io_safety", since = "1.63.0")]
impl From<OwnedFd> for Stdio {
    fn from(fd: OwnedFd) -> Stdio {
        Stdio::from(File::from(fd))
    }
}

#[stable(feature = "rust1", since = "1.0.0")]
impl FromRawFd for Stdio {
    unsafe fn from_raw_fd(fd: RawFd) -> Stdio {
        // SAFETY: the caller's promise.
        Stdio::from(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}
