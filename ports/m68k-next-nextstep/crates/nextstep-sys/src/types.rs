//! Structs that calls read and write.

/// `stat`: 60 bytes.
///
/// Read in `4.3BSD's sys/stat.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed)]
pub struct Stat {
    /// 2 bytes at offset 0.
    pub st_dev: u16,
    /// 4 bytes at offset 2.
    pub st_ino: u32,
    /// 2 bytes at offset 6.
    pub st_mode: u16,
    /// 2 bytes at offset 8.
    pub st_nlink: u16,
    /// 2 bytes at offset 10.
    pub st_uid: u16,
    /// 2 bytes at offset 12.
    pub st_gid: u16,
    /// 2 bytes at offset 14.
    pub st_rdev: u16,
    /// 4 bytes at offset 16.
    pub st_size: i32,
    /// 4 bytes at offset 20.
    pub st_atime: i32,
    _pad0: [u8; 4],
    /// 4 bytes at offset 28.
    pub st_mtime: i32,
    _pad1: [u8; 4],
    /// 4 bytes at offset 36.
    pub st_ctime: i32,
    _pad2: [u8; 4],
    /// 4 bytes at offset 44.
    pub st_blksize: i32,
    /// 4 bytes at offset 48.
    pub st_blocks: i32,
    _pad3: [u8; 8],
}

impl Stat {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<Stat>() == 60);
    assert!(core::mem::offset_of!(Stat, st_dev) == 0);
    assert!(core::mem::offset_of!(Stat, st_ino) == 2);
    assert!(core::mem::offset_of!(Stat, st_mode) == 6);
    assert!(core::mem::offset_of!(Stat, st_nlink) == 8);
    assert!(core::mem::offset_of!(Stat, st_uid) == 10);
    assert!(core::mem::offset_of!(Stat, st_gid) == 12);
    assert!(core::mem::offset_of!(Stat, st_rdev) == 14);
    assert!(core::mem::offset_of!(Stat, st_size) == 16);
    assert!(core::mem::offset_of!(Stat, st_atime) == 20);
    assert!(core::mem::offset_of!(Stat, st_mtime) == 28);
    assert!(core::mem::offset_of!(Stat, st_ctime) == 36);
    assert!(core::mem::offset_of!(Stat, st_blksize) == 44);
    assert!(core::mem::offset_of!(Stat, st_blocks) == 48);
};

/// `timespec`: 8 bytes.
///
/// The second field counts microseconds.
///
/// Read in `4.3BSD's sys/time.h: it is `struct timeval``.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Timespec {
    /// 4 bytes at offset 0.
    pub tv_sec: i32,
    /// 4 bytes at offset 4.
    pub tv_nsec: i32,
}

impl Timespec {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<Timespec>() == 8);
    assert!(core::mem::offset_of!(Timespec, tv_sec) == 0);
    assert!(core::mem::offset_of!(Timespec, tv_nsec) == 4);
};

/// `timespec_pair`: 16 bytes.
///
/// Read in `4.3BSD's sys/time.h: two of `struct timeval``.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct TimespecPair {
    /// 4 bytes at offset 0.
    pub atime_sec: i32,
    /// 4 bytes at offset 4.
    pub atime_nsec: i32,
    /// 4 bytes at offset 8.
    pub mtime_sec: i32,
    /// 4 bytes at offset 12.
    pub mtime_nsec: i32,
}

impl TimespecPair {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<TimespecPair>() == 16);
    assert!(core::mem::offset_of!(TimespecPair, atime_sec) == 0);
    assert!(core::mem::offset_of!(TimespecPair, atime_nsec) == 4);
    assert!(core::mem::offset_of!(TimespecPair, mtime_sec) == 8);
    assert!(core::mem::offset_of!(TimespecPair, mtime_nsec) == 12);
};

/// `timeval`: 8 bytes.
///
/// Read in `4.3BSD's sys/time.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Timeval {
    /// 4 bytes at offset 0.
    pub tv_sec: i32,
    /// 4 bytes at offset 4.
    pub tv_usec: i32,
}

impl Timeval {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<Timeval>() == 8);
    assert!(core::mem::offset_of!(Timeval, tv_sec) == 0);
    assert!(core::mem::offset_of!(Timeval, tv_usec) == 4);
};

