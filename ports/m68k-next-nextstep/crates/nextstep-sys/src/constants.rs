//! Constants that calls take and give.

/// `O_RDONLY`.
pub const O_RDONLY: usize = 0;
/// `O_WRONLY`.
pub const O_WRONLY: usize = 1;
/// `O_RDWR`.
pub const O_RDWR: usize = 2;
/// `O_NONBLOCK`.
pub const O_NONBLOCK: usize = 4;
/// `O_APPEND`.
pub const O_APPEND: usize = 8;
/// `O_CREAT`.
pub const O_CREAT: usize = 0x200;
/// `O_TRUNC`.
pub const O_TRUNC: usize = 0x400;
/// `O_EXCL`.
pub const O_EXCL: usize = 0x800;
/// `F_DUPFD`.
pub const F_DUPFD: usize = 0;
/// `F_GETFD`.
pub const F_GETFD: usize = 1;
/// `F_SETFD`.
pub const F_SETFD: usize = 2;
/// `F_GETFL`.
pub const F_GETFL: usize = 3;
/// `F_SETFL`.
pub const F_SETFL: usize = 4;
/// `F_GETOWN`.
pub const F_GETOWN: usize = 5;
/// `F_SETOWN`.
pub const F_SETOWN: usize = 6;
/// `FD_CLOEXEC`.
pub const FD_CLOEXEC: usize = 1;
/// `LOCK_SH`.
pub const LOCK_SH: usize = 1;
/// `LOCK_EX`.
pub const LOCK_EX: usize = 2;
/// `LOCK_NB`.
pub const LOCK_NB: usize = 4;
/// `LOCK_UN`.
pub const LOCK_UN: usize = 8;
/// `SEEK_SET`.
pub const SEEK_SET: usize = 0;
/// `SEEK_CUR`.
pub const SEEK_CUR: usize = 1;
/// `SEEK_END`.
pub const SEEK_END: usize = 2;
/// `S_IFMT`.
pub const S_IFMT: usize = 0xf000;
/// `S_IFSOCK`.
pub const S_IFSOCK: usize = 0xc000;
/// `S_IFLNK`.
pub const S_IFLNK: usize = 0xa000;
/// `S_IFREG`.
pub const S_IFREG: usize = 0x8000;
/// `S_IFBLK`.
pub const S_IFBLK: usize = 0x6000;
/// `S_IFDIR`.
pub const S_IFDIR: usize = 0x4000;
/// `S_IFCHR`.
pub const S_IFCHR: usize = 0x2000;
/// `S_ISUID`.
pub const S_ISUID: usize = 0x800;
/// `S_ISGID`.
pub const S_ISGID: usize = 0x400;
/// `S_ISVTX`.
pub const S_ISVTX: usize = 0x200;
/// `WNOHANG`.
pub const WNOHANG: usize = 1;
/// `WUNTRACED`.
pub const WUNTRACED: usize = 2;
/// `SIGHUP`.
pub const SIGHUP: usize = 1;
/// `SIGINT`.
pub const SIGINT: usize = 2;
/// `SIGQUIT`.
pub const SIGQUIT: usize = 3;
/// `SIGILL`.
pub const SIGILL: usize = 4;
/// `SIGTRAP`.
pub const SIGTRAP: usize = 5;
/// `SIGABRT`.
pub const SIGABRT: usize = 6;
/// `SIGEMT`.
pub const SIGEMT: usize = 7;
/// `SIGFPE`.
pub const SIGFPE: usize = 8;
/// `SIGKILL`.
pub const SIGKILL: usize = 9;
/// `SIGBUS`.
pub const SIGBUS: usize = 0xa;
/// `SIGSEGV`.
pub const SIGSEGV: usize = 0xb;
/// `SIGSYS`.
pub const SIGSYS: usize = 0xc;
/// `SIGPIPE`.
pub const SIGPIPE: usize = 0xd;
/// `SIGALRM`.
pub const SIGALRM: usize = 0xe;
/// `SIGTERM`.
pub const SIGTERM: usize = 0xf;
/// `SIGURG`.
pub const SIGURG: usize = 0x10;
/// `SIGSTOP`.
pub const SIGSTOP: usize = 0x11;
/// `SIGTSTP`.
pub const SIGTSTP: usize = 0x12;
/// `SIGCONT`.
pub const SIGCONT: usize = 0x13;
/// `SIGCHLD`.
pub const SIGCHLD: usize = 0x14;
/// `SIGTTIN`.
pub const SIGTTIN: usize = 0x15;
/// `SIGTTOU`.
pub const SIGTTOU: usize = 0x16;
/// `SIGIO`.
pub const SIGIO: usize = 0x17;
/// `SIGXCPU`.
pub const SIGXCPU: usize = 0x18;
/// `SIGXFSZ`.
pub const SIGXFSZ: usize = 0x19;
/// `SIGVTALRM`.
pub const SIGVTALRM: usize = 0x1a;
/// `SIGPROF`.
pub const SIGPROF: usize = 0x1b;
/// `SIGWINCH`.
pub const SIGWINCH: usize = 0x1c;
/// `SIGUSR1`.
pub const SIGUSR1: usize = 0x1e;
/// `SIGUSR2`.
pub const SIGUSR2: usize = 0x1f;
/// `SIG_DFL`.
pub const SIG_DFL: usize = 0;
/// `SIG_IGN`.
pub const SIG_IGN: usize = 1;
/// `TIOCGETP`.
pub const TIOCGETP: usize = 0x40067408;
/// `AF_UNSPEC`.
pub const AF_UNSPEC: usize = 0;
/// `AF_UNIX`.
pub const AF_UNIX: usize = 1;
/// `AF_INET`.
pub const AF_INET: usize = 2;
/// `SOCK_STREAM`.
pub const SOCK_STREAM: usize = 1;
/// `SOCK_DGRAM`.
pub const SOCK_DGRAM: usize = 2;
/// `SOCK_RAW`.
pub const SOCK_RAW: usize = 3;
/// `SHUT_RD`.
pub const SHUT_RD: usize = 0;
/// `SHUT_WR`.
pub const SHUT_WR: usize = 1;
/// `SHUT_RDWR`.
pub const SHUT_RDWR: usize = 2;
/// `MSG_OOB`.
pub const MSG_OOB: usize = 1;
/// `MSG_PEEK`.
pub const MSG_PEEK: usize = 2;
/// `MSG_DONTROUTE`.
pub const MSG_DONTROUTE: usize = 4;
/// `IPPROTO_IP`.
pub const IPPROTO_IP: usize = 0;
/// `IPPROTO_TCP`.
pub const IPPROTO_TCP: usize = 6;
/// `IPPROTO_UDP`.
pub const IPPROTO_UDP: usize = 0x11;
/// `SOL_SOCKET`.
pub const SOL_SOCKET: usize = 0xffff;
/// `SO_DEBUG`.
pub const SO_DEBUG: usize = 1;
/// `SO_ACCEPTCONN`.
pub const SO_ACCEPTCONN: usize = 2;
/// `SO_REUSEADDR`.
pub const SO_REUSEADDR: usize = 4;
/// `SO_KEEPALIVE`.
pub const SO_KEEPALIVE: usize = 8;
/// `SO_DONTROUTE`.
pub const SO_DONTROUTE: usize = 0x10;
/// `SO_BROADCAST`.
pub const SO_BROADCAST: usize = 0x20;
/// `SO_LINGER`.
pub const SO_LINGER: usize = 0x80;
/// `SO_OOBINLINE`.
pub const SO_OOBINLINE: usize = 0x100;
/// `SO_SNDBUF`.
pub const SO_SNDBUF: usize = 0x1001;
/// `SO_RCVBUF`.
pub const SO_RCVBUF: usize = 0x1002;
/// `SO_SNDTIMEO`.
pub const SO_SNDTIMEO: usize = 0x1005;
/// `SO_RCVTIMEO`.
pub const SO_RCVTIMEO: usize = 0x1006;
/// `SO_ERROR`.
pub const SO_ERROR: usize = 0x1007;
/// `SO_TYPE`.
pub const SO_TYPE: usize = 0x1008;
/// `TCP_NODELAY`.
pub const TCP_NODELAY: usize = 1;
