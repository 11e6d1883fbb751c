//! The one thread that there is: waiting, and letting others run.

use crate::io;
use crate::sys::pal::{abi, threads, time};
use crate::time::{Duration, Instant};

pub fn yield_now() {
    // A system without the call has nobody to yield to.
    let _ = threads::yield_now();
}

/// Waits at least so long, in as many calls as it takes. Without a call for it, watches the clock.
pub fn sleep(duration: Duration) {
    if !abi::OFFERS_SLEEP {
        let began = Instant::now();
        while began.elapsed() < duration {
            yield_now();
        }
        return;
    }
    let mut left = duration;
    while !left.is_zero() {
        match time::sleep(left) {
            Ok(()) => return,
            Err((abi::Failure::Os(number), rest)) if Some(number) == abi::EINTR => left = rest,
            Err((failure, _)) => panic!("cannot sleep: {}", io::Error::from(failure)),
        }
    }
}