/// `iovec`: 8 bytes.
///
/// Read in `4.3BSD's sys/uio.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Iovec {
    /// 4 bytes at offset 0.
    pub iov_base: u32,
    /// 4 bytes at offset 4.
    pub iov_len: u32,
}

impl Iovec {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<Iovec>() == 8);
    assert!(core::mem::offset_of!(Iovec, iov_base) == 0);
    assert!(core::mem::offset_of!(Iovec, iov_len) == 4);
};

/// `wait_status`: 4 bytes.
///
/// Bits 0 to 6: the signal that ended it, bit 7: whether it left a core, bits 8 to 15: the exit status.
///
/// Read in `4.3BSD's sys/wait.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct WaitStatus {
    /// 4 bytes at offset 0.
    pub status: i32,
}

impl WaitStatus {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<WaitStatus>() == 4);
    assert!(core::mem::offset_of!(WaitStatus, status) == 0);
};

/// `fd_pair`: 8 bytes.
///
/// No struct of the kernel's, whose pipe answers in two registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct FdPair {
    /// 4 bytes at offset 0.
    pub read: i32,
    /// 4 bytes at offset 4.
    pub write: i32,
}

impl FdPair {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<FdPair>() == 8);
    assert!(core::mem::offset_of!(FdPair, read) == 0);
    assert!(core::mem::offset_of!(FdPair, write) == 4);
};

/// `sigaction`: 12 bytes.
///
/// Read in `4.3BSD's signal.h: it is `struct sigvec``.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Sigaction {
    /// 4 bytes at offset 0.
    pub sa_handler: u32,
    /// 4 bytes at offset 4.
    pub sa_mask: u32,
    /// 4 bytes at offset 8.
    pub sa_flags: u32,
}

impl Sigaction {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<Sigaction>() == 12);
    assert!(core::mem::offset_of!(Sigaction, sa_handler) == 0);
    assert!(core::mem::offset_of!(Sigaction, sa_mask) == 4);
    assert!(core::mem::offset_of!(Sigaction, sa_flags) == 8);
};

/// `termios`: 6 bytes.
///
/// Read in `4.3BSD's sgtty.h: it is `struct sgttyb``.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Termios {
    /// 1 bytes at offset 0.
    pub sg_ispeed: u8,
    /// 1 bytes at offset 1.
    pub sg_ospeed: u8,
    /// 1 bytes at offset 2.
    pub sg_erase: u8,
    /// 1 bytes at offset 3.
    pub sg_kill: u8,
    /// 2 bytes at offset 4.
    pub sg_flags: u16,
}

impl Termios {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<Termios>() == 6);
    assert!(core::mem::offset_of!(Termios, sg_ispeed) == 0);
    assert!(core::mem::offset_of!(Termios, sg_ospeed) == 1);
    assert!(core::mem::offset_of!(Termios, sg_erase) == 2);
    assert!(core::mem::offset_of!(Termios, sg_kill) == 3);
    assert!(core::mem::offset_of!(Termios, sg_flags) == 4);
};

/// `sockaddr_in`: 16 bytes.
///
/// The port and the address have their most significant byte first, as everything here.
///
/// Read in `4.3BSD's netinet/in.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct SockaddrIn {
    /// 2 bytes at offset 0.
    pub sin_family: u16,
    /// 2 bytes at offset 2.
    pub sin_port: u16,
    /// 4 bytes at offset 4.
    pub sin_addr: u32,
    _pad0: [u8; 8],
}

impl SockaddrIn {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<SockaddrIn>() == 16);
    assert!(core::mem::offset_of!(SockaddrIn, sin_family) == 0);
    assert!(core::mem::offset_of!(SockaddrIn, sin_port) == 2);
    assert!(core::mem::offset_of!(SockaddrIn, sin_addr) == 4);
};

/// `linger`: 8 bytes.
///
/// Read in `4.3BSD's sys/socket.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Linger {
    /// 4 bytes at offset 0.
    pub l_onoff: i32,
    /// 4 bytes at offset 4.
    pub l_linger: i32,
}

impl Linger {
    /// All bytes 0.
    #[must_use]
    pub const fn zeroed() -> Self {
        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = {
    assert!(core::mem::size_of::<Linger>() == 8);
    assert!(core::mem::offset_of!(Linger, l_onoff) == 0);
    assert!(core::mem::offset_of!(Linger, l_linger) == 4);
};
