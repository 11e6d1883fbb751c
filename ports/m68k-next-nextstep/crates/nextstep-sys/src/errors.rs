//! Error numbers, and what a call answers as a [`Result`].

/// An error number of nextstep.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub i32);

impl Errno {
    /// Operation not permitted.
    pub const EPERM: Self = Self(1);
    /// No such file or directory.
    pub const ENOENT: Self = Self(2);
    /// No such process.
    pub const ESRCH: Self = Self(3);
    /// Interrupted system call.
    pub const EINTR: Self = Self(4);
    /// Input/output error.
    pub const EIO: Self = Self(5);
    /// No such device or address.
    pub const ENXIO: Self = Self(6);
    /// Argument list too long.
    pub const E2BIG: Self = Self(7);
    /// Exec format error.
    pub const ENOEXEC: Self = Self(8);
    /// Bad file descriptor.
    pub const EBADF: Self = Self(9);
    /// No child processes.
    pub const ECHILD: Self = Self(10);
    /// Resource temporarily unavailable.
    pub const EAGAIN: Self = Self(11);
    /// Cannot allocate memory.
    pub const ENOMEM: Self = Self(12);
    /// Permission denied.
    pub const EACCES: Self = Self(13);
    /// Bad address.
    pub const EFAULT: Self = Self(14);
    /// Block device required.
    pub const ENOTBLK: Self = Self(15);
    /// Device or resource busy.
    pub const EBUSY: Self = Self(16);
    /// File exists.
    pub const EEXIST: Self = Self(17);
    /// Cross-device link.
    pub const EXDEV: Self = Self(18);
    /// No such device.
    pub const ENODEV: Self = Self(19);
    /// Not a directory.
    pub const ENOTDIR: Self = Self(20);
    /// Is a directory.
    pub const EISDIR: Self = Self(21);
    /// Invalid argument.
    pub const EINVAL: Self = Self(22);
    /// Too many open files in system.
    pub const ENFILE: Self = Self(23);
    /// Too many open files.
    pub const EMFILE: Self = Self(24);
    /// Inappropriate ioctl for device.
    pub const ENOTTY: Self = Self(25);
    /// Text file busy.
    pub const ETXTBSY: Self = Self(26);
    /// File too large.
    pub const EFBIG: Self = Self(27);
    /// No space left on device.
    pub const ENOSPC: Self = Self(28);
    /// Illegal seek.
    pub const ESPIPE: Self = Self(29);
    /// Read-only file system.
    pub const EROFS: Self = Self(30);
    /// Too many links.
    pub const EMLINK: Self = Self(31);
    /// Broken pipe.
    pub const EPIPE: Self = Self(32);
    /// Numerical argument out of domain.
    pub const EDOM: Self = Self(33);
    /// Numerical result out of range.
    pub const ERANGE: Self = Self(34);
    /// Operation would block.
    pub const EWOULDBLOCK: Self = Self(35);
    /// Operation now in progress.
    pub const EINPROGRESS: Self = Self(36);
    /// Operation already in progress.
    pub const EALREADY: Self = Self(37);
    /// Not a socket.
    pub const ENOTSOCK: Self = Self(38);
    /// Destination address required.
    pub const EDESTADDRREQ: Self = Self(39);
    /// Message too long.
    pub const EMSGSIZE: Self = Self(40);
    /// Protocol wrong type for socket.
    pub const EPROTOTYPE: Self = Self(41);
    /// Protocol option not available.
    pub const ENOPROTOOPT: Self = Self(42);
    /// Protocol not supported.
    pub const EPROTONOSUPPORT: Self = Self(43);
    /// Socket type not supported.
    pub const ESOCKTNOSUPPORT: Self = Self(44);
    /// Operation not supported on socket.
    pub const EOPNOTSUPP: Self = Self(45);
    /// Protocol family not supported.
    pub const EPFNOSUPPORT: Self = Self(46);
    /// Address family not supported.
    pub const EAFNOSUPPORT: Self = Self(47);
    /// Address already in use.
    pub const EADDRINUSE: Self = Self(48);
    /// Cannot assign requested address.
    pub const EADDRNOTAVAIL: Self = Self(49);
    /// Network is down.
    pub const ENETDOWN: Self = Self(50);
    /// Network is unreachable.
    pub const ENETUNREACH: Self = Self(51);
    /// Connection dropped by network.
    pub const ENETRESET: Self = Self(52);
    /// Connection aborted.
    pub const ECONNABORTED: Self = Self(53);
    /// Connection reset by peer.
    pub const ECONNRESET: Self = Self(54);
    /// No buffer space available.
    pub const ENOBUFS: Self = Self(55);
    /// Already connected.
    pub const EISCONN: Self = Self(56);
    /// Not connected.
    pub const ENOTCONN: Self = Self(57);
    /// Cannot send after socket shutdown.
    pub const ESHUTDOWN: Self = Self(58);
    /// Too many references.
    pub const ETOOMANYREFS: Self = Self(59);
    /// Timed out.
    pub const ETIMEDOUT: Self = Self(60);
    /// Connection refused.
    pub const ECONNREFUSED: Self = Self(61);
    /// Too many levels of symbolic links.
    pub const ELOOP: Self = Self(62);
    /// File name too long.
    pub const ENAMETOOLONG: Self = Self(63);
    /// Host is down.
    pub const EHOSTDOWN: Self = Self(64);
    /// No route to host.
    pub const EHOSTUNREACH: Self = Self(65);
    /// Directory not empty.
    pub const ENOTEMPTY: Self = Self(66);
    /// Too many processes.
    pub const EPROCLIM: Self = Self(67);
    /// Too many users.
    pub const EUSERS: Self = Self(68);
    /// Disk quota exceeded.
    pub const EDQUOT: Self = Self(69);
    /// Stale file handle.
    pub const ESTALE: Self = Self(70);
    /// Too many levels of remote in path.
    pub const EREMOTE: Self = Self(71);

