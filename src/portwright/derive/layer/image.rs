//! The program as it was loaded: its segments, by the headers that the linker leaves in a segment that is loaded.

#![allow(dead_code)] // a program has thread-locals, or unwinds, or neither

use crate::ptr;

/// A segment with thread-locals' first values.
pub const THREAD_LOCAL: u32 = 7;

/// The index of the tables that say how to unwind.
pub const UNWINDING: u32 = 0x6474_e550;

const LOADED: u32 = 1;

/// A part of the program in memory: `filled` bytes from the file, then zeros up to `size`.
pub struct Part {
    pub bytes: *const u8,
    pub filled: usize,
    pub size: usize,
    pub align: usize,
    /// Where the linker put it; it may have been moved since.
    pub linked_at: usize,
}

/// The first segment of a kind.
pub fn part(kind: u32) -> Option<Part> {
    segments().find(|each| each.kind == kind).map(|each| Part {
        bytes: ptr::with_exposed_provenance(each.address.wrapping_add(moved())),
        filled: each.filled,
        size: each.size,
        align: each.align.max(1),
        linked_at: each.address,
    })
}

/// Where the file's first byte was loaded, against where it was linked: 0 in a program at fixed addresses.
pub fn moved() -> usize {
    let first = segments().find(|each| each.kind == LOADED && each.offset == 0);
    first.map_or(0, |first| header().expose_provenance().wrapping_sub(first.address))
}

fn header() -> *const Header {
    unsafe extern "C" {
        // Every linker gives the ELF header this name.
        static __ehdr_start: Header;
    }

    &raw const __ehdr_start
}

fn segments() -> impl Iterator<Item = &'static Segment> {
    // SAFETY: the ELF header says where its program headers are, how large and how many; all of it stays.
    unsafe {
        let header = header();
        let table = header.byte_add((*header).segments_at).cast::<Segment>();
        let size = (*header).segment_size as usize;
        (0..(*header).segments).map(move |index| &*table.byte_add(index as usize * size))
    }
}

/// The ELF header, as far as it is read here; words are as wide as pointers.
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
#[cfg(target_pointer_width = "64")]
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
#[cfg(target_pointer_width = "32")]
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
