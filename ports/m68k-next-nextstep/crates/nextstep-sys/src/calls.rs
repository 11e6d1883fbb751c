//! The system calls, each as one function that traps once.
//!
//! A call whose arguments the ledger does not say has only its number, in [`crate::number`].

use crate::errors::{Errno, check};
use crate::{constants, number, trap, types};
use core::ffi::c_char;

/// `exit`, number 1.
///
/// End the process with a status.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn exit(status: isize) -> ! {
    // SAFETY: passed on to the caller.
    unsafe { trap::trap1(number::SYS_EXIT, status as usize) };
    loop {
        core::hint::spin_loop();
    }
}

/// `read`, number 3.
///
/// Read bytes at an open file's offset, which moves on; 0 at the end. It may give fewer than asked for.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn read(
    fd: i32,
    buffer: *mut u8,
    length: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_READ, fd as usize, buffer as usize, length) })
}

/// `write`, number 4.
///
/// Write bytes at an open file's offset, which moves on. It may take fewer than given.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn write(
    fd: i32,
    buffer: *const u8,
    length: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_WRITE, fd as usize, buffer as usize, length) })
}

/// `open`, number 5.
///
/// Open a file, or create it.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn open(
    path: *const c_char,
    flags: usize,
    mode: u32,
) -> Result<i32, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_OPEN, path as usize, flags, mode as usize) }).map(|value| value as i32)
}

/// `close`, number 6.
///
/// Close an open file.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn close(fd: i32) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_CLOSE, fd as usize) }).map(|_| ())
}

/// `wait4`, number 7.
///
/// Wait until a child has ended and take its status; the result is its number, or 0 where it need not wait.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn wait4(
    process: isize,
    status: *mut types::WaitStatus,
    options: usize,
) -> Result<isize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap4(number::SYS_WAIT4, process as usize, status as usize, options, 0) }).map(|value| value as isize)
}

/// `creat`, number 8.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn creat(path: usize, mode: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_CREAT, path, mode) })
}

/// `link`, number 9.
///
/// Give the file `target` one more name, `path`. A symbolic link itself gets it, where `target` names one.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn link(
    path: *const c_char,
    target: *const c_char,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_LINK, target as usize, path as usize) }).map(|_| ())
}

/// `unlink`, number 10.
///
/// Take a name of a file away.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn unlink(path: *const c_char) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_UNLINK, path as usize) }).map(|_| ())
}

/// `execv`, number 11.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn execv(path: usize, arguments: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_EXECV, path, arguments) })
}

/// `chdir`, number 12.
///
/// Make a directory the current one.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn chdir(path: *const c_char) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_CHDIR, path as usize) }).map(|_| ())
}

/// `mknod`, number 14.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn mknod(
    path: usize,
    mode: usize,
    device: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_MKNOD, path, mode, device) })
}

/// `chmod`, number 15.
///
/// Set the permissions of the file that a path names, following symbolic links.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn chmod(path: *const c_char, mode: u32) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_CHMOD, path as usize, mode as usize) }).map(|_| ())
}

/// `chown`, number 16.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn chown(
    path: usize,
    owner: usize,
    group: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_CHOWN, path, owner, group) })
}

/// `obreak`, number 17.
///
/// Move the end of the data segment to an address; the result is the end that holds now.
///
/// Answers 0 when the end has moved, not where it is.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn obreak(address: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_OBREAK, address) })
}

/// `lseek`, number 19.
///
/// Move an open file's offset; the result is the new one, in bytes from the start.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn lseek(fd: i32, offset: i64, whence: usize) -> Result<i64, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_LSEEK, fd as usize, offset as usize, whence) }).map(|value| value as i64)
}

/// `getpid`, number 20.
///
/// The process's number.
///
/// The second result is the parent's number.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getpid() -> Result<isize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap0(number::SYS_GETPID) }).map(|value| value as isize)
}

/// `getuid`, number 24.
///
/// The second result is the effective user.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getuid() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap0(number::SYS_GETUID) })
}

/// `ptrace`, number 26.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn ptrace(
    request: usize,
    process: usize,
    address: usize,
    data: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap4(number::SYS_PTRACE, request, process, address, data) })
}

/// `access`, number 33.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn access(path: usize, mode: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_ACCESS, path, mode) })
}

/// `sync`, number 36.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn sync() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap0(number::SYS_SYNC) })
}

/// `kill`, number 37.
///
/// Send a process a signal.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn kill(process: isize, signal: usize) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_KILL, process as usize, signal) }).map(|_| ())
}

