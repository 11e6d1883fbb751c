//! The system calls of small (x86_64-unknown-small), as the kernel takes them.
//!
//! An OS of one of each thing.
//!
//! Made by portwright from the port's ledger: change the ledger, not this crate. Each function of [`calls`] is one
//! system call; what it means is the kernel's to say. Nothing here allocates, retries or keeps state.

#![no_std]
#![deny(missing_docs)]

pub mod calls;
pub mod constants;
pub mod errors;
pub mod number;
pub mod trap;
pub mod types;

pub use errors::Errno;
