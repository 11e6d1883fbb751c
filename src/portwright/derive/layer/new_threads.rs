//! Threads from their start to the return of their memory.
//!
//! A thread's memory is one range: a page that may not be touched, where the system can say so, the stack above it,
//! the block of thread-locals, and a `Record` at the upper end. The one who joins the thread gives it back. Of a
//! thread that nobody joins, the memory goes on a list when the thread is at its end, and is given back by whoever
//! starts or lets go of a thread next.

use super::abi::{self, Failure, ThreadEnd};
use super::{files, futex, memory, process, thread_locals, threads};
use crate::alloc::{GlobalAlloc, Layout, System};
use crate::mem::ManuallyDrop;
use crate::ptr;
use crate::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicUsize};
use crate::thread::ThreadInit;

/// The least stack: enough for a panic's message and its unwinding.
const LEAST_STACK: usize = 64 * 1024;

/// What a thread shares with those who wait for it.
struct Record {
    /// What is left of the thread's life: see `ALIVE`.
    life: AtomicU32,
    /// What became of the handle or of the thread, whichever was first: see `Owner`.
    owner: AtomicU8,
    /// The system's number of the thread.
    thread: AtomicUsize,
    main: *mut ThreadInit,
    pointer: usize,
    /// All of the thread's memory, this record included.
    base: *mut u8,
    length: usize,
    /// The next on the list of those at their end.
    next: *mut Record,
}

/// The thread uses its memory. It does so until the word is 0; where the system has a call that joins, until then.
const ALIVE: u32 = 1;
/// The thread needs its memory for a few more instructions.
const LEAVING: u32 = 2;

/// Both the handle and the thread are there.
const BOTH: u8 = 0;
/// The handle was let go of: the thread cares for its memory.
const DETACHED: u8 = 1;
/// The thread is at its end: the handle cares for its memory.
const ENDED: u8 = 2;

/// Threads that ended without a handle. They may still be at their last instructions.
static AT_THEIR_END: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut());

/// A thread that was started: joined, or let go of when dropped.
pub struct Handle(*mut Record);

// SAFETY: what several threads use of a record at once is atomic.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

/// Starts a thread with at least so much stack.
pub fn start(stack: usize, main: Box<ThreadInit>) -> Result<Handle, Failure> {
    sweep();
    let record = prepare(stack, main)?;
    // SAFETY: the memory below the record is the new thread's, and stays until its life is over.
    unsafe {
        let top = stack_top(record);
        let argument = record.expose_provenance();
        top.cast::<usize>().write(argument);
        let (stack, pointer) = (top.expose_provenance(), (*record).pointer);
        let started = if abi::THREADS_ARE_CLONED {
            threads::thread_clone(stack, (*record).life.as_ptr(), pointer)
        } else {
            threads::thread_create(stack, argument, pointer)
        };
        match started {
            Ok(thread) => (*record).thread.store(thread, Relaxed),
            Err(failure) => {
                drop(Box::from_raw((*record).main));
                give_back(record);
                return Err(failure);
            }
        }
    }
    Ok(Handle(record))
}

impl Handle {
    /// Waits until the thread is over, and gives its memory back.
    pub fn join(self) {
        let record = ManuallyDrop::new(self).0;
        // SAFETY: the handle is the record's only owner from now on.
        unsafe {
            if wait(record) {
                give_back(record);
            }
        }
        sweep();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: until one of the two has seen the other's mark, the record stays.
        unsafe {
            if (*self.0).owner.swap(DETACHED, AcqRel) == ENDED {
                put(self.0);
            }
        }
        sweep();
    }
}

/// Where the CPU's `begin_thread` goes on, in the new thread.
///
/// # Safety
///
/// Called once for each record, on its stack.
pub unsafe extern "C" fn begin(record: *mut u8) -> ! {
    let record = record.cast::<Record>();
    // SAFETY: no thread-local is used before the pointer is set, nor after the destructors ran; the record's `main`
    // is this thread's.
    unsafe {
        if !abi::THREAD_TAKES_POINTER && threads::set_thread_pointer((*record).pointer).is_err() {
            files::last_words(b"fatal runtime error: no thread-locals, aborting\n");
            process::end(super::ABORTED);
        }
        let main = Box::from_raw((*record).main).init();
        main();
        crate::sys::thread_local::destructors::run();
        crate::rt::thread_cleanup();
        leave(record)
    }
}

/// The end of a thread. Where it is detached, its record is another's from `put` on.
unsafe fn leave(record: *mut Record) -> ! {
    // SAFETY: the memory stays until `life` is 0, or until the thread was joined.
    unsafe {
        let life = &raw const (*record).life;
        let detached = (*record).owner.swap(ENDED, AcqRel) == DETACHED;
        if abi::THREAD_END != ThreadEnd::Cleared {
            (*life).store(LEAVING, Release);
            futex::futex_wake_all(&*life);
        }
        if detached {
            sweep();
            put(record);
        }
        if abi::THREAD_END == ThreadEnd::Own {
            abi::leave(life.cast_mut().cast());
        }
        threads::thread_exit();
    }
    files::last_words(b"fatal runtime error: the system does not end a thread, aborting\n");
    super::abort_internal()
}

