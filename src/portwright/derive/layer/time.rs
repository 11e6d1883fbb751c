//! Operations on time: reading clocks and waiting.

use super::abi::{self, Clock, Failure, Timespec};
use crate::time::Duration;

/// A clock's reading: whole seconds since its epoch, and nanoseconds below one second.
pub fn clock_read(clock: Clock) -> Result<(i64, u32), Failure> {
    let mut time = Timespec::new(Duration::ZERO)?;
    // SAFETY: the call writes one timespec.
    unsafe { abi::clock_read(clock.id, time.address()) }?;
    time.parts().ok_or(Failure::TooLarge)
}

/// Waits; an interrupted wait is `Err` with the failure and what is left of it.
///
/// A call that does not tell what is left leaves the whole duration: a wait may be long, never short.
pub fn sleep(duration: Duration) -> Result<(), (Failure, Duration)> {
    let mut left = Timespec::new(duration).ok();
    let address = left.as_mut().map_or(0, Timespec::address);
    // SAFETY: the call writes at most one timespec; at address 0, nothing.
    let Err(failure) = (unsafe { abi::sleep(duration, address) }) else { return Ok(()) };
    let left = left.and_then(|left| left.parts());
    let left = left.map(|(seconds, nanoseconds)| Duration::new(seconds.max(0) as u64, nanoseconds));
    Err((failure, left.unwrap_or(duration)))
}
