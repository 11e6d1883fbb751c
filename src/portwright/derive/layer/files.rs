//! Operations on files, with Rust types: paths end in NUL, buffers know their lengths, a status is read by field.

#![allow(dead_code)] // the family is whole; std calls what it needs

use super::abi::{self, Failure};
use super::{descriptors, uninterrupted};
use super::vectors::Vectors;
use crate::ffi::CStr;
use crate::io::{IoSlice, IoSliceMut};
use crate::mem::MaybeUninit;

/// The system's number of an open file.
pub type Fd = usize;

pub const STDIN: Fd = 0;
pub const STDOUT: Fd = 1;
pub const STDERR: Fd = 2;

/// An open file, closed when dropped.
pub use crate::sys::fd::FileDesc as Handle;

/// An open file's number as `std::os::fd` has it, as operations take it.
pub fn number(raw: i32) -> Fd {
    raw as isize as usize
}

/// An open file's number as `std::os::fd` has it.
pub fn raw(fd: Fd) -> i32 {
    fd as i32
}

/// A file's status as the system wrote it.
#[derive(Clone)]
pub struct Status([u8; abi::stat::SIZE]);

impl Status {
    /// What a call writes that is given the address of a buffer of the struct's size.
    pub(super) fn of(call: impl Fn(usize) -> Result<usize, Failure>) -> Result<Status, Failure> {
        // Structs of systems hold words at most this large; a kernel may refuse a less aligned address.
        #[repr(align(16))]
        struct Aligned([u8; abi::stat::SIZE]);

        let mut buffer = Aligned([0; abi::stat::SIZE]);
        uninterrupted(|| call(buffer.0.as_mut_ptr().expose_provenance()))?;
        Ok(Status(buffer.0))
    }

    /// A field of the status; 0 where the system's struct has no such field.
    pub fn field(&self, field: Option<abi::Field>) -> i64 {
        self.optional(field).unwrap_or(0)
    }

    /// A field of the status, if the system's struct has it.
    pub fn optional(&self, field: Option<abi::Field>) -> Option<i64> {
        field?.read(&self.0)
    }
}

pub fn open(path: &CStr, flags: usize, mode: usize) -> Result<Fd, Failure> {
    // SAFETY: the path ends in NUL and outlives the call.
    let fd = uninterrupted(|| unsafe { abi::open(path, flags, mode) })?;
    if !abi::O_CLOEXEC.works() {
        descriptors::stay_here(fd);
    }
    Ok(fd)
}

pub fn close(fd: Fd) -> Result<(), Failure> {
    // SAFETY: no memory is passed. An interrupted close is not repeated: the number may be another file's by then.
    unsafe { abi::close(fd) }.map(drop)
}

pub fn read(fd: Fd, buffer: &mut [MaybeUninit<u8>]) -> Result<usize, Failure> {
    if buffer.is_empty() {
        return Ok(0);
    }
    // SAFETY: the call writes at most `len` bytes into the buffer.
    let count = unsafe { abi::read(fd, buffer.as_mut_ptr().expose_provenance(), buffer.len()) }?;
    Ok(count.min(buffer.len()))
}

pub fn read_at(fd: Fd, buffer: &mut [MaybeUninit<u8>], offset: i64) -> Result<usize, Failure> {
    if buffer.is_empty() {
        return Ok(0);
    }
    // SAFETY: the call writes at most `len` bytes into the buffer.
    let count =
        unsafe { abi::read_at(fd, buffer.as_mut_ptr().expose_provenance(), buffer.len(), offset) }?;
    Ok(count.min(buffer.len()))
}

