//! The numbers of the system calls.

/// `exit`.
pub const SYS_EXIT: usize = 1;
/// `read`.
pub const SYS_READ: usize = 3;
/// `write`.
pub const SYS_WRITE: usize = 4;
/// `open`.
pub const SYS_OPEN: usize = 5;
/// `close`.
pub const SYS_CLOSE: usize = 6;
/// `wait4`.
pub const SYS_WAIT4: usize = 7;
/// `creat`.
pub const SYS_CREAT: usize = 8;
/// `link`.
pub const SYS_LINK: usize = 9;
/// `unlink`.
pub const SYS_UNLINK: usize = 10;
/// `execv`.
pub const SYS_EXECV: usize = 11;
/// `chdir`.
pub const SYS_CHDIR: usize = 12;
/// `mknod`.
pub const SYS_MKNOD: usize = 14;
/// `chmod`.
pub const SYS_CHMOD: usize = 15;
/// `chown`.
pub const SYS_CHOWN: usize = 16;
/// `obreak`.
pub const SYS_OBREAK: usize = 17;
/// `lseek`.
pub const SYS_LSEEK: usize = 19;
/// `getpid`.
pub const SYS_GETPID: usize = 20;
/// `getuid`.
pub const SYS_GETUID: usize = 24;
/// `ptrace`.
pub const SYS_PTRACE: usize = 26;
/// `access`.
pub const SYS_ACCESS: usize = 33;
/// `sync`.
pub const SYS_SYNC: usize = 36;
/// `kill`.
pub const SYS_KILL: usize = 37;
/// `stat`.
pub const SYS_STAT: usize = 38;
/// `lstat`.
pub const SYS_LSTAT: usize = 40;
/// `dup`.
pub const SYS_DUP: usize = 41;
/// `getgid`.
pub const SYS_GETGID: usize = 47;
/// `ioctl_tiocgetp`.
pub const SYS_IOCTL_TIOCGETP: usize = 54;
/// `ioctl`.
pub const SYS_IOCTL: usize = 54;
/// `symlink`.
pub const SYS_SYMLINK: usize = 57;
/// `readlink`.
pub const SYS_READLINK: usize = 58;
/// `execve`.
pub const SYS_EXECVE: usize = 59;
/// `umask`.
pub const SYS_UMASK: usize = 60;
/// `fstat`.
pub const SYS_FSTAT: usize = 62;
/// `getpagesize`.
pub const SYS_GETPAGESIZE: usize = 64;
/// `vfork`.
pub const SYS_VFORK: usize = 66;
/// `sbrk`.
pub const SYS_SBRK: usize = 69;
/// `mmap`.
pub const SYS_MMAP: usize = 71;
/// `munmap`.
pub const SYS_MUNMAP: usize = 73;
/// `mprotect`.
pub const SYS_MPROTECT: usize = 74;
/// `getgroups`.
pub const SYS_GETGROUPS: usize = 79;
/// `setitimer`.
pub const SYS_SETITIMER: usize = 83;
/// `getdtablesize`.
pub const SYS_GETDTABLESIZE: usize = 89;
/// `dup2`.
pub const SYS_DUP2: usize = 90;
/// `fcntl_getfd`.
pub const SYS_FCNTL_GETFD: usize = 92;
/// `fcntl_setfd`.
pub const SYS_FCNTL_SETFD: usize = 92;
/// `fcntl_getfl`.
pub const SYS_FCNTL_GETFL: usize = 92;
/// `fcntl_setfl`.
pub const SYS_FCNTL_SETFL: usize = 92;
/// `fcntl`.
pub const SYS_FCNTL: usize = 92;
/// `select_time`.
pub const SYS_SELECT_TIME: usize = 93;
/// `select`.
pub const SYS_SELECT: usize = 93;
/// `fsync`.
pub const SYS_FSYNC: usize = 95;
/// `socket`.
pub const SYS_SOCKET: usize = 97;
/// `connect`.
pub const SYS_CONNECT: usize = 98;
/// `accept`.
pub const SYS_ACCEPT: usize = 99;
/// `sigreturn`.
pub const SYS_SIGRETURN: usize = 103;
/// `bind`.
pub const SYS_BIND: usize = 104;
/// `setsockopt`.
pub const SYS_SETSOCKOPT: usize = 105;
/// `listen`.
pub const SYS_LISTEN: usize = 106;
/// `sigvec`.
pub const SYS_SIGVEC: usize = 108;
/// `sigblock`.
pub const SYS_SIGBLOCK: usize = 109;
/// `sigsetmask`.
pub const SYS_SIGSETMASK: usize = 110;
/// `gettimeofday`.
pub const SYS_GETTIMEOFDAY: usize = 116;
/// `getrusage`.
pub const SYS_GETRUSAGE: usize = 117;
/// `getsockopt`.
pub const SYS_GETSOCKOPT: usize = 118;
/// `readv`.
pub const SYS_READV: usize = 120;
/// `writev`.
pub const SYS_WRITEV: usize = 121;
/// `settimeofday`.
pub const SYS_SETTIMEOFDAY: usize = 122;
/// `fchown`.
pub const SYS_FCHOWN: usize = 123;
/// `fchmod`.
pub const SYS_FCHMOD: usize = 124;
/// `recvfrom`.
pub const SYS_RECVFROM: usize = 125;
/// `rename`.
pub const SYS_RENAME: usize = 128;
/// `truncate`.
pub const SYS_TRUNCATE: usize = 129;
/// `ftruncate`.
pub const SYS_FTRUNCATE: usize = 130;
/// `flock`.
pub const SYS_FLOCK: usize = 131;
/// `sendto`.
pub const SYS_SENDTO: usize = 133;
/// `shutdown`.
pub const SYS_SHUTDOWN: usize = 134;
/// `socketpair`.
pub const SYS_SOCKETPAIR: usize = 135;
/// `mkdir`.
pub const SYS_MKDIR: usize = 136;
/// `rmdir`.
pub const SYS_RMDIR: usize = 137;
/// `utimes`.
pub const SYS_UTIMES: usize = 138;
/// `getpeername`.
pub const SYS_GETPEERNAME: usize = 141;
/// `getrlimit`.
pub const SYS_GETRLIMIT: usize = 144;
/// `setrlimit`.
pub const SYS_SETRLIMIT: usize = 145;
/// `getsockname`.
pub const SYS_GETSOCKNAME: usize = 150;
/// `send`.
pub const SYS_SEND: usize = 101;
/// `recv`.
pub const SYS_RECV: usize = 102;
/// `getdirentries`.
pub const SYS_GETDIRENTRIES: usize = 156;
/// `statfs`.
pub const SYS_STATFS: usize = 157;
/// `wait3`.
pub const SYS_WAIT3: usize = 171;
/// `task_self`.
pub const SYS_TASK_SELF: usize = 10;
/// `thread_reply`.
pub const SYS_THREAD_REPLY: usize = 11;
/// `task_notify`.
pub const SYS_TASK_NOTIFY: usize = 12;
/// `thread_self`.
pub const SYS_THREAD_SELF: usize = 13;
/// `msg_send`.
pub const SYS_MSG_SEND: usize = 20;
/// `msg_receive`.
pub const SYS_MSG_RECEIVE: usize = 21;
/// `msg_rpc`.
pub const SYS_MSG_RPC: usize = 22;
/// `task_by_pid`.
pub const SYS_TASK_BY_PID: usize = 33;
/// `map_fd`.
pub const SYS_MAP_FD: usize = 43;
/// `host_self`.
pub const SYS_HOST_SELF: usize = 55;
/// `swtch_pri`.
pub const SYS_SWTCH_PRI: usize = 59;
/// `swtch`.
pub const SYS_SWTCH: usize = 60;
/// `thread_switch`.
pub const SYS_THREAD_SWITCH: usize = 61;
/// `fork`.
pub const SYS_FORK: usize = 2;
/// `pipe`.
pub const SYS_PIPE: usize = 42;
