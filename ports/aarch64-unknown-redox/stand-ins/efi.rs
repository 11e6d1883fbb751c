//! A stand-in for the boot loader: an EFI application that tells the firmware "not supported" and ends.
//!
//! The firmware then goes on to its next boot entry. The headers are written out here, since LLD makes no PE files of
//! ELF objects; the linker script puts them in front of the code, as they are.

#![feature(no_core, decl_macro, rustc_attrs)]
#![no_core]
#![allow(internal_features)]

#[rustc_builtin_macro]
macro global_asm() {}

global_asm!(
    r#"
    .section .head, "a"
    .ascii "MZ"
    .zero 58
    .long pe - .Lhead                   // at 60
    .set .Lhead, pe - 64
pe:
    .ascii "PE\0\0"
    .short 0xaa64                       // AArch64
    .short 1                            // one section
    .long 0, 0, 0                       // no time, no symbols
    .short sections - optional
    .short 0x0206                       // executable, without line numbers and debug information
optional:
    .short 0x020b                       // 64 bits
    .byte 0, 0
    .long 0x200, 0, 0                   // code, data, zeros
    .long 0x1000                        // the entry: the script holds _start to it
    .long 0x1000                        // where the code begins
    .quad 0                             // it runs anywhere
    .long 0x1000, 0x200                 // alignment in memory and in the file
    .short 0, 0, 0, 0, 0, 0             // versions
    .long 0
    .long 0x2000, 0x200                 // the image and its headers
    .long 0
    .short 10                           // an EFI application
    .short 0
    .quad 0, 0, 0, 0                    // stack and heap are the firmware's
    .long 0, 6
    .zero 48                            // none of the six tables
sections:
    .ascii ".text\0\0\0"
    .long 0x200, 0x1000, 0x200, 0x1000  // in memory, in the file: size and place
    .long 0, 0
    .short 0, 0
    .long 0x60000020                    // code, readable and executable

    .section .text, "ax"
    .globl _start
    .type _start, %function
_start:
    mov x0, #3                          // EFI_UNSUPPORTED
    movk x0, #0x8000, lsl #48
    ret
    .size _start, . - _start

    .section .rodata, "a"
    .asciz "portwright stand-in: a boot loader belongs here"
"#
);
