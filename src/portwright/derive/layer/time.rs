//! Operations on time: reading clocks and waiting.

use super::abi::{self, Clock, Failure};
use crate::time::Duration;

/// A clock's reading: whole seconds since its epoch, and nanoseconds below one second.
pub fn clock_read(clock: Clock) -> Result<(i64, u32), Failure> {
    let mut bytes = Timespec([0; abi::timespec::SIZE]);
    // SAFETY: the call writes one timespec into the buffer, which has its size.
    unsafe { abi::clock_read(clock.id, bytes.0.as_mut_ptr().expose_provenance()) }?;
    Ok(bytes.parts())
}

/// Waits; an interrupted wait is `Err` with the failure and what is left of it.
pub fn sleep(duration: Duration) -> Result<(), (Failure, Duration)> {
    let mut remaining = Timespec([0; abi::timespec::SIZE]);
    // SAFETY: the call writes at most one timespec into the buffer, which has its size.
    match unsafe { abi::sleep(duration, remaining.0.as_mut_ptr().expose_provenance()) } {
        Ok(_) => Ok(()),
        Err(failure) => {
            let (seconds, nanoseconds) = remaining.parts();
            Err((failure, Duration::new(seconds.max(0) as u64, nanoseconds).min(duration)))
        }
    }
}

// The words inside may need their own alignment; none is wider than this.
#[repr(align(16))]
struct Timespec([u8; abi::timespec::SIZE]);

impl Timespec {
    fn parts(&self) -> (i64, u32) {
        let part = |field: Option<abi::Field>| field.and_then(|field| field.read(&self.0)).unwrap_or(0);
        let nanoseconds = part(abi::timespec::TV_NSEC).clamp(0, 999_999_999);
        (part(abi::timespec::TV_SEC), nanoseconds as u32)
    }
}
