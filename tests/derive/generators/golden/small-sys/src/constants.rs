//! Constants that calls take and give.

/// `AT_CWD`.
pub const AT_CWD: isize = -100;
/// `MAP_PRIVATE`.
pub const MAP_PRIVATE: usize = 2;
/// `MAP_ANONYMOUS`.
pub const MAP_ANONYMOUS: usize = 0x20;
/// `PROT_READ`.
pub const PROT_READ: usize = 1;
/// `PROT_WRITE`.
pub const PROT_WRITE: usize = 2;
/// `SET_FS`.
pub const SET_FS: usize = 0x1002;
/// `O_NOW`.
pub const O_NOW: usize = 1;
/// `O_RDONLY`.
pub const O_RDONLY: usize = 0;
/// `OWN` in a call of `private`, and only there.
pub const PRIVATE_OWN: usize = 0x2000;
