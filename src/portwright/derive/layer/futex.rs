//! The words that std's locks wait at: the system's, or words that are looked at again and again.

use super::{abi, threads};
use crate::sync::atomic::Atomic;
use crate::sync::atomic::Ordering::Relaxed;
use crate::time::{Duration, Instant};

pub type Futex = Atomic<Primitive>;
pub type Primitive = u32;
pub type SmallFutex = Atomic<SmallPrimitive>;
pub type SmallPrimitive = u32;

const OFFERED: bool = abi::OFFERS_FUTEX_WAIT && abi::OFFERS_FUTEX_WAKE;

/// Waits while the word holds `expected`, until somebody wakes the waiters there, or for so long; may come back for
/// no reason. False only where the time is over.
pub fn futex_wait(word: &Atomic<u32>, expected: u32, timeout: Option<Duration>) -> bool {
    // A time beyond what clocks can tell is no limit.
    let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut turn = 0;
    while word.load(Relaxed) == expected {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return false;
        }
        if !OFFERED || (left.is_some() && !abi::PASSES_FUTEX_WAIT_TIMEOUT) {
            pause(turn, left);
            turn += 1;
            continue;
        }
        match threads::futex_wait(word, expected, left) {
            Ok(()) => return true,
            Err(abi::Failure::Os(number)) if Some(number) == abi::EAGAIN => return true,
            // The time is over, or the call was interrupted: the clock knows.
            Err(abi::Failure::Os(number)) if [abi::ETIMEDOUT, abi::EINTR].contains(&Some(number)) => {}
            // Waiting that fails is no reason to stop: others go on in the meantime.
            Err(_) => {
                pause(turn, left);
                turn += 1;
            }
        }
    }
    true
}

/// Wakes one who waits there; whether there was one.
pub fn futex_wake(word: &Atomic<u32>) -> bool {
    OFFERED && wake(word, 1) > 0
}

/// Wakes all who wait there.
pub fn futex_wake_all(word: &Atomic<u32>) {
    if OFFERED {
        wake(word, i32::MAX);
    }
}

/// Wakes so many; how many there were.
///
/// The word may be gone by now, with all who waited there: most failures are no loss. A system that has no such call
/// after all leaves every waiter waiting, and that is said.
fn wake(word: &Atomic<u32>, count: i32) -> usize {
    match threads::futex_wake(word.as_ptr(), count) {
        Err(abi::Failure::Os(number)) if Some(number) == abi::ENOSYS => {
            super::files::last_words(b"fatal runtime error: the system wakes no threads, aborting\n");
            super::abort_internal()
        }
        woken => woken.unwrap_or(0),
    }
}

/// Lets others run before the next look: at first at once, then for longer and longer, up to a millisecond.
pub fn pause(turn: u32, left: Option<Duration>) {
    const AT_ONCE: u32 = 32;
    let rest = Duration::from_micros(1 << turn.saturating_sub(AT_ONCE).min(10));
    let rest = left.map_or(rest, |left| left.min(rest));
    if turn < AT_ONCE || super::time::sleep(rest).is_err() {
        if threads::yield_now().is_err() {
            crate::hint::spin_loop();
        }
    }
}