/// `stat`, number 38.
///
/// Describe the file that a path names, following symbolic links.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn stat(
    path: *const c_char,
    status: *mut types::Stat,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_STAT, path as usize, status as usize) }).map(|_| ())
}

/// `lstat`, number 40.
///
/// Describe what a path names, without following a symbolic link at its end.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn lstat(
    path: *const c_char,
    status: *mut types::Stat,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_LSTAT, path as usize, status as usize) }).map(|_| ())
}

/// `dup`, number 41.
///
/// Give an open file a second number, the lowest that is free.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn dup(fd: i32) -> Result<i32, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_DUP, fd as usize) }).map(|value| value as i32)
}

/// `getgid`, number 47.
///
/// The second result is the effective group.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getgid() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap0(number::SYS_GETGID) })
}

/// `ioctl_tiocgetp`, number 54 (`ioctl` in the kernel).
///
/// Describe the terminal that an open file is; ENOTTY where it is none.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn ioctl_tiocgetp(
    fd: i32,
    status: *mut types::Termios,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(
        number::SYS_IOCTL_TIOCGETP,
        fd as usize,
        constants::TIOCGETP,
        status as usize,
    ) }).map(|_| ())
}

/// `ioctl`, number 54.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn ioctl(
    fd: usize,
    request: usize,
    argument: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_IOCTL, fd, request, argument) })
}

/// `symlink`, number 57.
///
/// Make a symbolic link: `path` is the new link, `target` the text that it holds.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn symlink(
    path: *const c_char,
    target: *const c_char,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_SYMLINK, target as usize, path as usize) }).map(|_| ())
}

/// `readlink`, number 58.
///
/// Write the text of a symbolic link, without a NUL; the result counts its bytes, cut where there is no room.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn readlink(
    path: *const c_char,
    buffer: *mut u8,
    length: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_READLINK, path as usize, buffer as usize, length) })
}

/// `execve`, number 59.
///
/// Replace the program by another in the same process, with its open files; it comes back only where it fails.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn execve(
    path: *const c_char,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(
        number::SYS_EXECVE,
        path as usize,
        arguments as usize,
        environment as usize,
    ) }).map(|_| ())
}

/// `umask`, number 60.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn umask(mask: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_UMASK, mask) })
}

/// `fstat`, number 62.
///
/// Describe an open file.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn fstat(fd: i32, status: *mut types::Stat) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_FSTAT, fd as usize, status as usize) }).map(|_| ())
}

/// `getpagesize`, number 64.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getpagesize() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap0(number::SYS_GETPAGESIZE) })
}

/// `vfork`, number 66.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn vfork() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap0(number::SYS_VFORK) })
}

/// `sbrk`, number 69.
///
/// 4.3BSD numbers it and does nothing: its C library's sbrk is obreak with the old end remembered.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn sbrk(increment: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_SBRK, increment) })
}

/// `mmap`, number 71.
///
/// For files and devices; memory that is nobody's comes from obreak.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn mmap(
    address: usize,
    length: usize,
    protection: usize,
    share: usize,
    fd: usize,
    offset: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap6(number::SYS_MMAP, address, length, protection, share, fd, offset) })
}

/// `munmap`, number 73.
///
/// Take mapped memory away.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn munmap(address: usize, length: usize) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_MUNMAP, address, length) }).map(|_| ())
}

/// `mprotect`, number 74.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn mprotect(
    address: usize,
    length: usize,
    protection: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_MPROTECT, address, length, protection) })
}

/// `getgroups`, number 79.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getgroups(count: usize, groups: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_GETGROUPS, count, groups) })
}

/// `setitimer`, number 83.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn setitimer(
    which: usize,
    value: usize,
    old: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_SETITIMER, which, value, old) })
}

/// `getdtablesize`, number 89.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getdtablesize() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap0(number::SYS_GETDTABLESIZE) })
}

/// `dup2`, number 90.
///
/// Make a number stand for an open file; what it stood for is closed.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn dup2(fd: i32, target: i32) -> Result<i32, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_DUP2, fd as usize, target as usize) }).map(|value| value as i32)
}

/// `fcntl_getfd`, number 92 (`fcntl` in the kernel).
///
/// The flags of an open file's number: whether a program that is started loses it.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn fcntl_getfd(fd: i32) -> Result<isize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_FCNTL_GETFD, fd as usize, constants::F_GETFD) }).map(|value| value as isize)
}

/// `fcntl_setfd`, number 92 (`fcntl` in the kernel).
///
/// Set the flags of an open file's number: whether a program that is started loses it.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn fcntl_setfd(fd: i32, flags: usize) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_FCNTL_SETFD, fd as usize, constants::F_SETFD, flags) }).map(|_| ())
}

