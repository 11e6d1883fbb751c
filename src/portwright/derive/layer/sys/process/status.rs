//! How a process ends: the status that `main` gives, and the one that a parent is told.

use crate::fmt;
use crate::num::NonZero;
use crate::sys::pal::children::WaitStatus;
use crate::sys::pal::signals;

#[derive(PartialEq, Eq, Clone, Copy, Default)]
pub struct ExitStatus(WaitStatus);

#[allow(dead_code)] // the system's own extension of std shows signals
impl ExitStatus {
    pub fn new(status: WaitStatus) -> ExitStatus {
        ExitStatus(status)
    }

    pub fn from_raw(raw: i32) -> ExitStatus {
        ExitStatus(WaitStatus(raw))
    }

    pub fn into_raw(self) -> i32 {
        self.0.0
    }

    pub fn code(&self) -> Option<i32> {
        self.0.code()
    }

    pub fn signal(&self) -> Option<i32> {
        self.0.signal()
    }

    pub fn core_dumped(&self) -> bool {
        self.0.core_dumped()
    }

    pub fn exit_ok(&self) -> Result<(), ExitStatusError> {
        match (self.code(), NonZero::new(self.0.0)) {
            (Some(0), _) | (_, None) => Ok(()),
            (_, Some(raw)) => Err(ExitStatusError(raw)),
        }
    }
}

impl fmt::Debug for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("wait_status").field(&self.0.0).finish()
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(signal) = self.signal() else {
            return write!(f, "exit status: {}", self.code().unwrap_or_default());
        };
        write!(f, "signal: {signal}")?;
        if let Some(name) = signals::name(signal) {
            write!(f, " ({name})")?;
        }
        if self.core_dumped() { f.write_str(" (core dumped)") } else { Ok(()) }
    }
}

/// A status that does not say success, which a zero could.
#[derive(PartialEq, Eq, Clone, Copy)]
pub struct ExitStatusError(NonZero<i32>);

impl ExitStatusError {
    pub fn code(self) -> Option<NonZero<i32>> {
        ExitStatus::from(self).code().and_then(NonZero::new)
    }
}

impl From<ExitStatusError> for ExitStatus {
    fn from(error: ExitStatusError) -> ExitStatus {
        ExitStatus::from_raw(error.0.get())
    }
}

impl fmt::Debug for ExitStatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("wait_status").field(&self.0).finish()
    }
}

#[derive(PartialEq, Eq, Clone, Copy, Debug)]
pub struct ExitCode(u8);

impl ExitCode {
    pub const SUCCESS: ExitCode = ExitCode(0);
    pub const FAILURE: ExitCode = ExitCode(1);

    pub fn as_i32(&self) -> i32 {
        self.0 as i32
    }
}

impl From<u8> for ExitCode {
    fn from(code: u8) -> ExitCode {
        ExitCode(code)
    }
}
