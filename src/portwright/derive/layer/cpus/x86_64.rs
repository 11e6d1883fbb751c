//! What is x86-64's own: the first instructions of a program, and where a thread's variables lie.

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

#[cfg(target_thread_local)]
impl Block {
    /// Variant II of the ELF TLS document: the linker counts back from the thread pointer, which is a multiple of
    /// the variables' alignment (of exactly that: a rounder number would move the variables away from where code
    /// looks for them), to an image that keeps the place modulo the alignment which it had in the file. The
    /// pointer's own address is at it.
    pub fn of(size: usize, align: usize, linked_at: usize) -> Block {
        let gap = linked_at.wrapping_add(size).wrapping_neg() & (align - 1);
        let distance = size + gap;
        let align = align.max(align_of::<usize>());
        let pointer = distance.next_multiple_of(align);
        Block {
            length: pointer + size_of::<usize>(),
            align,
            image: pointer - distance,
            pointer,
            own_address: Some(pointer),
        }
    }
}

/// Sets the thread pointer without a call of the system, where the system lets programs do that.
///
/// # Safety
///
/// Nothing may use the thread-locals that the pointer led to before.
pub unsafe fn write_thread_pointer(address: usize) {
    // SAFETY: the caller's promise; the instruction changes nothing else.
    unsafe { core::arch::asm!("wrfsbase {}", in(reg) address, options(nostack, preserves_flags)) };
}

/// The program's first instruction.
///
/// Only the stack pointer means something here. The flags, the rounding of floats and the old frame pointer may
/// hold anything, so that all three are set before compiled code runs.
#[cfg(not(test))]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    core::arch::naked_asm!(
        "xor ebp, ebp",
        "cld",
        "fninit",
        "mov rdi, rsp",
        "and rsp, -16",
        "push 0x1f80", // MXCSR: all exceptions masked, round to nearest
        "ldmxcsr [rsp]",
        "pop rax",
        "call {begin}",
        "ud2",
        begin = sym super::start::begin,
    )
}

/// A new thread's first instruction, with one argument as the C convention passes it.
#[cfg(target_thread_local)]
#[unsafe(naked)]
pub unsafe extern "C" fn begin_thread() -> ! {
    core::arch::naked_asm!(
        "xor ebp, ebp",
        "cld",
        "fninit",
        "and rsp, -16",
        "push 0x1f80",
        "ldmxcsr [rsp]",
        "pop rax",
        "call {begin}",
        "ud2",
        begin = sym super::new_threads::begin,
    )
}
