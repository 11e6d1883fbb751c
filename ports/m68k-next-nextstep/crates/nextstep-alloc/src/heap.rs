//! A heap of free pieces in the order of their addresses: the first that is large enough is taken, neighbours join.
//!
//! A piece that is in use has no header: whoever frees it says how large it is, as Rust's allocators do.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

/// The size of a page: memory is asked for in whole ones.
pub const PAGE: usize = 8192;

/// What gives memory to a heap.
pub trait Source {
    /// So many bytes of memory that nothing else uses, from a multiple of [`GRAIN`] on; None where there is no more.
    /// `length` is a multiple of [`PAGE`].
    fn more(&mut self, length: usize) -> Option<NonNull<u8>>;
}

/// A piece that is free: it says how large it is, and where the next one lies.
struct Free {
    size: usize,
    next: *mut Free,
}

/// Every piece is a multiple of this long and begins at a multiple of it: there is room for a [`Free`].
pub const GRAIN: usize = size_of::<Free>().next_power_of_two();

/// The heap. Calls must not overlap: its owner has a lock.
pub struct Heap<S> {
    first: *mut Free,
    source: S,
}

// SAFETY: the pieces are the heap's own, and go with it.
unsafe impl<S: Send> Send for Heap<S> {}

impl<S: Source> Heap<S> {
    /// A heap without any memory yet.
    pub const fn new(source: S) -> Self {
        Heap { first: ptr::null_mut(), source }
    }

    /// Where memory comes from.
    pub fn source(&mut self) -> &mut S {
        &mut self.source
    }

    /// The bytes that are free.
    pub fn free(&self) -> usize {
        let (mut total, mut at) = (0, self.first);
        while let Some(piece) = NonNull::new(at) {
            // SAFETY: the list holds free pieces alone.
            let piece = unsafe { piece.as_ref() };
            (total, at) = (total + piece.size, piece.next);
        }
        total
    }

    /// Memory for a layout; None where there is none.
    pub fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let (size, align) = measure(layout)?;
        if let Some(found) = self.take(size, align) {
            return Some(found);
        }
        // Beside what is wanted, as much as an unlucky place could cost.
        let wanted = size.checked_add(align - GRAIN)?.checked_next_multiple_of(PAGE)?;
        let fresh = self.source.more(wanted)?;
        // SAFETY: the memory is fresh, and the heap's from now on.
        unsafe { self.give(fresh.as_ptr(), wanted) };
        self.take(size, align)
    }

    /// Takes memory back.
    ///
    /// # Safety
    ///
    /// It came from this heap for this layout, and nothing uses it any more.
    pub unsafe fn free_piece(&mut self, address: NonNull<u8>, layout: Layout) {
        if let Some((size, _)) = measure(layout) {
            // SAFETY: the caller's promise.
            unsafe { self.give(address.as_ptr(), size) };
        }
    }

    /// Makes a piece shorter or longer, where it lies if that can be done; None where there is no memory: the old
    /// piece is whole then.
    ///
    /// # Safety
    ///
    /// It came from this heap for `layout`; with `Some` the old address is void.
    pub unsafe fn resize(&mut self, address: NonNull<u8>, layout: Layout, size: usize) -> Option<NonNull<u8>> {
        let wanted = Layout::from_size_align(size, layout.align()).ok()?;
        let ((old, _), (new, _)) = (measure(layout)?, measure(wanted)?);
        if new <= old {
            if new < old {
                // SAFETY: the end of the piece, which nothing uses any more.
                unsafe { self.give(address.as_ptr().add(new), old - new) };
            }
            return Some(address);
        }
        // SAFETY: one byte behind the piece.
        if self.take_at(unsafe { address.as_ptr().add(old) }, new - old) {
            return Some(address);
        }
        let moved = self.allocate(wanted)?;
        // SAFETY: two pieces, of which the new one is the longer; the old one is the caller's to give.
        unsafe {
            moved.copy_from_nonoverlapping(address, layout.size().min(size));
            self.free_piece(address, layout);
        }
        Some(moved)
    }

    /// The first free memory that serves.
    fn take(&mut self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let mut link = &raw mut self.first;
        // SAFETY: links lead from piece to piece, each of which is free and as large as it says.
        unsafe {
            while let Some(piece) = NonNull::new(*link) {
                let start = piece.as_ptr().cast::<u8>();
                let gap = start.addr().checked_next_multiple_of(align)? - start.addr();
                let whole = (*piece.as_ptr()).size;
                if whole >= gap && whole - gap >= size {
                    let next = (*piece.as_ptr()).next;
                    *link = cut(start, gap, size, whole, next);
                    return NonNull::new(start.add(gap));
                }
                link = &raw mut (*piece.as_ptr()).next;
            }
        }
        None
    }

    /// The memory right at an address, if so much is free there.
    fn take_at(&mut self, address: *mut u8, size: usize) -> bool {
        let mut link = &raw mut self.first;
        // SAFETY: as in `take`.
        unsafe {
            while let Some(piece) = NonNull::new(*link).filter(|piece| piece.as_ptr().cast::<u8>() <= address) {
                let whole = (*piece.as_ptr()).size;
                if piece.as_ptr().cast::<u8>() == address && whole >= size {
                    let next = (*piece.as_ptr()).next;
                    *link = cut(address, 0, size, whole, next);
                    return true;
                }
                link = &raw mut (*piece.as_ptr()).next;
            }
        }
        false
    }

    /// Puts a piece among the free ones, and joins it with its neighbours.
    ///
    /// # Safety
    ///
    /// Nothing uses it.
    unsafe fn give(&mut self, address: *mut u8, size: usize) {
        let (mut before, mut after) = (ptr::null_mut::<Free>(), self.first);
        // SAFETY: as in `take`; the new piece is the caller's to give.
        unsafe {
            while !after.is_null() && after.cast::<u8>() < address {
                (before, after) = (after, (*after).next);
            }
            let mut piece = address.cast::<Free>();
            let joins = !after.is_null() && address.add(size) == after.cast::<u8>();
            *piece = match joins {
                true => Free { size: size + (*after).size, next: (*after).next },
                false => Free { size, next: after },
            };
            if before.is_null() {
                self.first = piece;
            } else if before.cast::<u8>().add((*before).size) == address {
                (*before).size += (*piece).size;
                (*before).next = (*piece).next;
                piece = before;
            } else {
                (*before).next = piece;
            }
            debug_assert!((*piece).size.is_multiple_of(GRAIN));
        }
    }
}

/// Takes `size` bytes, `gap` from its start, out of a free piece of `whole` bytes before `next`; what then stands in
/// its place in the list.
///
/// # Safety
///
/// The piece is free and as large as that.
unsafe fn cut(start: *mut u8, gap: usize, size: usize, whole: usize, next: *mut Free) -> *mut Free {
    let mut rest = next;
    // SAFETY: the caller's promise; both parts are multiples of the grain.
    unsafe {
        if whole > gap + size {
            let behind = start.add(gap + size).cast::<Free>();
            *behind = Free { size: whole - gap - size, next };
            rest = behind;
        }
        if gap > 0 {
            let before = start.cast::<Free>();
            *before = Free { size: gap, next: rest };
            rest = before;
        }
    }
    rest
}

/// A layout in whole grains: size and alignment; None where no address space holds it.
fn measure(layout: Layout) -> Option<(usize, usize)> {
    let size = layout.size().max(1).checked_next_multiple_of(GRAIN)?;
    Some((size, layout.align().max(GRAIN)))
}
