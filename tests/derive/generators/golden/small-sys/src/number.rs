//! The numbers of the system calls.

/// `exit`.
pub const SYS_EXIT: usize = 1;
/// `write`.
pub const SYS_WRITE: usize = 2;
/// `write` again.
pub const SYS_WRITE_102: usize = 102;
/// `open`.
pub const SYS_OPEN: usize = 3;
/// `map`.
pub const SYS_MAP: usize = 4;
/// `set`.
pub const SYS_SET: usize = 5;
/// `sleep`.
pub const SYS_SLEEP: usize = 6;
/// `clock`.
pub const SYS_CLOCK: usize = 7;
/// `random`.
pub const SYS_RANDOM: usize = 8;
/// `getpid`.
pub const SYS_GETPID: usize = 9;
/// `private`.
pub const SYS_PRIVATE: usize = 10;
/// `unsaid`.
pub const SYS_UNSAID: usize = 11;
