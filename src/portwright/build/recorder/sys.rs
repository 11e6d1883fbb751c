//! The few functions and numbers of the C library and the kernel that std has no name for.

use std::ffi::{c_char, c_int, c_long, c_void};

extern "C" {
    pub fn fork() -> c_int;
    pub fn execvp(file: *const c_char, argv: *const *const c_char) -> c_int;
    pub fn wait4(pid: c_int, status: *mut c_int, options: c_int, usage: *mut Usage) -> c_int;
    pub fn ptrace(request: c_long, ...) -> c_long;
    pub fn prctl(option: c_int, ...) -> c_int;
    pub fn syscall(number: c_long, ...) -> c_long;
    pub fn kill(pid: c_int, signal: c_int) -> c_int;
    pub fn getpid() -> c_int;
    pub fn getppid() -> c_int;
    pub fn signal(number: c_int, handler: usize) -> usize;
    pub fn sigprocmask(how: c_int, set: *const [u64; 16], old: *mut [u64; 16]) -> c_int;
    pub fn setrlimit(resource: c_int, limit: *const [u64; 2]) -> c_int;
    pub fn pipe2(ends: *mut [c_int; 2], flags: c_int) -> c_int;
    pub fn read(fd: c_int, to: *mut c_void, count: usize) -> isize;
    pub fn write(fd: c_int, from: *const c_void, count: usize) -> isize;
    pub fn close(fd: c_int) -> c_int;
    pub fn dup2(old: c_int, new: c_int) -> c_int;
    pub fn clock_gettime(clock: c_int, time: *mut [i64; 2]) -> c_int;
    pub fn process_vm_readv(
        pid: c_int,
        local: *const Part,
        locals: usize,
        remote: *const Part,
        remotes: usize,
        flags: usize,
    ) -> isize;
    pub fn _exit(status: c_int) -> !;
}

#[repr(C)]
pub struct Part {
    pub base: usize,
    pub length: usize,
}

/// `struct rusage`.
#[repr(C)]
#[derive(Default)]
pub struct Usage {
    pub user: [i64; 2],
    pub system: [i64; 2],
    pub peak_kib: i64,
    rest: [i64; 13],
}

/// `struct ptrace_syscall_info`; `words` is (number, six arguments) at a call, (result, whether an error) at its end.
#[repr(C)]
#[derive(Default)]
pub struct CallInfo {
    pub op: u8,
    pad: [u8; 3],
    pub arch: u32,
    pub instruction: u64,
    pub stack: u64,
    pub words: [u64; 8],
}

pub const PTRACE_CONT: c_long = 7;
pub const PTRACE_SYSCALL: c_long = 24;
pub const PTRACE_GETEVENTMSG: c_long = 0x4201;
pub const PTRACE_SEIZE: c_long = 0x4206;
pub const PTRACE_LISTEN: c_long = 0x4208;
pub const PTRACE_GET_SYSCALL_INFO: c_long = 0x420e;

pub const EVENT_FORK: i32 = 1;
pub const EVENT_VFORK: i32 = 2;
pub const EVENT_CLONE: i32 = 3;
pub const EVENT_EXEC: i32 = 4;
pub const EVENT_SECCOMP: i32 = 7;
pub const EVENT_STOP: i32 = 128;

/// TRACESYSGOOD, FORK, VFORK, CLONE, EXEC, SECCOMP, EXITKILL.
pub const OPTIONS: usize = 1 | 2 | 4 | 8 | 16 | 128 | 1 << 20;

pub const WNOHANG: c_int = 1;
pub const WNOTHREAD: c_int = 0x2000_0000;
pub const WALL: c_int = 0x4000_0000;

pub const SIGHUP: c_int = 1;
pub const SIGINT: c_int = 2;
pub const SIGQUIT: c_int = 3;
pub const SIGTRAP: c_int = 5;
pub const SIGKILL: c_int = 9;
pub const SIGUSR1: c_int = 10;
pub const SIGUSR2: c_int = 12;
pub const SIGTERM: c_int = 15;
pub const SIGSTOP: c_int = 19;
pub const SIGTSTP: c_int = 20;
pub const SIGTTIN: c_int = 21;
pub const SIGTTOU: c_int = 22;
pub const SIG_DFL: usize = 0;
pub const SIG_IGN: usize = 1;
pub const SIG_BLOCK: c_int = 0;
pub const SIG_SETMASK: c_int = 2;
pub const RLIMIT_CORE: c_int = 4;

pub const PR_SET_PDEATHSIG: c_int = 1;
pub const PR_SET_NO_NEW_PRIVS: c_int = 38;
pub const O_CLOEXEC: c_int = 0o2000000;

/// The error number of the last failed call.
pub fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Nanoseconds of the monotonic clock.
pub fn now() -> i64 {
    let mut time = [0i64; 2];
    // SAFETY: the kernel fills the two words.
    unsafe { clock_gettime(1, &mut time) };
    time[0] * 1_000_000_000 + time[1]
}

/// Reads another process's memory; how many bytes of `to` were filled.
pub fn peek(pid: i32, address: u64, to: &mut [u8]) -> usize {
    let local = Part { base: to.as_mut_ptr() as usize, length: to.len() };
    let remote = Part { base: address as usize, length: to.len() };
    // SAFETY: the local part is `to`; a wrong remote address is an error, not a fault.
    let got = unsafe { process_vm_readv(pid, &local, 1, &remote, 1, 0) };
    usize::try_from(got).unwrap_or(0)
}

/// What the stopped thread is doing; None when it was killed meanwhile.
pub fn call_info(tid: i32) -> Option<CallInfo> {
    let mut info = CallInfo::default();
    let size = std::mem::size_of::<CallInfo>();
    // SAFETY: the kernel fills at most `size` bytes.
    let got = unsafe { ptrace(PTRACE_GET_SYSCALL_INFO, tid as c_long, size, &mut info as *mut CallInfo) };
    (got > 0).then_some(info)
}

/// The message of the event at which the thread stopped.
pub fn event_message(tid: i32) -> Option<u64> {
    let mut message = 0u64;
    // SAFETY: the kernel fills one word.
    let got = unsafe { ptrace(PTRACE_GETEVENTMSG, tid as c_long, 0usize, &mut message as *mut u64) };
    (got == 0).then_some(message)
}

/// Lets a stopped thread go on; nothing where it was killed meanwhile.
pub fn resume(request: c_long, tid: i32, signal: i32) {
    // SAFETY: no memory is passed.
    unsafe { ptrace(request, tid as c_long, 0usize, signal as usize) };
}

/// Whether the thread belongs to the process.
pub fn is_thread_of(pid: i32, tid: i32) -> bool {
    #[cfg(target_arch = "x86_64")]
    const TGKILL: c_long = 234;
    #[cfg(target_arch = "aarch64")]
    const TGKILL: c_long = 131;
    // SAFETY: signal 0 is only asked for, not sent.
    unsafe { syscall(TGKILL, pid as c_long, tid as c_long, 0 as c_long) == 0 }
}
