//! The first program for NeXTSTEP: no std, no C library, two system calls.

#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

use nextstep_io::{STDERR, STDOUT, Write, exit};

nextstep_io::start!(main);

fn main() -> ! {
    match STDOUT.clone().write_all(b"Hello, NeXTSTEP!\n") {
        Ok(()) => exit(0),
        Err(_) => exit(1),
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    let _ = STDERR.clone().write_all(b"panicked\n");
    exit(101)
}
