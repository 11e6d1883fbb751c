//! The trap into the kernel, one function for each count of arguments.

/// Calls the kernel with no argument; a failure is a negative error number.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap0(number: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            lateout("rcx") _,
            lateout("r11") _,
            lateout("xmm0") _,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// Calls the kernel with one argument; a failure is a negative error number.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap1(number: usize, a0: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a0,
            lateout("rcx") _,
            lateout("r11") _,
            lateout("xmm0") _,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// Calls the kernel with 2 arguments; a failure is a negative error number.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap2(number: usize, a0: usize, a1: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a0,
            in("rsi") a1,
            lateout("rcx") _,
            lateout("r11") _,
            lateout("xmm0") _,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// Calls the kernel with 3 arguments; a failure is a negative error number.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap3(number: usize, a0: usize, a1: usize, a2: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a0,
            in("rsi") a1,
            in("rdx") a2,
            lateout("rcx") _,
            lateout("r11") _,
            lateout("xmm0") _,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// Calls the kernel with 4 arguments; a failure is a negative error number.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap4(number: usize, a0: usize, a1: usize, a2: usize, a3: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a0,
            in("rsi") a1,
            in("rdx") a2,
            in("r10") a3,
            lateout("rcx") _,
            lateout("r11") _,
            lateout("xmm0") _,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// Calls the kernel with 5 arguments; a failure is a negative error number.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap5(number: usize, a0: usize, a1: usize, a2: usize, a3: usize, a4: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a0,
            in("rsi") a1,
            in("rdx") a2,
            in("r10") a3,
            in("r8") a4,
            lateout("rcx") _,
            lateout("r11") _,
            lateout("xmm0") _,
            options(nostack, preserves_flags),
        );
    }
    result
}
