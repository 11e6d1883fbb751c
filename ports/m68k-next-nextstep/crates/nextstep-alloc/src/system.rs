//! The heap over NeXTSTEP's own memory: the data segment, whose end moves up.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::heap::{Heap, PAGE, Source};

static END: AtomicUsize = AtomicUsize::new(0);

// By itself, not in `System`: LLVM's back end for this CPU compares and swaps only at an address that it need not add to.
static LOCKED: AtomicBool = AtomicBool::new(false);

/// Moves the end of the data segment up and gives the old end, as C's `sbrk` does; None where there is no more memory.
///
/// The system's own call wants the new end and does not tell the old one, so that is remembered here: at first it is
/// the program's end, on a page's border.
pub fn sbrk(increment: usize) -> Option<NonNull<u8>> {
    unsafe extern "C" {
        // The linker gives the end of a program this name.
        static _end: u8;
    }

    let first = (&raw const _end).addr().checked_next_multiple_of(PAGE)?;
    let mut old = END.load(Ordering::Relaxed);
    loop {
        let start = if old == 0 { first } else { old };
        let new = start.checked_add(increment)?;
        match END.compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => {
                // SAFETY: the segment only grows, from an end that is its own.
                if unsafe { nextstep_sys::calls::obreak(new) }.is_ok() {
                    return NonNull::new(ptr::with_exposed_provenance_mut(start));
                }
                // Somebody else's growth may have come between: then this much is lost, and nothing else.
                let _ = END.compare_exchange(new, start, Ordering::AcqRel, Ordering::Relaxed);
                return None;
            }
            Err(found) => old = found,
        }
    }
}

/// The end of the data segment as a source of memory.
struct DataSegment;

impl Source for DataSegment {
    fn more(&mut self, length: usize) -> Option<NonNull<u8>> {
        sbrk(length)
    }
}

/// The allocator of a program: `#[global_allocator] static HEAP: System = System::new();`
pub struct System {
    heap: UnsafeCell<Heap<DataSegment>>,
}

// SAFETY: the lock lets one caller at a time reach the heap.
unsafe impl Sync for System {}

impl System {
    /// A heap without any memory yet.
    #[must_use]
    pub const fn new() -> Self {
        System { heap: UnsafeCell::new(Heap::new(DataSegment)) }
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Heap<DataSegment>) -> T) -> T {
        while LOCKED.swap(true, Ordering::Acquire) {
            core::hint::spin_loop();
        }
        // SAFETY: the lock is ours.
        let done = work(unsafe { &mut *self.heap.get() });
        LOCKED.store(false, Ordering::Release);
        done
    }
}

impl Default for System {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: the heap gives out each byte once, and aligned as it was asked.
unsafe impl GlobalAlloc for System {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.locked(|heap| heap.allocate(layout)).map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        if let Some(address) = NonNull::new(address) {
            // SAFETY: the caller's promise.
            self.locked(|heap| unsafe { heap.free_piece(address, layout) });
        }
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(address) = NonNull::new(address) else { return ptr::null_mut() };
        // SAFETY: the caller's promise.
        let moved = self.locked(|heap| unsafe { heap.resize(address, layout, size) });
        moved.map_or(ptr::null_mut(), NonNull::as_ptr)
    }
}