/// `fcntl_getfl`, number 92 (`fcntl` in the kernel).
///
/// The flags of an open file that all its numbers share: how it was opened, whether it waits.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn fcntl_getfl(fd: i32) -> Result<isize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_FCNTL_GETFL, fd as usize, constants::F_GETFL) }).map(|value| value as isize)
}

/// `fcntl_setfl`, number 92 (`fcntl` in the kernel).
///
/// Set the flags of an open file that all its numbers share: whether reading and writing wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn fcntl_setfl(fd: i32, flags: usize) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_FCNTL_SETFL, fd as usize, constants::F_SETFL, flags) }).map(|_| ())
}

/// `fcntl`, number 92.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn fcntl(
    fd: usize,
    command: usize,
    argument: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_FCNTL, fd, command, argument) })
}

/// `select_time`, number 93 (`select` in the kernel).
///
/// Wait for a duration; the rest of an interrupted wait goes to `remaining` (address 0: nowhere).
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn select_time(duration: *const types::Timespec) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap5(number::SYS_SELECT_TIME, 0, 0, 0, 0, duration as usize) }).map(|_| ())
}

/// `select`, number 93.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn select(
    count: usize,
    read: usize,
    write: usize,
    except: usize,
    timeout: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap5(number::SYS_SELECT, count, read, write, except, timeout) })
}

/// `fsync`, number 95.
///
/// Bring an open file's bytes and status to where they survive a loss of power.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn fsync(fd: i32) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_FSYNC, fd as usize) }).map(|_| ())
}

/// `socket`, number 97.
///
/// Make a socket: one end of a connection, or of an exchange of datagrams.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn socket(
    domain: usize,
    type_: usize,
    protocol: usize,
) -> Result<i32, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_SOCKET, domain, type_, protocol) }).map(|value| value as i32)
}

/// `connect`, number 98.
///
/// Connect a socket to an address; a datagram socket then sends there and hears nobody else.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn connect(
    fd: i32,
    address: *const u8,
    address_length: usize,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_CONNECT, fd as usize, address as usize, address_length) }).map(|_| ())
}

/// `accept`, number 99.
///
/// Take the next connection of a listening socket, as a socket of its own; waits until there is one.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn accept(
    fd: i32,
    address: *mut u8,
    address_length: *mut u32,
) -> Result<i32, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(
        number::SYS_ACCEPT,
        fd as usize,
        address as usize,
        address_length as usize,
    ) }).map(|value| value as i32)
}

/// `sigreturn`, number 103.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn sigreturn(context: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_SIGRETURN, context) })
}

/// `bind`, number 104.
///
/// Give a socket its own address; port 0 lets the system choose.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn bind(
    fd: i32,
    address: *const u8,
    address_length: usize,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_BIND, fd as usize, address as usize, address_length) }).map(|_| ())
}

/// `setsockopt`, number 105.
///
/// Set an option of a socket; `value` is a number of the C type int, or a struct.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn setsockopt(
    fd: i32,
    level: usize,
    option: usize,
    value: *const u8,
    value_length: usize,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap5(
        number::SYS_SETSOCKOPT,
        fd as usize,
        level,
        option,
        value as usize,
        value_length,
    ) }).map(|_| ())
}

/// `listen`, number 106.
///
/// Let a bound socket take connections; `backlog` of them may wait to be accepted.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn listen(fd: i32, backlog: isize) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_LISTEN, fd as usize, backlog as usize) }).map(|_| ())
}

/// `sigvec`, number 108.
///
/// Say what a signal does to the process: its default, nothing, or a handler.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn sigvec(
    signal: usize,
    action: *const types::Sigaction,
    old: *mut types::Sigaction,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_SIGVEC, signal, action as usize, old as usize) }).map(|_| ())
}

/// `sigblock`, number 109.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn sigblock(mask: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_SIGBLOCK, mask) })
}

/// `sigsetmask`, number 110.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn sigsetmask(mask: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_SIGSETMASK, mask) })
}

/// `gettimeofday`, number 116.
///
/// Read a clock into a timespec.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn gettimeofday(time: *mut types::Timespec) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_GETTIMEOFDAY, time as usize, 0) }).map(|_| ())
}

/// `getrusage`, number 117.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getrusage(who: usize, usage: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_GETRUSAGE, who, usage) })
}

/// `getsockopt`, number 118.
///
/// Read an option of a socket, into at most as many bytes as there is room for.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getsockopt(
    fd: i32,
    level: usize,
    option: usize,
    value: *mut u8,
    value_length: *mut u32,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap5(
        number::SYS_GETSOCKOPT,
        fd as usize,
        level,
        option,
        value as usize,
        value_length as usize,
    ) }).map(|_| ())
}

