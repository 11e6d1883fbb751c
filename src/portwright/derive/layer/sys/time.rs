//! Instants and times of day over the system's clocks.

use crate::io;
use crate::sys::pal::{abi, time};
use crate::time::Duration;

const SECOND: u32 = 1_000_000_000;

/// Time since the clock's start, which is the system's own affair.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Instant(Duration);

impl Instant {
    pub fn now() -> Instant {
        let (seconds, nanoseconds) = read(abi::MONOTONIC.or(abi::REALTIME));
        Instant(Duration::new(seconds.max(0) as u64, nanoseconds))
    }

    pub fn checked_sub_instant(&self, other: &Instant) -> Option<Duration> {
        self.0.checked_sub(other.0)
    }

    pub fn checked_add_duration(&self, other: &Duration) -> Option<Instant> {
        Some(Instant(self.0.checked_add(*other)?))
    }

    pub fn checked_sub_duration(&self, other: &Duration) -> Option<Instant> {
        Some(Instant(self.0.checked_sub(*other)?))
    }
}

/// Time since 1970, before it too: seconds rounded down, and nanoseconds from there.
///
/// Where the ledger says that the system's clock counts from its boot, `now` is 1970 plus the time since then.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct SystemTime {
    seconds: i64,
    nanoseconds: u32,
}

pub const UNIX_EPOCH: SystemTime = SystemTime { seconds: 0, nanoseconds: 0 };

impl SystemTime {
    pub const MAX: SystemTime = SystemTime { seconds: i64::MAX, nanoseconds: SECOND - 1 };

    pub const MIN: SystemTime = SystemTime { seconds: i64::MIN, nanoseconds: 0 };

    /// The time that a system tells as seconds and nanoseconds since 1970.
    pub fn new(seconds: i64, nanoseconds: i64) -> SystemTime {
        SystemTime { seconds, nanoseconds: nanoseconds.clamp(0, (SECOND - 1) as i64) as u32 }
    }

    /// Seconds since 1970, rounded down, and nanoseconds from there.
    pub fn parts(self) -> (i64, u32) {
        (self.seconds, self.nanoseconds)
    }

    pub fn now() -> SystemTime {
        let (seconds, nanoseconds) = read(abi::REALTIME.or(abi::MONOTONIC));
        SystemTime { seconds, nanoseconds }
    }

    pub fn sub_time(&self, other: &SystemTime) -> Result<Duration, Duration> {
        if self >= other { Ok(self.since(other)) } else { Err(other.since(self)) }
    }

    /// The time since an earlier one: the difference of any two i64 fits u64.
    fn since(&self, earlier: &SystemTime) -> Duration {
        let mut seconds = self.seconds.wrapping_sub(earlier.seconds) as u64;
        let mut nanoseconds = self.nanoseconds;
        if nanoseconds < earlier.nanoseconds {
            seconds -= 1;
            nanoseconds += SECOND;
        }
        Duration::new(seconds, nanoseconds - earlier.nanoseconds)
    }

    pub fn checked_add_duration(&self, other: &Duration) -> Option<SystemTime> {
        let nanoseconds = self.nanoseconds + other.subsec_nanos();
        let carry = (nanoseconds >= SECOND) as i64;
        let seconds = self.seconds.checked_add_unsigned(other.as_secs())?.checked_add(carry)?;
        Some(SystemTime { seconds, nanoseconds: nanoseconds - carry as u32 * SECOND })
    }

    pub fn checked_sub_duration(&self, other: &Duration) -> Option<SystemTime> {
        let borrow = self.nanoseconds < other.subsec_nanos();
        let nanoseconds = self.nanoseconds + borrow as u32 * SECOND - other.subsec_nanos();
        let seconds = self.seconds.checked_sub_unsigned(other.as_secs())?.checked_sub(borrow as i64)?;
        Some(SystemTime { seconds, nanoseconds })
    }
}

fn read(clock: Option<abi::Clock>) -> (i64, u32) {
    let Some(clock) = clock else { panic!("no clock: the port's ledger has no [clocks]") };
    time::clock_read(clock).unwrap_or_else(|failure| panic!("no clock: {}", io::Error::from(failure)))
}
