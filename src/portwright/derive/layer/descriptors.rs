//! Operations on the numbers of open files: pipes, second numbers, flags, and waiting for several at once.

#![allow(dead_code)] // the family is whole; std calls what it needs

use super::abi::{self, Failure};
use super::files::{self, Fd};
use super::{kinds, uninterrupted};
use crate::time::Duration;

/// A pipe's two ends: what to read from, and what to write to. A program that is started has neither.
pub fn create_pipe() -> Result<(Fd, Fd), Failure> {
    let mut pair = kinds::Aligned([0; abi::fd_pair::SIZE]);
    if !abi::OFFERS_CREATE_PIPE {
        // SAFETY: there is no such call, which is all that this says.
        return Err(unsafe { abi::create_pipe(0, 0) }.err().unwrap_or(Failure::TooLarge));
    }
    let (Some(to_read), Some(to_write)) = (abi::fd_pair::READ, abi::fd_pair::WRITE) else {
        return Err(Failure::TooLarge);
    };
    let at_once = abi::PASSES_CREATE_PIPE_FLAGS && abi::CREATE_PIPE_O_CLOEXEC.works();
    let flags = if at_once { abi::CREATE_PIPE_O_CLOEXEC.or_none() } else { 0 };
    // SAFETY: the buffer has the struct's size.
    unsafe { abi::create_pipe(pair.address(), flags) }?;
    let ends = [to_read, to_write].map(|field| field.read(&pair.0).unwrap_or(-1) as Fd);
    if !at_once {
        for end in ends {
            stay_here(end);
        }
    }
    Ok((ends[0], ends[1]))
}

/// A second number for an open file, which a program that is started does not have.
pub fn duplicate(fd: Fd) -> Result<Fd, Failure> {
    // SAFETY: no memory is passed.
    let found = unsafe { abi::duplicate(fd) }?;
    if !abi::DUPLICATE_CLOSES_ON_EXECUTE {
        stay_here(found);
    }
    Ok(found)
}

/// Makes `target` stand for an open file, also in a program that is started.
pub fn duplicate_to(fd: Fd, target: Fd) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    uninterrupted(|| unsafe { abi::duplicate_to(fd, target, 0) }).map(drop)
}

/// Keeps an open file from programs that are started, where the system can.
pub fn stay_here(fd: Fd) {
    if abi::OFFERS_SET_DESCRIPTOR_FLAGS {
        // A system that cannot leaves the file open there, and says so to nobody.
        let _ = set_descriptor_flags(fd, abi::FD_CLOEXEC.or_none());
    }
}

/// Whether the number stands for an open file, where the system can tell.
pub fn descriptor_flags(fd: Fd) -> Result<usize, Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::descriptor_flags(fd) }
}

pub fn set_descriptor_flags(fd: Fd, flags: usize) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::set_descriptor_flags(fd, flags) }.map(drop)
}

pub fn status_flags(fd: Fd) -> Result<usize, Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::status_flags(fd) }
}

pub fn set_status_flags(fd: Fd, flags: usize) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::set_status_flags(fd, flags) }.map(drop)
}

/// Whether reading and writing an open file wait until they can do something.
pub fn set_nonblocking(fd: Fd, nonblocking: bool) -> Result<(), Failure> {
    let bit = abi::O_NONBLOCK.get()?;
    let old = status_flags(fd)?;
    let new = if nonblocking { old | bit } else { old & !bit };
    if new == old { Ok(()) } else { set_status_flags(fd, new) }
}

/// An open file that is waited for, and what became of it.
#[derive(Clone, Copy)]
pub struct Awaited {
    pub fd: Fd,
    pub reading: bool,
    pub writing: bool,
    /// Something can be done now: also reading an end or an error.
    pub ready: bool,
    /// The number stands for no open file.
    pub closed: bool,
}

impl Awaited {
    pub fn reading(fd: Fd) -> Awaited {
        Awaited { fd, reading: true, writing: false, ready: false, closed: false }
    }

    pub fn writing(fd: Fd) -> Awaited {
        Awaited { fd, reading: false, writing: true, ready: false, closed: false }
    }
}

/// The longest time that every system's call can say: three weeks, in milliseconds less than 2^31.
const LONGEST_WAIT: Duration = Duration::from_secs(21 * 24 * 3600);

/// Waits until one of the files is ready, at most for the time given (and never longer than `LONGEST_WAIT`).
pub fn poll(awaited: &mut [Awaited], timeout: Option<Duration>) -> Result<usize, Failure> {
    let timeout = timeout.map(|time| time.min(LONGEST_WAIT));
    let mut list = Vec::with_capacity(awaited.len() * abi::pollfd::SIZE);
    for each in awaited.iter() {
        let mut entry = [0; abi::pollfd::SIZE];
        let reading = if each.reading { abi::POLLIN.get()? } else { 0 };
        let writing = if each.writing { abi::POLLOUT.get()? } else { 0 };
        put(&mut entry, abi::pollfd::FD, each.fd as i64)?;
        put(&mut entry, abi::pollfd::EVENTS, (reading | writing) as i64)?;
        list.extend_from_slice(&entry);
    }
    // SAFETY: the list has as many entries as the call is told.
    let count = unsafe { abi::poll(list.as_mut_ptr().expose_provenance(), awaited.len(), timeout) }?;
    for (each, entry) in awaited.iter_mut().zip(list.chunks_exact(abi::pollfd::SIZE.max(1))) {
        let events = abi::pollfd::REVENTS.and_then(|field| field.read(entry)).unwrap_or(0);
        each.ready = events != 0;
        each.closed = abi::POLLNVAL.value.is_some_and(|bit| events as usize & bit != 0);
    }
    Ok(count)
}

fn put(entry: &mut [u8], field: Option<abi::Field>, value: i64) -> Result<(), Failure> {
    match field {
        Some(field) if field.write(entry, value) => Ok(()),
        _ => Err(Failure::TooLarge),
    }
}

/// Opens the null device for each standard stream that is closed, or a file that is opened later would become one.
pub fn open_closed_streams() {
    if !(abi::OFFERS_POLL && abi::OFFERS_OPEN && abi::POLLNVAL.works()) {
        return;
    }
    // No heap is used before main: the list has room for three.
    let mut list = kinds::Aligned([0; 3 * abi::pollfd::SIZE]);
    let size = abi::pollfd::SIZE;
    for stream in [files::STDIN, files::STDOUT, files::STDERR] {
        let _ = put(&mut list.0[stream * size..(stream + 1) * size], abi::pollfd::FD, stream as i64);
    }
    // SAFETY: the list has three entries.
    let asked = uninterrupted(|| unsafe { abi::poll(list.address(), 3, Some(Duration::ZERO)) });
    let (Ok(count), Some(closed)) = (asked, abi::POLLNVAL.value) else { return };
    if count == 0 {
        return;
    }
    for entry in list.0.chunks_exact(size) {
        let events = abi::pollfd::REVENTS.and_then(|field| field.read(entry)).unwrap_or(0);
        if events as usize & closed != 0 {
            // The lowest free number is this stream's, for those below are open.
            let _ = files::open(c"/dev/null", abi::O_RDWR.or_none(), 0);
        }
    }
}
