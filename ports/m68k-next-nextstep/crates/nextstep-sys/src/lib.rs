//! The system calls of nextstep (m68k-next-nextstep), as the kernel takes them.
//!
//! NeXTSTEP on the 68030 and 68040: big-endian, Mach-O, 4.3BSD over Mach.
//!
//! Made by portwright from the port's ledger: change the ledger, not this crate. Each function of [`calls`] is one
//! system call; what it means is the kernel's to say. Nothing here allocates, retries or keeps state.

#![no_std]
#![feature(asm_experimental_arch)]
#![deny(missing_docs)]

pub mod calls;
pub mod constants;
pub mod errors;
pub mod number;
pub mod trap;
pub mod types;

pub use errors::Errno;