/// Waits until the thread is over; whether nothing but the caller uses its memory any more.
unsafe fn wait(record: *mut Record) -> bool {
    // SAFETY: the caller's promise: the record stays.
    let (life, thread) = unsafe { (&(*record).life, &(*record).thread) };
    let joined = abi::THREAD_END == ThreadEnd::Joined;
    if joined && threads::thread_join(thread.load(Relaxed)).is_ok() {
        return true;
    }
    let mut turn = 0;
    loop {
        match life.load(Acquire) {
            0 => return true,
            // The system does not say when the last instructions are done: their stack is lost.
            LEAVING if joined => return false,
            LEAVING => {
                futex::pause(turn, None);
                turn += 1;
            }
            alive => drop(futex::futex_wait(life, alive, None)),
        }
    }
}

/// Puts a record on the list.
unsafe fn put(record: *mut Record) {
    let mut first = AT_THEIR_END.load(Relaxed);
    loop {
        // SAFETY: the record is the caller's until it is on the list.
        unsafe { (*record).next = first };
        match AT_THEIR_END.compare_exchange_weak(first, record, Release, Relaxed) {
            Ok(_) => return,
            Err(now) => first = now,
        }
    }
}

/// Gives back what threads left that ended without a handle.
fn sweep() {
    let mut record = AT_THEIR_END.swap(ptr::null_mut(), Acquire);
    while !record.is_null() {
        // SAFETY: what was on the list is the caller's; the thread itself looks at it no more once it is over.
        unsafe {
            let next = (*record).next;
            if abi::THREAD_END == ThreadEnd::Joined {
                if wait(record) {
                    give_back(record);
                }
            } else if (*record).life.load(Acquire) == 0 {
                give_back(record);
            } else {
                put(record);
            }
            record = next;
        }
    }
}

/// The end of the stack: the word there is the CPU's `begin_thread`'s.
unsafe fn stack_top(record: *mut Record) -> *mut u8 {
    // SAFETY: the caller's promise: a record of `prepare`.
    let record = unsafe { &*record };
    record.base.wrapping_add(record.length - tail())
}

/// How much of a thread's memory is not its stack: the word at the stack's end, thread-locals, the record.
fn tail() -> usize {
    const WORD: usize = 64;
    (WORD + thread_locals::room() + size_of::<Record>() + align_of::<Record>()).next_multiple_of(WORD)
}

/// Makes a thread's memory.
fn prepare(stack: usize, main: Box<ThreadInit>) -> Result<*mut Record, Failure> {
    let tail = tail();
    let guard = if guarded() { abi::PAGE_SIZE } else { 0 };
    let length = stack.max(LEAST_STACK).checked_add(tail + guard);
    let length = length.and_then(|length| length.checked_next_multiple_of(abi::PAGE_SIZE));
    let length = length.ok_or(Failure::TooLarge)?;
    let base = take(length)?;
    // SAFETY: the memory is fresh; the guard page holds nothing, and the parts of the tail lie one after the other.
    unsafe {
        if guard != 0 {
            // A thread without a guard is better than none.
            let _ = memory::protect_memory(base, guard, abi::PROT_NONE.or_none());
        }
        let record = base.add(length - size_of::<Record>()).map_addr(|end| end & !(align_of::<Record>() - 1));
        let locals = base.add(length - tail + 64);
        record.cast::<Record>().write(Record {
            life: AtomicU32::new(ALIVE),
            owner: AtomicU8::new(BOTH),
            thread: AtomicUsize::new(0),
            main: Box::into_raw(main),
            pointer: thread_locals::make(locals),
            base,
            length,
            next: ptr::null_mut(),
        });
        Ok(record.cast())
    }
}

const fn mapped() -> bool {
    abi::OFFERS_MAP_MEMORY && abi::OFFERS_UNMAP_MEMORY
}

const fn guarded() -> bool {
    mapped() && abi::OFFERS_PROTECT_MEMORY
}

/// Whole pages: of their own where they can be given back, else of the heap.
fn take(length: usize) -> Result<*mut u8, Failure> {
    if mapped() {
        return memory::map_memory(length);
    }
    // SAFETY: the length is not 0.
    let found = unsafe { System.alloc(layout(length)) };
    if found.is_null() { Err(abi::ENOMEM.map_or(Failure::TooLarge, Failure::Os)) } else { Ok(found) }
}

unsafe fn give_back(record: *mut Record) {
    // SAFETY: the caller's promise: nothing uses the memory any more.
    unsafe {
        let (base, length) = ((*record).base, (*record).length);
        if mapped() {
            let _ = memory::unmap_memory(base, length);
        } else {
            System.dealloc(base, layout(length));
        }
    }
}

fn layout(length: usize) -> Layout {
    // SAFETY: a page's size is a power of two, and `prepare` rounded the length up to it.
    unsafe { Layout::from_size_align_unchecked(length, abi::PAGE_SIZE) }
}