/// `readv`, number 120.
///
/// Read bytes at an open file's offset into several buffers, one after the other; 0 at the end.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn readv(
    fd: i32,
    vectors: *const types::Iovec,
    count: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_READV, fd as usize, vectors as usize, count) })
}

/// `writev`, number 121.
///
/// Write the bytes of several buffers, one after the other, at an open file's offset.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn writev(
    fd: i32,
    vectors: *const types::Iovec,
    count: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_WRITEV, fd as usize, vectors as usize, count) })
}

/// `settimeofday`, number 122.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn settimeofday(time: usize, zone: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_SETTIMEOFDAY, time, zone) })
}

/// `fchown`, number 123.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn fchown(
    fd: usize,
    owner: usize,
    group: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_FCHOWN, fd, owner, group) })
}

/// `fchmod`, number 124.
///
/// Set the permissions of an open file.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn fchmod(fd: i32, mode: u32) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_FCHMOD, fd as usize, mode as usize) }).map(|_| ())
}

/// `recvfrom`, number 125.
///
/// Receive one datagram and the address that it came from; what the buffer cannot hold is lost.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn recvfrom(
    fd: i32,
    buffer: *mut u8,
    length: usize,
    flags: usize,
    address: *mut u8,
    address_length: *mut u32,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap6(
        number::SYS_RECVFROM,
        fd as usize,
        buffer as usize,
        length,
        flags,
        address as usize,
        address_length as usize,
    ) })
}

/// `rename`, number 128.
///
/// Give a file or directory another name, replacing what has that name.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn rename(
    path: *const c_char,
    target: *const c_char,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_RENAME, path as usize, target as usize) }).map(|_| ())
}

/// `truncate`, number 129.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn truncate(path: usize, length: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_TRUNCATE, path, length) })
}

/// `ftruncate`, number 130.
///
/// Cut an open file to a length in bytes, or extend it with zeros.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn ftruncate(fd: i32, length: i64) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_FTRUNCATE, fd as usize, length as usize) }).map(|_| ())
}

/// `flock`, number 131.
///
/// Lock an open file, or unlock it; the lock is the open file's, shared by what it is duplicated to.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn flock(fd: i32, operation: usize) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_FLOCK, fd as usize, operation) }).map(|_| ())
}

/// `sendto`, number 133.
///
/// Send one datagram to an address.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn sendto(
    fd: i32,
    buffer: *const u8,
    length: usize,
    flags: usize,
    address: *const u8,
    address_length: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap6(
        number::SYS_SENDTO,
        fd as usize,
        buffer as usize,
        length,
        flags,
        address as usize,
        address_length,
    ) })
}

/// `shutdown`, number 134.
///
/// End one direction of a connection, or both; the socket stays open.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn shutdown(fd: i32, how: usize) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_SHUTDOWN, fd as usize, how) }).map(|_| ())
}

/// `socketpair`, number 135.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn socketpair(
    domain: usize,
    type_: usize,
    protocol: usize,
    fds: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap4(number::SYS_SOCKETPAIR, domain, type_, protocol, fds) })
}

/// `mkdir`, number 136.
///
/// Make a directory.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn mkdir(path: *const c_char, mode: u32) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_MKDIR, path as usize, mode as usize) }).map(|_| ())
}

/// `rmdir`, number 137.
///
/// Remove an empty directory.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn rmdir(path: *const c_char) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap1(number::SYS_RMDIR, path as usize) }).map(|_| ())
}

/// `utimes`, number 138.
///
/// Set when the file that a path names was read and changed, following symbolic links.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn utimes(
    path: *const c_char,
    times: *const types::TimespecPair,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_UTIMES, path as usize, times as usize) }).map(|_| ())
}

/// `getpeername`, number 141.
///
/// The address that a socket is connected to.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getpeername(
    fd: i32,
    address: *mut u8,
    address_length: *mut u32,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(
        number::SYS_GETPEERNAME,
        fd as usize,
        address as usize,
        address_length as usize,
    ) }).map(|_| ())
}

/// `getrlimit`, number 144.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getrlimit(resource: usize, limit: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_GETRLIMIT, resource, limit) })
}

/// `setrlimit`, number 145.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn setrlimit(resource: usize, limit: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_SETRLIMIT, resource, limit) })
}

/// `getsockname`, number 150.
///
/// A socket's own address.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getsockname(
    fd: i32,
    address: *mut u8,
    address_length: *mut u32,
) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(
        number::SYS_GETSOCKNAME,
        fd as usize,
        address as usize,
        address_length as usize,
    ) }).map(|_| ())
}

