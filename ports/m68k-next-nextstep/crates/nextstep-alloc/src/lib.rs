//! A heap for NeXTSTEP programs without std: `#[global_allocator] static HEAP: System = System::new();`
//!
//! Memory comes in pages of 8192 bytes from the end of the data segment, and what is freed is used again, joined with
//! what lies beside it. [`heap::Heap`] is the heap itself, over whatever gives memory.

#![no_std]
#![deny(missing_docs)]

pub mod heap;
#[cfg(feature = "system")]
mod system;

#[cfg(feature = "system")]
pub use system::{System, sbrk};
