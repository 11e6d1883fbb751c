//! What is AArch64's own: the first instructions of a program, and where a thread's variables lie.

/// Where the parts of a thread's block lie, in bytes from its start.
#[cfg(target_thread_local)]
pub struct Block {
    pub length: usize,
    /// What the block's start must be a multiple of.
    pub align: usize,
    /// The variables.
    pub image: usize,
    /// What the thread pointer points to.
    pub pointer: usize,
    /// Where the thread pointer's own value is kept, if the CPU's convention wants it.
    pub own_address: Option<usize>,
}

/// Two words that the thread pointer points to, and which belong to the system and its libraries.
#[cfg(target_thread_local)]
const RESERVED: usize = 2 * size_of::<usize>();

#[cfg(target_thread_local)]
impl Block {
    /// Variant I of the ELF TLS document: the linker counts up from the thread pointer, over the two reserved words,
    /// to the first place that is, modulo the variables' alignment, where the image was in the file.
    pub fn of(size: usize, align: usize, linked_at: usize) -> Block {
        let image = RESERVED + (linked_at.wrapping_sub(RESERVED) & (align - 1));
        Block { length: image + size, align: align.max(RESERVED), image, pointer: 0, own_address: None }
    }
}

/// Sets the thread pointer, for which there is a register.
///
/// # Safety
///
/// Nothing may use the thread-locals that the pointer led to before.
pub unsafe fn write_thread_pointer(address: usize) {
    // SAFETY: the caller's promise; the instruction changes nothing else.
    unsafe { core::arch::asm!("msr tpidr_el0, {}", in(reg) address, options(nostack, preserves_flags)) };
}

/// The program's first instruction.
///
/// Only the stack pointer means something here. The rounding of floats, the frame pointer and the return address may
/// hold anything, so that all are set before compiled code runs.
#[cfg(not(test))]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    core::arch::naked_asm!(
        "mov x29, xzr",
        "mov x30, xzr",
        "msr fpcr, xzr", // round to nearest, no exception traps
        "mov x0, sp",
        "and x9, x0, #-16",
        "mov sp, x9",
        "bl {begin}",
        "brk #1",
        begin = sym super::start::begin,
    )
}

/// A new thread's first instruction, with one argument as the C convention passes it.
#[cfg(target_thread_local)]
#[unsafe(naked)]
pub unsafe extern "C" fn begin_thread() -> ! {
    core::arch::naked_asm!(
        "mov x29, xzr",
        "mov x30, xzr",
        "msr fpcr, xzr",
        "mov x9, sp",
        "and x9, x9, #-16",
        "mov sp, x9",
        "bl {begin}",
        "brk #1",
        begin = sym super::new_threads::begin,
    )
}
