//! The seccomp filter: the calls at which a traced process stops, with their numbers per processor.

use crate::sys;
use std::ffi::c_long;

/// What a traced call is; how its arguments lie is said in `calls.rs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    Open,
    Creat,
    Openat,
    Openat2,
    Rename,
    Renameat,
    Renameat2,
    Link,
    Linkat,
    Symlink,
    Symlinkat,
    Unlink,
    Unlinkat,
    Mkdir,
    Mkdirat,
    Rmdir,
    Truncate,
    Chmod,
    Fchmod,
    Fchmodat,
    Chdir,
    Connect,
    Sendto,
    Sendmsg,
    Sendmmsg,
    Lost(&'static str),
}

use Call::*;

#[cfg(target_arch = "x86_64")]
pub const ARCH: u32 = 0xC000_003E;
#[cfg(target_arch = "x86_64")]
const SECCOMP: c_long = 317;
#[cfg(target_arch = "x86_64")]
const NUMBERS: &[(u32, Call)] = &[
    (2, Open),
    (42, Connect),
    (44, Sendto),
    (46, Sendmsg),
    (76, Truncate),
    (80, Chdir),
    (81, Chdir),
    (82, Rename),
    (83, Mkdir),
    (84, Rmdir),
    (85, Creat),
    (86, Link),
    (87, Unlink),
    (88, Symlink),
    (90, Chmod),
    (91, Fchmod),
    (155, Lost("it changed its root folder")),
    (161, Lost("it changed its root folder")),
    (257, Openat),
    (258, Mkdirat),
    (263, Unlinkat),
    (264, Renameat),
    (265, Linkat),
    (266, Symlinkat),
    (268, Fchmodat),
    (304, Lost("it opens files by handle")),
    (307, Sendmmsg),
    (308, Lost("it entered another namespace")),
    (316, Renameat2),
    (425, Lost("it uses io_uring")),
    (437, Openat2),
    (452, Fchmodat),
];

#[cfg(target_arch = "aarch64")]
pub const ARCH: u32 = 0xC000_00B7;
#[cfg(target_arch = "aarch64")]
const SECCOMP: c_long = 277;
#[cfg(target_arch = "aarch64")]
const NUMBERS: &[(u32, Call)] = &[
    (34, Mkdirat),
    (35, Unlinkat),
    (36, Symlinkat),
    (37, Linkat),
    (38, Renameat),
    (41, Lost("it changed its root folder")),
    (45, Truncate),
    (49, Chdir),
    (50, Chdir),
    (51, Lost("it changed its root folder")),
    (52, Fchmod),
    (53, Fchmodat),
    (56, Openat),
    (203, Connect),
    (206, Sendto),
    (211, Sendmsg),
    (265, Lost("it opens files by handle")),
    (268, Lost("it entered another namespace")),
    (269, Sendmmsg),
    (276, Renameat2),
    (425, Lost("it uses io_uring")),
    (437, Openat2),
    (452, Fchmodat),
];

/// The call of that number; None for one of another instruction set's numbering (x32).
pub fn call(number: u64) -> Option<Call> {
    NUMBERS.iter().find(|(known, _)| u64::from(*known) == number).map(|(_, call)| *call)
}

#[repr(C)]
struct Instruction {
    code: u16,
    yes: u8,
    no: u8,
    value: u32,
}

#[repr(C)]
struct Program {
    length: u16,
    instructions: *const Instruction,
}

const LOAD: u16 = 0x20;
const EQUAL: u16 = 0x15;
const AT_LEAST: u16 = 0x35;
const ANSWER: u16 = 0x06;
const ALLOW: u32 = 0x7fff_0000;
const TRACE: u32 = 0x7ff0_0000;
/// x86-64's calls with 32-bit pointers begin here; no other numbers are as large.
const X32: u32 = 0x4000_0000;

/// Of `struct seccomp_data`.
const AT_NUMBER: u32 = 0;
const AT_ARCH: u32 = 4;
const AT_ARGUMENT_4: u32 = 16 + 4 * 8;

fn instructions() -> Vec<Instruction> {
    let line = |code, yes, no, value| Instruction { code, yes, no, value };
    let plain: Vec<u32> = NUMBERS.iter().filter(|(_, call)| *call != Sendto).map(|(number, _)| *number).collect();
    let sendto = NUMBERS.iter().find(|(_, call)| *call == Sendto).map_or(0, |(number, _)| *number);
    let allow = plain.len() + 9;
    let mut made: Vec<Instruction> = Vec::with_capacity(allow + 2);
    // How far it is from the instruction that is pushed next to the one at `to`.
    let far = |made: &Vec<Instruction>, to: usize| (to - made.len() - 1) as u8;
    made.push(line(LOAD, 0, 0, AT_ARCH));
    made.push(line(EQUAL, 0, far(&made, allow), ARCH));
    made.push(line(LOAD, 0, 0, AT_NUMBER));
    made.push(line(AT_LEAST, far(&made, allow + 1), 0, X32));
    for number in &plain {
        made.push(line(EQUAL, far(&made, allow + 1), 0, *number));
    }
    // Only a datagram with an address of its own: bytes of a connection were seen when it was made.
    made.push(line(EQUAL, 0, far(&made, allow), sendto));
    made.push(line(LOAD, 0, 0, AT_ARGUMENT_4));
    made.push(line(EQUAL, 0, far(&made, allow + 1), 0));
    made.push(line(LOAD, 0, 0, AT_ARGUMENT_4 + 4));
    made.push(line(EQUAL, 0, far(&made, allow + 1), 0));
    made.push(line(ANSWER, 0, 0, ALLOW));
    made.push(line(ANSWER, 0, 0, TRACE));
    made
}

/// Makes this process, and all that it starts, stop at the calls. The error number where that is refused.
pub fn install() -> Result<(), i32> {
    let made = instructions();
    let program = Program { length: made.len() as u16, instructions: made.as_ptr() };
    // A filter is no reason for slower speculation: the flag keeps the processor's speed as it was.
    const SET_FILTER: c_long = 1;
    const SPECULATION_ALLOWED: c_long = 4;
    // SAFETY: the program lives until the call ends; prctl passes no memory.
    unsafe {
        let set = || sys::syscall(SECCOMP, SET_FILTER, SPECULATION_ALLOWED, &program as *const Program);
        // Who may do it without giving up that programs gain rights (sudo in a build) does so.
        if set() == 0 {
            return Ok(());
        }
        if sys::prctl(sys::PR_SET_NO_NEW_PRIVS, 1usize, 0usize, 0usize, 0usize) != 0 || set() != 0 {
            return Err(sys::errno());
        }
    }
    Ok(())
}
