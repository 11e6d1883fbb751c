//! A stand-in: a program that is started like the one in whose place it lies, and then waits for ever.
//!
//! No call of the system is made, so it needs nothing of it and does no harm; what it is can be read in the file.

#![feature(no_core, decl_macro, rustc_attrs)]
#![no_core]
#![allow(internal_features)]

#[rustc_builtin_macro]
macro global_asm() {}

global_asm!(
    r#"
    .section .text, "ax"
    .globl _start
    .type _start, %function
_start:
    yield
    b _start
    .size _start, . - _start

    .section .rodata, "a"
    .asciz "portwright stand-in: it waits for ever, where a program of the system belongs"
"#
);