pub fn read_vectored(fd: Fd, buffers: &mut [IoSliceMut<'_>]) -> Result<usize, Failure> {
    let ranges = buffers.iter_mut().map(|buffer| (buffer.as_mut_ptr().expose_provenance(), buffer.len()));
    let vectors = Vectors::new(ranges)?;
    if vectors.count == 0 {
        return Ok(0);
    }
    // SAFETY: the vectors are those of the buffers, which outlive the call.
    let count = unsafe { abi::read_vectored(fd, vectors.address(), vectors.count) }?;
    Ok(count.min(vectors.bytes))
}

pub fn write(fd: Fd, bytes: &[u8]) -> Result<usize, Failure> {
    if bytes.is_empty() {
        return Ok(0);
    }
    // SAFETY: the call reads at most `len` bytes.
    let count = unsafe { abi::write(fd, bytes.as_ptr().expose_provenance(), bytes.len()) }?;
    Ok(count.min(bytes.len()))
}

pub fn write_at(fd: Fd, bytes: &[u8], offset: i64) -> Result<usize, Failure> {
    if bytes.is_empty() {
        return Ok(0);
    }
    // SAFETY: the call reads at most `len` bytes.
    let count = unsafe { abi::write_at(fd, bytes.as_ptr().expose_provenance(), bytes.len(), offset) }?;
    Ok(count.min(bytes.len()))
}

pub fn write_vectored(fd: Fd, buffers: &[IoSlice<'_>]) -> Result<usize, Failure> {
    let ranges = buffers.iter().map(|buffer| (buffer.as_ptr().expose_provenance(), buffer.len()));
    let vectors = Vectors::new(ranges)?;
    if vectors.count == 0 {
        return Ok(0);
    }
    // SAFETY: the vectors are those of the buffers, which outlive the call.
    let count = unsafe { abi::write_vectored(fd, vectors.address(), vectors.count) }?;
    Ok(count.min(vectors.bytes))
}

/// Writes what a program says before it ends at once, all of it as far as the system takes it.
pub fn last_words(mut text: &[u8]) {
    while !text.is_empty() {
        match uninterrupted(|| write(STDERR, text)) {
            Ok(count) if count > 0 => text = &text[count..],
            _ => return,
        }
    }
}

pub fn seek(fd: Fd, offset: i64, whence: abi::Constant) -> Result<u64, Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::seek(fd, offset, whence.or_none()) }.map(|position| position as u64)
}

pub fn set_length(fd: Fd, length: i64) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    uninterrupted(|| unsafe { abi::set_length(fd, length) }).map(drop)
}

pub fn fd_status(fd: Fd) -> Result<Status, Failure> {
    // SAFETY: `Status::of` gives the address of a buffer of the struct's size.
    Status::of(|address| unsafe { abi::fd_status(fd, address) })
}

pub fn file_status(path: &CStr) -> Result<Status, Failure> {
    // SAFETY: as in `fd_status`, and the path ends in NUL.
    Status::of(|address| unsafe { abi::file_status(path, address) })
}

pub fn link_status(path: &CStr) -> Result<Status, Failure> {
    // SAFETY: as in `file_status`.
    Status::of(|address| unsafe { abi::link_status(path, address) })
}

pub fn remove_file(path: &CStr) -> Result<(), Failure> {
    // SAFETY: the path ends in NUL and outlives the call.
    unsafe { abi::remove_file(path) }.map(drop)
}

pub fn rename(path: &CStr, target: &CStr) -> Result<(), Failure> {
    // SAFETY: both paths end in NUL and outlive the call.
    unsafe { abi::rename(path, target) }.map(drop)
}

pub fn sync_file(fd: Fd) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    uninterrupted(|| unsafe { abi::sync_file(fd) }).map(drop)
}

/// Where the system has no call for the bytes alone, the status goes with them.
pub fn sync_data(fd: Fd) -> Result<(), Failure> {
    if !abi::OFFERS_SYNC_DATA && abi::OFFERS_SYNC_FILE {
        return sync_file(fd);
    }
    // SAFETY: no memory is passed.
    uninterrupted(|| unsafe { abi::sync_data(fd) }).map(drop)
}

pub fn lock_file(fd: Fd, operation: usize) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    uninterrupted(|| unsafe { abi::lock_file(fd, operation) }).map(drop)
}

/// Whether the open file is a terminal, as a success.
pub fn terminal_status(fd: Fd) -> Result<(), Failure> {
    #[repr(align(16))]
    struct Aligned([u8; abi::termios::SIZE]);

    let mut buffer = Aligned([0; abi::termios::SIZE]);
    // SAFETY: the call writes at most the struct, which the buffer is.
    unsafe { abi::terminal_status(fd, buffer.0.as_mut_ptr().expose_provenance()) }.map(drop)
}
