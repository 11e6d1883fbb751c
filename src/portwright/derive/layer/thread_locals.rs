//! The block that holds a thread's own variables. Where its parts lie is the CPU's affair: see `cpu::Block`.

use super::cpu::Block;
use super::image::{self, Part};

/// How many bytes `make` needs, wherever they begin.
pub fn room() -> usize {
    let (_, block) = plan();
    block.length + block.align
}

/// Makes a block from the program's image of its thread-locals and gives its thread pointer.
///
/// # Safety
///
/// At `memory` there must be `room()` bytes that nothing else uses.
pub unsafe fn make(memory: *mut u8) -> usize {
    let (image, block) = plan();
    // SAFETY: all lies within `room()` bytes; nothing else knows of them yet.
    unsafe {
        let start = memory.add(memory.addr().next_multiple_of(block.align) - memory.addr());
        start.write_bytes(0, block.length);
        if let Some(image) = image {
            start.add(block.image).copy_from_nonoverlapping(image.bytes, image.filled);
        }
        let pointer = start.add(block.pointer);
        if let Some(own) = block.own_address {
            start.add(own).cast::<usize>().write(pointer.expose_provenance());
        }
        pointer.expose_provenance()
    }
}

fn plan() -> (Option<Part>, Block) {
    let image = image::part(image::THREAD_LOCAL);
    let block = match &image {
        Some(image) => Block::of(image.size, image.align, image.linked_at),
        None => Block::of(0, 1, 0),
    };
    (image, block)
}