    /// The error's name in the ledger, or None for a number that it does not have.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self.0 {
            1 => Some("EPERM"),
            2 => Some("ENOENT"),
            3 => Some("ESRCH"),
            4 => Some("EINTR"),
            5 => Some("EIO"),
            6 => Some("ENXIO"),
            7 => Some("E2BIG"),
            8 => Some("ENOEXEC"),
            9 => Some("EBADF"),
            10 => Some("ECHILD"),
            11 => Some("EAGAIN"),
            12 => Some("ENOMEM"),
            13 => Some("EACCES"),
            14 => Some("EFAULT"),
            15 => Some("ENOTBLK"),
            16 => Some("EBUSY"),
            17 => Some("EEXIST"),
            18 => Some("EXDEV"),
            19 => Some("ENODEV"),
            20 => Some("ENOTDIR"),
            21 => Some("EISDIR"),
            22 => Some("EINVAL"),
            23 => Some("ENFILE"),
            24 => Some("EMFILE"),
            25 => Some("ENOTTY"),
            26 => Some("ETXTBSY"),
            27 => Some("EFBIG"),
            28 => Some("ENOSPC"),
            29 => Some("ESPIPE"),
            30 => Some("EROFS"),
            31 => Some("EMLINK"),
            32 => Some("EPIPE"),
            33 => Some("EDOM"),
            34 => Some("ERANGE"),
            35 => Some("EWOULDBLOCK"),
            36 => Some("EINPROGRESS"),
            37 => Some("EALREADY"),
            38 => Some("ENOTSOCK"),
            39 => Some("EDESTADDRREQ"),
            40 => Some("EMSGSIZE"),
            41 => Some("EPROTOTYPE"),
            42 => Some("ENOPROTOOPT"),
            43 => Some("EPROTONOSUPPORT"),
            44 => Some("ESOCKTNOSUPPORT"),
            45 => Some("EOPNOTSUPP"),
            46 => Some("EPFNOSUPPORT"),
            47 => Some("EAFNOSUPPORT"),
            48 => Some("EADDRINUSE"),
            49 => Some("EADDRNOTAVAIL"),
            50 => Some("ENETDOWN"),
            51 => Some("ENETUNREACH"),
            52 => Some("ENETRESET"),
            53 => Some("ECONNABORTED"),
            54 => Some("ECONNRESET"),
            55 => Some("ENOBUFS"),
            56 => Some("EISCONN"),
            57 => Some("ENOTCONN"),
            58 => Some("ESHUTDOWN"),
            59 => Some("ETOOMANYREFS"),
            60 => Some("ETIMEDOUT"),
            61 => Some("ECONNREFUSED"),
            62 => Some("ELOOP"),
            63 => Some("ENAMETOOLONG"),
            64 => Some("EHOSTDOWN"),
            65 => Some("EHOSTUNREACH"),
            66 => Some("ENOTEMPTY"),
            67 => Some("EPROCLIM"),
            68 => Some("EUSERS"),
            69 => Some("EDQUOT"),
            70 => Some("ESTALE"),
            71 => Some("EREMOTE"),
            _ => None,
        }
    }

    /// What the error says, or None for a number that the ledger does not have.
    #[must_use]
    pub const fn message(self) -> Option<&'static str> {
        match self.0 {
            1 => Some("Operation not permitted"),
            2 => Some("No such file or directory"),
            3 => Some("No such process"),
            4 => Some("Interrupted system call"),
            5 => Some("Input/output error"),
            6 => Some("No such device or address"),
            7 => Some("Argument list too long"),
            8 => Some("Exec format error"),
            9 => Some("Bad file descriptor"),
            10 => Some("No child processes"),
            11 => Some("Resource temporarily unavailable"),
            12 => Some("Cannot allocate memory"),
            13 => Some("Permission denied"),
            14 => Some("Bad address"),
            15 => Some("Block device required"),
            16 => Some("Device or resource busy"),
            17 => Some("File exists"),
            18 => Some("Cross-device link"),
            19 => Some("No such device"),
            20 => Some("Not a directory"),
            21 => Some("Is a directory"),
            22 => Some("Invalid argument"),
            23 => Some("Too many open files in system"),
            24 => Some("Too many open files"),
            25 => Some("Inappropriate ioctl for device"),
            26 => Some("Text file busy"),
            27 => Some("File too large"),
            28 => Some("No space left on device"),
            29 => Some("Illegal seek"),
            30 => Some("Read-only file system"),
            31 => Some("Too many links"),
            32 => Some("Broken pipe"),
            33 => Some("Numerical argument out of domain"),
            34 => Some("Numerical result out of range"),
            35 => Some("Operation would block"),
            36 => Some("Operation now in progress"),
            37 => Some("Operation already in progress"),
            38 => Some("Not a socket"),
            39 => Some("Destination address required"),
            40 => Some("Message too long"),
            41 => Some("Protocol wrong type for socket"),
            42 => Some("Protocol option not available"),
            43 => Some("Protocol not supported"),
            44 => Some("Socket type not supported"),
            45 => Some("Operation not supported on socket"),
            46 => Some("Protocol family not supported"),
            47 => Some("Address family not supported"),
            48 => Some("Address already in use"),
            49 => Some("Cannot assign requested address"),
            50 => Some("Network is down"),
            51 => Some("Network is unreachable"),
            52 => Some("Connection dropped by network"),
            53 => Some("Connection aborted"),
            54 => Some("Connection reset by peer"),
            55 => Some("No buffer space available"),
            56 => Some("Already connected"),
            57 => Some("Not connected"),
            58 => Some("Cannot send after socket shutdown"),
            59 => Some("Too many references"),
            60 => Some("Timed out"),
            61 => Some("Connection refused"),
            62 => Some("Too many levels of symbolic links"),
            63 => Some("File name too long"),
            64 => Some("Host is down"),
            65 => Some("No route to host"),
            66 => Some("Directory not empty"),
            67 => Some("Too many processes"),
            68 => Some("Too many users"),
            69 => Some("Disk quota exceeded"),
            70 => Some("Stale file handle"),
            71 => Some("Too many levels of remote in path"),
            _ => None,
        }
    }
}

impl core::fmt::Debug for Errno {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "Errno({})", self.0),
        }
    }
}

impl core::fmt::Display for Errno {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.message() {
            Some(message) => formatter.write_str(message),
            None => write!(formatter, "error {}", self.0),
        }
    }
}

impl core::error::Error for Errno {}

/// What a trap answered: small negative numbers are errors.
#[inline]
pub(crate) const fn check(result: isize) -> Result<usize, Errno> {
    if result < 0 && result >= -4095 {
        Err(Errno(-result as i32))
    } else {
        Ok(result as usize)
    }
}
