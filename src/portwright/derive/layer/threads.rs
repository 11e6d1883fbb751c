//! Operations on threads, and the block that holds a thread's own variables.

use super::abi::{self, Failure};

/// Lets other threads run.
pub fn yield_now() -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::yield_now() }.map(drop)
}

/// Sets the calling thread's thread pointer.
///
/// # Safety
///
/// The address must be that of a block which `thread_block` made, and thread-locals must not be in use.
#[cfg(all(target_thread_local, not(test)))]
pub unsafe fn set_thread_pointer(address: usize) -> Result<(), Failure> {
    // SAFETY: the caller's promise.
    unsafe { abi::set_thread_pointer(address) }.map(drop)
}

/// Makes the block of a thread's variables from the program's image of them and gives its thread pointer.
///
/// The program headers are the linker's, found by the symbol that every linker gives the ELF header; where the
/// parts of the block lie is the CPU's (`cpu::Block`). None: no memory.
///
/// # Safety
///
/// `memory` must answer with fresh memory that is aligned to pages.
#[cfg(all(target_thread_local, not(test)))]
pub unsafe fn thread_block(memory: impl FnOnce(usize) -> *mut u8) -> Option<usize> {
    use super::cpu::Block;

    // SAFETY: the linker's headers lie in a segment that is loaded and never changed.
    let image = unsafe { image() };
    let block = Block::of(image.size, image.align, image.linked_at);
    let base = memory(block.length.checked_add(block.align)?);
    if base.is_null() {
        return None;
    }
    let start = base.addr().checked_next_multiple_of(block.align)?;
    // SAFETY: all lies within `length` bytes of fresh memory; nothing else knows of them yet.
    unsafe {
        let start = base.add(start - base.addr());
        start.write_bytes(0, block.length);
        start.add(block.image).copy_from_nonoverlapping(image.bytes, image.filled);
        let pointer = start.add(block.pointer);
        if let Some(own) = block.own_address {
            start.add(own).cast::<usize>().write(pointer.expose_provenance());
        }
        Some(pointer.expose_provenance())
    }
}

/// The program's image of a thread's variables: `filled` bytes of `bytes`, then zeros up to `size`.
#[cfg(all(target_thread_local, not(test)))]
struct Image {
    bytes: *const u8,
    filled: usize,
    size: usize,
    align: usize,
    linked_at: usize,
}

#[cfg(all(target_thread_local, not(test)))]
unsafe fn image() -> Image {
    unsafe extern "C" {
        static __ehdr_start: Header;
    }

    const LOAD: u32 = 1;
    const THREAD_LOCAL: u32 = 7;
    let mut image = Image { bytes: crate::ptr::null(), filled: 0, size: 0, align: 1, linked_at: 0 };
    let header = &raw const __ehdr_start;
    let start = header.expose_provenance();
    // SAFETY: the ELF header says where its program headers are, how large and how many.
    unsafe {
        let table = header.byte_add((*header).segments_at).cast::<Segment>();
        let segment = |index: u16| &*table.byte_add(index as usize * (*header).segment_size as usize);
        // Where the file's first byte was loaded, against where it was linked: 0 in a program at fixed addresses.
        let mut moved = 0;
        for index in 0..(*header).segments {
            let each = segment(index);
            if each.kind == LOAD && each.offset == 0 {
                moved = start.wrapping_sub(each.address);
            }
        }
        for index in 0..(*header).segments {
            let each = segment(index);
            if each.kind == THREAD_LOCAL {
                image.bytes = crate::ptr::with_exposed_provenance(each.address.wrapping_add(moved));
                image.filled = each.filled;
                image.size = each.size;
                image.align = each.align.max(1);
                image.linked_at = each.address;
            }
        }
    }
    image
}

/// The ELF header, as far as it is read here; words are as wide as pointers.
#[cfg(all(target_thread_local, not(test)))]
#[repr(C)]
struct Header {
    identification: [u8; 16],
    kind: u16,
    machine: u16,
    version: u32,
    entry: usize,
    segments_at: usize,
    sections_at: usize,
    flags: u32,
    header_size: u16,
    segment_size: u16,
    segments: u16,
}

/// A program header.
#[cfg(all(target_thread_local, not(test), target_pointer_width = "64"))]
#[repr(C)]
struct Segment {
    kind: u32,
    flags: u32,
    offset: usize,
    address: usize,
    physical: usize,
    filled: usize,
    size: usize,
    align: usize,
}

/// A program header.
#[cfg(all(target_thread_local, not(test), target_pointer_width = "32"))]
#[repr(C)]
struct Segment {
    kind: u32,
    offset: usize,
    address: usize,
    physical: usize,
    filled: usize,
    size: usize,
    flags: u32,
    align: usize,
}
