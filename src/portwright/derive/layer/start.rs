//! From the first instruction to `main` and back: the stack that the system left, thread-locals, the end.

use super::abi::{self, Slot};
use crate::ptr;
use crate::sync::atomic::Ordering::Relaxed;
use crate::sync::atomic::{AtomicPtr, AtomicUsize};

static ARGUMENT_COUNT: AtomicUsize = AtomicUsize::new(0);
static ARGUMENTS: AtomicPtr<*const u8> = AtomicPtr::new(ptr::null_mut());
static ENVIRONMENT: AtomicPtr<*const u8> = AtomicPtr::new(ptr::null_mut());
static AUXILIARY: AtomicPtr<usize> = AtomicPtr::new(ptr::null_mut());

/// The program's arguments: how many, and where their addresses are.
pub fn arguments() -> (usize, *const *const u8) {
    (ARGUMENT_COUNT.load(Relaxed), ARGUMENTS.load(Relaxed))
}

/// Where the addresses of the `NAME=value` strings are, up to a null; null where the system gives none.
pub fn environment() -> *const *const u8 {
    ENVIRONMENT.load(Relaxed)
}

/// The auxiliary vector's word of a type; None where the system gives none.
pub fn auxiliary(wanted: usize) -> Option<usize> {
    const END: usize = 0;
    let mut at = AUXILIARY.load(Relaxed);
    // SAFETY: the start code found the vector here, whose pairs go on up to its end mark, and stay.
    unsafe {
        while !at.is_null() && *at != END {
            if *at == wanted {
                return Some(*at.add(1));
            }
            at = at.add(2);
        }
    }
    None
}

/// Reads the stack as the ledger says it is, slot by slot, and nothing beyond what std needs.
///
/// # Safety
///
/// `stack` must be the stack pointer with which the program started.
#[cfg(not(test))]
unsafe fn read_stack(stack: *const usize) {
    let mut at = stack;
    let mut count = None;
    // SAFETY: the ledger's [entry] says what lies here.
    unsafe {
        for slot in abi::ENTRY_STACK {
            match slot {
                Slot::Argc => {
                    count = Some(*at);
                    at = at.add(1);
                }
                Slot::Argv => {
                    let found = count.unwrap_or_else(|| length(at));
                    ARGUMENT_COUNT.store(found, Relaxed);
                    ARGUMENTS.store(at.cast_mut().cast(), Relaxed);
                    at = at.add(found);
                }
                Slot::Envp => {
                    ENVIRONMENT.store(at.cast_mut().cast(), Relaxed);
                    at = at.add(length(at));
                }
                Slot::Null => at = at.add(1),
                Slot::Auxv => {
                    AUXILIARY.store(at.cast_mut(), Relaxed);
                    break;
                }
                Slot::Pad | Slot::Strings => break,
            }
        }
    }
}

/// How many addresses stand before a null.
///
/// # Safety
///
/// There must be a null.
#[cfg(not(test))]
unsafe fn length(list: *const usize) -> usize {
    let mut count = 0;
    // SAFETY: the caller's promise.
    while unsafe { *list.add(count) } != 0 {
        count += 1;
    }
    count
}

/// Called by the first instructions with the stack pointer that the system left.
///
/// # Safety
///
/// Called once, by nothing else. Until the thread pointer is set nothing may use a thread-local, and so nearly
/// nothing of std.
#[cfg(not(test))]
pub unsafe extern "C" fn begin(stack: *const usize) -> ! {
    unsafe extern "C" {
        // Made by rustc around the program's `main`.
        fn main(argc: isize, argv: *const *const u8) -> i32;
    }

    // SAFETY: this is the program's start; `main` is called once, and no thread-local is used after the last line.
    unsafe {
        read_stack(stack);
        #[cfg(target_thread_local)]
        make_thread_locals();
        super::panics::init();
        let (count, list) = arguments();
        let status = main(count as isize, list);
        #[cfg(target_thread_local)]
        crate::sys::thread_local::destructors::run();
        crate::rt::thread_cleanup();
        super::process::end(status)
    }
}

/// Gives the first thread its variables, where the system has not.
///
/// # Safety
///
/// Called once, before anything uses a thread-local.
#[cfg(all(target_thread_local, not(test)))]
unsafe fn make_thread_locals() {
    use super::{files, memory, process, thread_locals, threads};

    if !abi::PROGRAM_SETS_THREAD_POINTER {
        return;
    }
    let (memory, _) = memory::pages(thread_locals::room());
    // SAFETY: the memory is fresh and large enough, and no thread-local has been used.
    let set = !memory.is_null() && unsafe { threads::set_thread_pointer(thread_locals::make(memory)) }.is_ok();
    if !set {
        files::last_words(b"fatal runtime error: no memory for thread-locals, aborting\n");
        process::end(super::ABORTED);
    }
}
