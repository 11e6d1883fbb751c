//! The heap over a limited block of memory, on whatever machine this is.

use core::alloc::Layout;
use core::ptr::NonNull;

use nextstep_alloc::heap::{GRAIN, Heap, PAGE, Source};

struct Block {
    memory: Vec<u128>,
    used: usize,
    asked: usize,
}

impl Block {
    fn new(pages: usize) -> Self {
        Block { memory: vec![0; pages * PAGE / 16], used: 0, asked: 0 }
    }
}

impl Source for Block {
    fn more(&mut self, length: usize) -> Option<NonNull<u8>> {
        assert_eq!(length % PAGE, 0);
        self.asked += 1;
        if self.used + length > self.memory.len() * 16 {
            return None;
        }
        let start = unsafe { self.memory.as_mut_ptr().cast::<u8>().add(self.used) };
        self.used += length;
        NonNull::new(start)
    }
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn what_is_freed_joins_and_is_used_again() {
    let mut heap = Heap::new(Block::new(4));
    let pieces: Vec<_> = (0..100).map(|_| heap.allocate(layout(40, 8)).unwrap()).collect();
    for index in (0..100).step_by(2).chain((1..100).step_by(2)) {
        unsafe { heap.free_piece(pieces[index], layout(40, 8)) };
    }
    assert_eq!(heap.free(), heap.source().used);
    let whole = heap.source().used;
    assert!(heap.allocate(layout(whole, GRAIN)).is_some());
    assert_eq!((heap.free(), heap.source().asked), (0, 1));
}

#[test]
fn every_alignment_and_no_memory() {
    let mut heap = Heap::new(Block::new(64));
    for shift in 0..15 {
        let found = heap.allocate(layout(3, 1 << shift)).unwrap();
        assert_eq!(found.addr().get() % (1 << shift), 0);
    }
    assert!(heap.allocate(layout(PAGE * 100, 1)).is_none());
    assert!(heap.allocate(layout(isize::MAX as usize - 4096, 4096)).is_none());
    assert!(heap.allocate(layout(1, 1)).is_some());
}

#[test]
fn a_piece_grows_where_it_lies_and_moves_where_it_cannot() {
    let mut heap = Heap::new(Block::new(16));
    let first = heap.allocate(layout(64, 8)).unwrap();
    unsafe { first.write_bytes(7, 64) };
    let grown = unsafe { heap.resize(first, layout(64, 8), 4000) }.unwrap();
    assert_eq!(grown, first);
    let wall = heap.allocate(layout(8, 8)).unwrap();
    let moved = unsafe { heap.resize(grown, layout(4000, 8), 6000) }.unwrap();
    assert_ne!(moved, grown);
    assert!((0..64).all(|place| unsafe { moved.add(place).read() } == 7));
    let shrunk = unsafe { heap.resize(moved, layout(6000, 8), 16) }.unwrap();
    assert_eq!(shrunk, moved);
    unsafe {
        assert!(heap.resize(shrunk, layout(16, 8), PAGE * 100).is_none());
        assert_eq!(shrunk.read(), 7);
        heap.free_piece(shrunk, layout(16, 8));
        heap.free_piece(wall, layout(8, 8));
    }
    assert_eq!(heap.free(), heap.source().used);
}

#[test]
fn nothing_overlaps_whatever_is_done() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut heap = Heap::new(Block::new(256));
    let mut held: Vec<(NonNull<u8>, Layout, u8)> = Vec::new();
    for round in 0..20_000u32 {
        let mark = round as u8;
        match random.below(3) {
            0 if !held.is_empty() => {
                let (address, layout, mark) = held.swap_remove(random.below(held.len()));
                assert!((0..layout.size()).all(|place| unsafe { address.add(place).read() } == mark));
                unsafe { heap.free_piece(address, layout) };
            }
            1 if !held.is_empty() => {
                let index = random.below(held.len());
                let (address, old, mark) = held[index];
                let size = 1 + random.below(3000);
                if let Some(moved) = unsafe { heap.resize(address, old, size) } {
                    let kept = size.min(old.size());
                    assert!((0..kept).all(|place| unsafe { moved.add(place).read() } == mark));
                    unsafe { moved.write_bytes(mark, size) };
                    held[index] = (moved, layout(size, old.align()), mark);
                }
            }
            _ => {
                let wanted = layout(1 + random.below(2000), 1 << random.below(8));
                if let Some(address) = heap.allocate(wanted) {
                    assert_eq!(address.addr().get() % wanted.align(), 0);
                    unsafe { address.write_bytes(mark, wanted.size()) };
                    held.push((address, wanted, mark));
                }
            }
        }
    }
    for (address, layout, mark) in held {
        assert!((0..layout.size()).all(|place| unsafe { address.add(place).read() } == mark));
        unsafe { heap.free_piece(address, layout) };
    }
    assert_eq!(heap.free(), heap.source().used);
}
