//! Operations that change what a file's status says: permissions and times.

use super::abi::{self, Failure, timespec_pair};
use super::files::Fd;
use super::uninterrupted;
use crate::ffi::CStr;

pub fn change_mode(path: &CStr, mode: usize) -> Result<(), Failure> {
    // SAFETY: the path ends in NUL and outlives the call.
    uninterrupted(|| unsafe { abi::change_mode(path, mode) }).map(drop)
}

pub fn fd_change_mode(fd: Fd, mode: usize) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    uninterrupted(|| unsafe { abi::fd_change_mode(fd, mode) }).map(drop)
}

/// Seconds since 1970, and nanoseconds below one second.
pub type Moment = (i64, u32);

/// When a file was read and when it was changed, as the system's calls take it.
#[repr(align(16))]
pub struct Times([u8; timespec_pair::SIZE]);

impl Times {
    /// For a call that does not look at it.
    pub fn none() -> Times {
        Times([0; timespec_pair::SIZE])
    }

    /// None leaves a time as it is; fails where the system cannot be told so.
    pub fn new(accessed: Option<Moment>, modified: Option<Moment>) -> Result<Times, Failure> {
        let mut made = Times::none();
        made.put(accessed, timespec_pair::ATIME_SEC, timespec_pair::ATIME_NSEC)?;
        made.put(modified, timespec_pair::MTIME_SEC, timespec_pair::MTIME_NSEC)?;
        Ok(made)
    }

    fn put(
        &mut self,
        moment: Option<Moment>,
        seconds: Option<abi::Field>,
        nanoseconds: Option<abi::Field>,
    ) -> Result<(), Failure> {
        let (Some(seconds), Some(nanoseconds)) = (seconds, nanoseconds) else {
            return Err(Failure::TooLarge);
        };
        let (whole, part) = match moment {
            Some((whole, part)) => (whole, part as i64),
            None => (0, abi::UTIME_OMIT.get()? as i64),
        };
        let fits = seconds.write(&mut self.0, whole) && nanoseconds.write(&mut self.0, part);
        if fits { Ok(()) } else { Err(Failure::TooLarge) }
    }

    fn address(&self) -> usize {
        self.0.as_ptr().expose_provenance()
    }
}

pub fn set_times(path: &CStr, times: &Times) -> Result<(), Failure> {
    // SAFETY: the path ends in NUL, the struct is the system's own, and both outlive the call.
    uninterrupted(|| unsafe { abi::set_times(path, times.address()) }).map(drop)
}

pub fn link_set_times(path: &CStr, times: &Times) -> Result<(), Failure> {
    // SAFETY: as above.
    uninterrupted(|| unsafe { abi::link_set_times(path, times.address()) }).map(drop)
}

pub fn fd_set_times(fd: Fd, times: &Times) -> Result<(), Failure> {
    // SAFETY: the struct is the system's own and outlives the call.
    uninterrupted(|| unsafe { abi::fd_set_times(fd, times.address()) }).map(drop)
}
