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
            "trap #4",
            "bcc.s 2f",
            "neg.l %d0",
            "2:",
            inlateout("d0") number as isize => result,
            lateout("d1") _,
            options(nostack),
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
            "trap #4",
            "bcc.s 2f",
            "neg.l %d0",
            "2:",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            options(nostack),
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
            "trap #4",
            "bcc.s 2f",
            "neg.l %d0",
            "2:",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            options(nostack),
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
            "trap #4",
            "bcc.s 2f",
            "neg.l %d0",
            "2:",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            in("d3") a2,
            options(nostack),
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
            "trap #4",
            "bcc.s 2f",
            "neg.l %d0",
            "2:",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            in("d3") a2,
            in("d4") a3,
            options(nostack),
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
            "trap #4",
            "bcc.s 2f",
            "neg.l %d0",
            "2:",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            in("d3") a2,
            in("d4") a3,
            in("d5") a4,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel with 6 arguments; a failure is a negative error number.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap6(number: usize, a0: usize, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #4",
            "bcc.s 2f",
            "neg.l %d0",
            "2:",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            in("d3") a2,
            in("d4") a3,
            in("d5") a4,
            in("d6") a5,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel with 7 arguments; a failure is a negative error number.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap7(number: usize, a0: usize, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize, a6: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #4",
            "bcc.s 2f",
            "neg.l %d0",
            "2:",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            in("d3") a2,
            in("d4") a3,
            in("d5") a4,
            in("d6") a5,
            in("d7") a6,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel with no argument; a failure is a negative error number, and there is a second result.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap_pair0(number: usize) -> (isize, isize) {
    let (result, second): (isize, isize);
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #4",
            "bcc.s 2f",
            "neg.l %d0",
            "2:",
            inlateout("d0") number as isize => result,
            lateout("d1") second,
            options(nostack),
        );
    }
    (result, second)
}

/// Calls the kernel with one argument; a failure is a negative error number, and there is a second result.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap_pair1(number: usize, a0: usize) -> (isize, isize) {
    let (result, second): (isize, isize);
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #4",
            "bcc.s 2f",
            "neg.l %d0",
            "2:",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 as isize => second,
            options(nostack),
        );
    }
    (result, second)
}

/// Calls the kernel with no argument; by `trap #3`, and the result is whatever it answers.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap_3_of_0(number: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #3",
            inlateout("d0") number as isize => result,
            lateout("d1") _,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel with one argument; by `trap #3`, and the result is whatever it answers.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap_3_of_1(number: usize, a0: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #3",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel with 2 arguments; by `trap #3`, and the result is whatever it answers.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap_3_of_2(number: usize, a0: usize, a1: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #3",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel with 3 arguments; by `trap #3`, and the result is whatever it answers.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap_3_of_3(number: usize, a0: usize, a1: usize, a2: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #3",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            in("d3") a2,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel with 4 arguments; by `trap #3`, and the result is whatever it answers.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap_3_of_4(number: usize, a0: usize, a1: usize, a2: usize, a3: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #3",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            in("d3") a2,
            in("d4") a3,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel with 5 arguments; by `trap #3`, and the result is whatever it answers.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap_3_of_5(number: usize, a0: usize, a1: usize, a2: usize, a3: usize, a4: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #3",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            in("d3") a2,
            in("d4") a3,
            in("d5") a4,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel with 6 arguments; by `trap #3`, and the result is whatever it answers.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap_3_of_6(number: usize, a0: usize, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #3",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            in("d3") a2,
            in("d4") a3,
            in("d5") a4,
            in("d6") a5,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel with 7 arguments; by `trap #3`, and the result is whatever it answers.
///
/// # Safety
///
/// The number and the arguments must be a call that keeps Rust's promises: what it reads and writes
/// must be the caller's to give.
#[inline]
pub unsafe fn trap_3_of_7(number: usize, a0: usize, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize, a6: usize) -> isize {
    let result: isize;
    // SAFETY: the operands are all that the ABI reads, and all that it destroys; the rest is the caller's.
    unsafe {
        core::arch::asm!(
            "trap #3",
            inlateout("d0") number as isize => result,
            inlateout("d1") a0 => _,
            in("d2") a1,
            in("d3") a2,
            in("d4") a3,
            in("d5") a4,
            in("d6") a5,
            in("d7") a6,
            options(nostack),
        );
    }
    result
}