/// `send`, number 101.
///
/// Send bytes, or one datagram, over a connected socket; of bytes it may take fewer than given.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn send(
    fd: i32,
    buffer: *const u8,
    length: usize,
    flags: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap4(number::SYS_SEND, fd as usize, buffer as usize, length, flags) })
}

/// `recv`, number 102.
///
/// Receive bytes, or one datagram, from a socket; 0 at a connection's end.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn recv(
    fd: i32,
    buffer: *mut u8,
    length: usize,
    flags: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap4(number::SYS_RECV, fd as usize, buffer as usize, length, flags) })
}

/// `getdirentries`, number 156.
///
/// Read the next entries of an open directory in the ledger's [directory] form; 0 at the end. `position` is the address of a word that is told where the first of them begins.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn getdirentries(
    fd: i32,
    buffer: *mut u8,
    length: usize,
    position: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap4(
        number::SYS_GETDIRENTRIES,
        fd as usize,
        buffer as usize,
        length,
        position,
    ) })
}

/// `statfs`, number 157.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn statfs(path: usize, buffer: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap2(number::SYS_STATFS, path, buffer) })
}

/// `wait3`, number 171.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn wait3(
    status: usize,
    options: usize,
    usage: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap3(number::SYS_WAIT3, status, options, usage) })
}

/// `task_self`, number 10.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn task_self() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_0(number::SYS_TASK_SELF) })
}

/// `thread_reply`, number 11.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn thread_reply() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_0(number::SYS_THREAD_REPLY) })
}

/// `task_notify`, number 12.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn task_notify() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_0(number::SYS_TASK_NOTIFY) })
}

/// `thread_self`, number 13.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn thread_self() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_0(number::SYS_THREAD_SELF) })
}

/// `msg_send`, number 20.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn msg_send(
    header: usize,
    option: usize,
    timeout: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_3(number::SYS_MSG_SEND, header, option, timeout) })
}

/// `msg_receive`, number 21.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn msg_receive(
    header: usize,
    option: usize,
    timeout: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_3(number::SYS_MSG_RECEIVE, header, option, timeout) })
}

/// `msg_rpc`, number 22.
///
/// May wait.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn msg_rpc(
    header: usize,
    option: usize,
    receive_size: usize,
    send_timeout: usize,
    receive_timeout: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_5(
        number::SYS_MSG_RPC,
        header,
        option,
        receive_size,
        send_timeout,
        receive_timeout,
    ) })
}

/// `task_by_pid`, number 33.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn task_by_pid(process: usize) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_1(number::SYS_TASK_BY_PID, process) })
}

/// `map_fd`, number 43.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn map_fd(
    fd: usize,
    offset: usize,
    address: usize,
    find_space: usize,
    size: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_5(number::SYS_MAP_FD, fd, offset, address, find_space, size) })
}

/// `host_self`, number 55.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn host_self() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_0(number::SYS_HOST_SELF) })
}

/// `swtch_pri`, number 59.
///
/// Let other threads run.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn swtch_pri() -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_1(number::SYS_SWTCH_PRI, 0) }).map(|_| ())
}

/// `swtch`, number 60.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn swtch() -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_0(number::SYS_SWTCH) })
}

/// `thread_switch`, number 61.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn thread_switch(
    thread: usize,
    option: usize,
    time: usize,
) -> Result<usize, Errno> {
    // SAFETY: passed on to the caller.
    check(unsafe { trap::trap_3_of_3(number::SYS_THREAD_SWITCH, thread, option, time) })
}

/// `fork`, number 2.
///
/// Make a copy of the process that goes on from the same place; 0 in the copy, its number in the original.
///
/// The second result is 1 in the new process, where the first is the parent's number.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn fork() -> Result<(usize, usize), Errno> {
    // SAFETY: passed on to the caller.
    let (first, second) = unsafe { trap::trap_pair0(number::SYS_FORK) };
    check(first).map(|first| (first, second as usize))
}

/// `pipe`, number 42.
///
/// Make a pipe: one open file to read from, and one to write to.
///
/// The results are `read` and `write`.
///
/// # Safety
///
/// Addresses must be of memory that the kernel may read or write for this call, as long as it says.
#[inline]
pub unsafe fn pipe() -> Result<(usize, usize), Errno> {
    // SAFETY: passed on to the caller.
    let (first, second) = unsafe { trap::trap_pair0(number::SYS_PIPE) };
    check(first).map(|first| (first, second as usize))
}
