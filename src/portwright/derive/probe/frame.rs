//! A probe: a tiny program that reports what is really so, line by line, for `portwright probe` to compare.
//!
//! It stands on system calls alone: no libc, no std, no thread-locals, no floating point. Each line begins with
//! `PW1`. What may end the program (vector registers, the thread pointer) comes last.

#![feature(no_core)]
#![no_core]
#![no_main]
#![no_builtins]
#![allow(internal_features, dead_code, unused_variables, static_mut_refs)]

#[macro_use]
extern crate core;
#[allow(unused_imports)]
use core::prelude::rust_2024::*;

use core::ptr::{addr_of, addr_of_mut};

/// What a call is that the ledger does not offer.
const ABSENT: isize = isize::MIN;
/// A number that no open file has.
const CLOSED: usize = 987;
const TRIES: usize = 200;

#[panic_handler]
fn panicked(_: &core::panic::PanicInfo<'_>) -> ! {
    Line::new("panic").end();
    finish(99)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    let mut at = 0;
    while at < count {
        unsafe { to.add(at).write(byte as u8) };
        at += 1;
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    let mut at = 0;
    while at < count {
        unsafe { to.add(at).write(from.add(at).read()) };
        at += 1;
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if to.addr() <= from.addr() {
        return unsafe { memcpy(to, from, count) };
    }
    let mut at = count;
    while at > 0 {
        at -= 1;
        unsafe { to.add(at).write(from.add(at).read()) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, two: *const u8, count: usize) -> i32 {
    let mut at = 0;
    while at < count {
        let (left, right) = unsafe { (one.add(at).read(), two.add(at).read()) };
        if left != right {
            return left as i32 - right as i32;
        }
        at += 1;
    }
    0
}

// --- lines

static mut LINES: usize = 0;

/// One line of the report.
struct Line {
    text: [u8; 1600],
    length: usize,
}

impl Line {
    fn new(kind: &str) -> Line {
        let mut line = Line { text: [0; 1600], length: 0 };
        line.push(b"PW1");
        line.text(kind)
    }

    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.length < self.text.len() - 1 {
                self.text[self.length] = byte;
                self.length += 1;
            }
        }
    }

    fn text(mut self, word: &str) -> Line {
        self.push(b" ");
        self.push(word.as_bytes());
        self
    }

    fn number(mut self, value: isize) -> Line {
        self.push(if value < 0 { b" -" } else { b" " });
        let mut digits = [0; 20];
        let (mut at, mut left) = (20, value.unsigned_abs());
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        self.push(&digits[at..]);
        self
    }

    /// A call's result, or `absent`.
    fn result(self, value: isize) -> Line {
        if value == ABSENT { self.text("absent") } else { self.number(value) }
    }

    fn hex(mut self, value: usize) -> Line {
        self.push(b" 0x");
        let mut shift = usize::BITS;
        let mut begun = false;
        while shift > 0 {
            shift -= 4;
            let digit = (value >> shift) & 15;
            begun = begun || digit != 0 || shift == 0;
            if begun {
                self.push(&[b"0123456789abcdef"[digit]]);
            }
        }
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Line {
        self.push(b" ");
        if bytes.is_empty() {
            self.push(b"-");
        }
        for &byte in bytes {
            self.push(&[b"0123456789abcdef"[byte as usize >> 4], b"0123456789abcdef"[byte as usize & 15]]);
        }
        self
    }

    fn end(mut self) {
        self.text[self.length] = b'\n';
        let mut done = 0;
        let mut tries = 0;
        while done <= self.length && tries < TRIES {
            let count = abi::write(1, self.text[done..].as_ptr().addr(), self.length + 1 - done);
            if count > 0 {
                done += count as usize;
            } else {
                tries += 1;
            }
        }
        unsafe { LINES += 1 };
    }
}

fn finish(status: usize) -> ! {
    loop {
        abi::exit(status);
    }
}

/// A struct's bytes as the system wrote them: which of them it touched, found by two different backgrounds.
struct Written {
    bytes: [u8; 640],
    length: usize,
    result: isize,
}

fn written(call: impl Fn(usize) -> isize) -> Written {
    #[repr(align(16))]
    struct Buffer([u8; 640]);
    let (mut one, mut two) = (Buffer([0xa5; 640]), Buffer([0x5a; 640]));
    let result = again(|| call(one.0.as_mut_ptr().addr()));
    again(|| call(two.0.as_mut_ptr().addr()));
    // The compiler cannot know that the system wrote here.
    let mut found = Written { bytes: [0; 640], length: 0, result };
    for at in 0..640 {
        let (left, right) = unsafe { (one.0.as_ptr().add(at).read_volatile(), two.0.as_ptr().add(at).read_volatile()) };
        found.bytes[at] = left;
        if left != 0xa5 || right != 0x5a {
            found.length = at + 1;
        }
    }
    found
}

/// Calls again while a call is interrupted.
fn again(mut call: impl FnMut() -> isize) -> isize {
    let mut tries = 0;
    loop {
        let result = call();
        if result != abi::INTERRUPTED || tries > TRIES {
            return result;
        }
        tries += 1;
    }
}

/// One call of the kernel, made again while the system is busy; under observation where that is asked for.
fn call(number: usize, words: &[usize]) -> isize {
    let mut tries = 0;
    loop {
        let result = if unsafe { WATCHED } { observed(number, words) } else { plain(number, words) };
        if result != abi::BUSY || tries > TRIES {
            return result;
        }
        tries += 1;
    }
}

fn length_of(string: usize) -> usize {
    let mut count = 0;
    while unsafe { *(string as *const u8).add(count) } != 0 {
        count += 1;
    }
    count
}

/// For each operation: 0 where it was never called, 1 where its call always failed, 2 where it has done it.
static mut DONE: [isize; OPERATIONS.len()] = [0; OPERATIONS.len()];

fn note(operation: usize, result: isize) -> isize {
    let now = if result < 0 && result > -4096 { 1 } else { 2 };
    unsafe { DONE[operation] = DONE[operation].max(now) };
    result
}

/// Which call was taken for each operation, and whether it ever did it.
fn used() {
    for (index, (name, number)) in OPERATIONS.iter().enumerate() {
        Line::new("used").text(name).number(*number).number(unsafe { DONE[index] }).end();
    }
}

/// A path: text that ends in NUL.
fn path(text: &'static str) -> usize {
    text.as_ptr().addr()
}
