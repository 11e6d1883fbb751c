//! What is the 68000 family's own: the first instructions of a program.

/// Sets the thread pointer, for which this CPU has no register: nobody is given one, and no thread-local looks for it.
///
/// # Safety
///
/// Nothing may use the thread-locals that the pointer led to before.
pub unsafe fn write_thread_pointer(_address: usize) {}

/// The program's first instruction.
///
/// Only the stack pointer means something here; the frame pointer may hold anything. The C convention passes an
/// argument on the stack.
#[cfg(not(test))]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    core::arch::naked_asm!(
        "move.l #0, %a6",
        "move.l %sp, %d0",
        "move.l %d0, -(%sp)",
        "jsr {begin}",
        "illegal",
        begin = sym super::start::begin,
    )
}

// LLVM has no instruction of its own for a program that must not go on: it calls C's `abort`. A C library's goes first.
#[cfg(not(test))]
core::arch::global_asm!(".text", ".weak abort", "abort:", "illegal");
