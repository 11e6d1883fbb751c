//! Panics end the process: nothing is unwound, and nothing must be known for it.

/// Called once, before anything can panic.
#[cfg(not(test))]
pub fn init() {}
