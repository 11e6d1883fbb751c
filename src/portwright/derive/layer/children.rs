//! Operations on other processes: starting them, waiting for them, ending them.

#![allow(dead_code)] // a system starts processes in one way, and std calls what it needs

use super::abi::{self, Failure};
use super::files::Fd;
use super::kinds::Aligned;
use super::{process, uninterrupted};
use crate::ffi::{CStr, CString};

/// How a process ended, as `wait` tells it.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct WaitStatus(pub i32);

impl WaitStatus {
    /// The signal that ended the process.
    pub fn signal(self) -> Option<i32> {
        abi::STATUS_SIGNAL.map(|part| part.of(self.0)).filter(|signal| *signal != 0)
    }

    /// The status with which the process ended itself.
    pub fn code(self) -> Option<i32> {
        if self.signal().is_some() { None } else { Some(abi::STATUS_CODE.of(self.0)) }
    }

    pub fn core_dumped(self) -> bool {
        self.signal().is_some() && abi::STATUS_CORE_DUMPED.is_some_and(|part| part.of(self.0) != 0)
    }
}

/// Strings as a system takes them: addresses up to a null.
pub struct Strings {
    /// Owns what the addresses point to.
    texts: Vec<CString>,
    addresses: Vec<usize>,
}

impl Strings {
    pub fn new(texts: Vec<CString>) -> Strings {
        let mut addresses: Vec<usize> = texts.iter().map(|text| text.as_ptr().expose_provenance()).collect();
        addresses.push(0);
        Strings { texts, addresses }
    }

    /// Where the list of addresses is.
    pub fn address(&self) -> usize {
        self.addresses.as_ptr().expose_provenance()
    }

    pub fn first(&self) -> Option<&CStr> {
        self.texts.first().map(|text| text.as_c_str())
    }
}

/// Makes a copy of the process: `None` in the copy, its number in the original.
///
/// # Safety
///
/// Of a process with several threads the copy has only the calling one: until it becomes another program it must
/// take no lock and no memory.
pub unsafe fn fork() -> Result<Option<usize>, Failure> {
    // SAFETY: no memory is passed; the rest is the caller's promise.
    let number = unsafe { abi::fork() }?;
    Ok(if number == 0 { None } else { Some(number) })
}

/// Becomes another program; comes back only where it cannot.
pub fn execute(path: &CStr, arguments: &Strings, environment: &Strings) -> Failure {
    // SAFETY: the strings end in NUL, and their lists in a null.
    match unsafe { abi::execute(path, arguments.address(), environment.address()) } {
        Err(failure) => failure,
        Ok(_) => Failure::TooLarge,
    }
}

/// Starts a program in a new process; of its standard streams those that are not given are this process's own.
pub fn spawn(
    path: &CStr,
    arguments: &Strings,
    environment: &Strings,
    directory: Option<&CStr>,
    streams: [Option<Fd>; 3],
) -> Result<usize, Failure> {
    const OWN: usize = usize::MAX; // -1
    let [stdin, stdout, stderr] = streams.map(|fd| fd.unwrap_or(OWN));
    let (arguments, environment) = (arguments.address(), environment.address());
    // SAFETY: the strings end in NUL, and their lists in a null.
    unsafe { abi::spawn(path, arguments, environment, directory, stdin, stdout, stderr) }
}

/// Waits until a child has ended; with `at_once` it answers `None` while the child runs.
pub fn wait(process: usize, at_once: bool) -> Result<Option<WaitStatus>, Failure> {
    let options = if at_once { abi::WNOHANG.get()? } else { 0 };
    let mut status = Aligned([0; abi::wait_status::SIZE]);
    // SAFETY: the struct has its size.
    let ended = uninterrupted(|| unsafe { abi::wait(process as isize, status.address(), options) })?;
    if at_once && ended == 0 {
        return Ok(None);
    }
    let raw = abi::wait_status::STATUS.and_then(|field| field.read(&status.0)).unwrap_or(0);
    Ok(Some(WaitStatus(raw as i32)))
}

pub fn kill(process: usize, signal: usize) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::kill(process as isize, signal) }.map(drop)
}

/// Ends this process by the signal that says that it aborted; comes back where the system has no such thing.
pub fn abort() {
    if let (Ok(signal), Ok(own)) = (abi::SIGABRT.get(), process::process_id()) {
        if abi::OFFERS_SIGNAL_ACTION {
            let _ = super::signals::signal_action(signal, abi::SIG_DFL);
        }
        let _ = kill(own, signal);
    }
}

