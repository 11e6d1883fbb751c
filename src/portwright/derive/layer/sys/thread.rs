//! Threads: starting and joining them, names and numbers, waiting, letting others run.

use crate::ffi::CStr;
use crate::io;
use crate::num::NonZero;
#[cfg(target_thread_local)]
use crate::sys::pal::new_threads::{Handle, start};
use crate::sys::pal::{abi, threads, time};
use crate::thread::ThreadInit;
use crate::time::{Duration, Instant};

pub struct Thread(Handle);

pub const DEFAULT_MIN_STACK_SIZE: usize = 2 * 1024 * 1024;

impl Thread {
    /// Starts a thread.
    ///
    /// # Safety
    ///
    /// As `std::thread::Builder::spawn_unchecked` says.
    pub unsafe fn new(stack: usize, init: Box<ThreadInit>) -> io::Result<Thread> {
        if abi::THREADS {
            return Ok(Thread(start(stack, init)?));
        }
        Err(io::Error::UNSUPPORTED_PLATFORM)
    }

    pub fn join(self) {
        self.0.join();
    }
}

/// How many processors the thread may run on.
pub fn available_parallelism() -> io::Result<NonZero<usize>> {
    const MOST: usize = 1 << 16;
    if !abi::THREADS {
        return Ok(NonZero::<usize>::MIN);
    }
    if !abi::OFFERS_THREAD_AFFINITY {
        return Err(io::Error::UNKNOWN_THREAD_COUNT);
    }
    let mut mask = vec![0; 128];
    loop {
        match threads::thread_affinity(&mut mask) {
            Ok(count) => {
                let ones = mask[..count].iter().map(|byte| byte.count_ones() as usize).sum();
                return NonZero::new(ones).ok_or(io::Error::UNKNOWN_THREAD_COUNT);
            }
            // There are more processors than bits.
            Err(abi::Failure::Os(number)) if Some(number) == abi::EINVAL && mask.len() < MOST => {
                mask.resize(mask.len() * 2, 0);
            }
            Err(failure) => return Err(failure.into()),
        }
    }
}

pub fn current_os_id() -> Option<u64> {
    threads::thread_id().ok().map(|number| number as u64)
}

/// Names the thread for those who look from outside, where the system lets it.
pub fn set_name(name: &CStr) {
    let _ = threads::thread_name(name);
}

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

/// Without a thread pointer there is one thread.
#[cfg(not(target_thread_local))]
enum Handle {}

#[cfg(not(target_thread_local))]
impl Handle {
    fn join(self) {
        match self {}
    }
}

#[cfg(not(target_thread_local))]
fn start(_stack: usize, init: Box<ThreadInit>) -> Result<Handle, abi::Failure> {
    drop(init.init());
    Err(abi::Failure::TooLarge)
}
