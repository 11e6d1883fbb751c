//! The heap: dlmalloc over pages of the system's memory.

use crate::alloc::{GlobalAlloc, Layout, System};
use crate::cell::UnsafeCell;
use crate::ptr;
use crate::sys::pal::{abi, memory};
use crate::sys::sync::Mutex;

/// The allocator and the lock around it.
///
/// The lock is the plain one below std's own, which neither allocates nor uses a thread-local.
struct Heap {
    lock: Mutex,
    blocks: UnsafeCell<dlmalloc::Dlmalloc<Pages>>,
}

// SAFETY: `blocks` is reached only by `with`, which holds the lock.
unsafe impl Sync for Heap {}

// A program of std's own tests holds std twice, and one heap.
#[cfg(not(test))]
#[unsafe(export_name = "__rust_internals_portwright_heap")]
static HEAP: Heap = Heap {
    lock: Mutex::new(),
    blocks: UnsafeCell::new(dlmalloc::Dlmalloc::new_with_allocator(Pages)),
};
#[cfg(test)]
unsafe extern "Rust" {
    #[link_name = "__rust_internals_portwright_heap"]
    safe static HEAP: Heap;
}

impl Heap {
    fn with<T>(&self, work: impl FnOnce(&mut dlmalloc::Dlmalloc<Pages>) -> T) -> T {
        self.lock.lock();
        // SAFETY: the lock is held, and `work` cannot come back here: dlmalloc calls only `Pages`.
        let result = work(unsafe { &mut *self.blocks.get() });
        // SAFETY: it was taken above.
        unsafe { self.lock.unlock() };
        result
    }
}

/// dlmalloc's view of the system's memory.
struct Pages;

// SAFETY: `alloc` gives memory that nothing else uses; the answers about it are the ledger's.
unsafe impl dlmalloc::Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let (address, length) = memory::pages(size);
        (address, length, 0)
    }

    fn remap(&self, _ptr: *mut u8, _old: usize, _new: usize, _can_move: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, ptr: *mut u8, old: usize, new: usize) -> bool {
        // SAFETY: dlmalloc has no block beyond `new` bytes.
        unsafe { give_back(ptr.wrapping_add(new), old - new) }
    }

    fn free(&self, ptr: *mut u8, size: usize) -> bool {
        // SAFETY: dlmalloc has no block here.
        unsafe { give_back(ptr, size) }
    }

    fn can_release_part(&self, _flags: u32) -> bool {
        abi::OFFERS_MAP_MEMORY && abi::OFFERS_UNMAP_MEMORY
    }

    fn allocates_zeros(&self) -> bool {
        abi::FRESH_MEMORY_IS_ZERO
    }

    fn page_size(&self) -> usize {
        abi::PAGE_SIZE
    }
}

/// Gives mapped pages back; memory from below the break stays with dlmalloc, which uses it again.
///
/// # Safety
///
/// Nothing may use the memory any more.
unsafe fn give_back(address: *mut u8, length: usize) -> bool {
    // SAFETY: the caller's promise.
    abi::OFFERS_MAP_MEMORY && unsafe { memory::unmap_memory(address, length) }.is_ok()
}

#[stable(feature = "alloc_system_type", since = "1.28.0")]
// SAFETY: dlmalloc keeps the contract of a global allocator; the lock makes it one thread's at a time.
unsafe impl GlobalAlloc for System {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise about the layout is what dlmalloc asks for.
        HEAP.with(|heap| unsafe { heap.malloc(layout.size(), layout.align()) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as in `alloc`.
        HEAP.with(|heap| unsafe { heap.calloc(layout.size(), layout.align()) })
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the block was made here with this layout.
        HEAP.with(|heap| unsafe { heap.free(ptr, layout.size(), layout.align()) })
    }

    #[inline]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the block was made here with this layout.
        HEAP.with(|heap| unsafe { heap.realloc(ptr, layout.size(), layout.align(), new_size) })
    }
}
