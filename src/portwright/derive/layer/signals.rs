//! What signals do to the process: as far as std goes, whether a broken pipe ends it.

#![allow(dead_code)] // a system without signals uses nothing of it

use super::abi::{self, Failure};
use super::kinds::Aligned;
use crate::sync::atomic::AtomicBool;
use crate::sync::atomic::Ordering::Relaxed;

/// Whether a program that is started is to end by a broken pipe, although this one does not.
static RESTORES_PIPE: AtomicBool = AtomicBool::new(false);

/// Says what a signal does to the process: nothing, or what it does by default.
pub fn signal_action(signal: usize, handler: abi::Constant) -> Result<(), Failure> {
    let mut action = Aligned([0; abi::sigaction::SIZE]);
    let value = handler.get()?;
    if !abi::sigaction::SA_HANDLER.is_some_and(|field| field.write(&mut action.0, value as i64)) {
        return Err(Failure::TooLarge);
    }
    // SAFETY: the struct has its size; the old one is not asked for.
    unsafe { abi::signal_action(signal, action.address(), 0, abi::SIGNAL_SET_SIZE) }.map(drop)
}

/// Makes writing to a pipe that nobody reads an error, as `-Zon-broken-pipe` wants it (`lang_start`'s `sigpipe`).
pub fn at_start(sigpipe: u8) {
    const INHERIT: u8 = 1;
    const KILL: u8 = 3;
    const ERROR: u8 = 2;

    if !abi::OFFERS_SIGNAL_ACTION || sigpipe == INHERIT {
        return;
    }
    let Ok(signal) = abi::SIGPIPE.get() else { return };
    let handler = if sigpipe == KILL { abi::SIG_DFL } else { abi::SIG_IGN };
    let done = signal_action(signal, handler).is_ok();
    RESTORES_PIPE.store(done && sigpipe != KILL && sigpipe != ERROR, Relaxed);
}

/// Undoes `at_start` in a child that is about to become another program. It takes no lock and no memory.
pub fn restore() {
    if RESTORES_PIPE.load(Relaxed)
        && let Ok(signal) = abi::SIGPIPE.get()
    {
        let _ = signal_action(signal, abi::SIG_DFL);
    }
}

/// A signal's name, where the system has a constant for it.
pub fn name(signal: i32) -> Option<&'static str> {
    abi::SIGNALS.iter().find(|(number, _)| *number == signal).map(|(_, name)| *name)
}
