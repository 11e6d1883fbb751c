//! The frames of the calling thread's stack, as the unwinder walks them.

use core::ffi::{c_int, c_void};
use core::ptr;

/// A frame's state is only there while the unwinder is at it: what is asked of it is kept.
#[derive(Clone)]
pub struct Frame {
    instruction: *mut c_void,
    stack: *mut c_void,
}

// SAFETY: addresses that are not followed.
unsafe impl Send for Frame {}
// SAFETY: as above.
unsafe impl Sync for Frame {}

impl Frame {
    pub fn ip(&self) -> *mut c_void {
        self.instruction
    }

    pub fn sp(&self) -> *mut c_void {
        self.stack
    }

    pub fn symbol_address(&self) -> *mut c_void {
        // SAFETY: the unwinder looks the address up in its tables.
        unsafe { _Unwind_FindEnclosingFunction(self.instruction) }
    }

    pub fn module_base_address(&self) -> Option<*mut c_void> {
        None
    }
}

enum Context {}

type Step = extern "C" fn(&Context, *mut c_void) -> c_int;

unsafe extern "C" {
    fn _Unwind_Backtrace(step: Step, argument: *mut c_void) -> c_int;
    fn _Unwind_GetIP(context: &Context) -> usize;
    fn _Unwind_GetCFA(context: &Context) -> usize;
    fn _Unwind_FindEnclosingFunction(instruction: *mut c_void) -> *mut c_void;
}

const GO_ON: c_int = 0;
const STOP: c_int = 4;

/// Shows each frame from the caller's outwards, until there are no more or the answer is false.
///
/// # Safety
///
/// `show` must not panic.
#[inline(always)]
pub unsafe fn trace(mut show: &mut dyn FnMut(&super::Frame) -> bool) {
    extern "C" fn step(context: &Context, argument: *mut c_void) -> c_int {
        // SAFETY: the argument is the one given below; the context is the unwinder's, for as long as this call.
        let (show, instruction, stack) = unsafe {
            let show = &mut *argument.cast::<&mut dyn FnMut(&super::Frame) -> bool>();
            (show, _Unwind_GetIP(context), _Unwind_GetCFA(context))
        };
        if instruction == 0 {
            return STOP;
        }
        let inner = Frame {
            instruction: ptr::with_exposed_provenance_mut(instruction),
            stack: ptr::with_exposed_provenance_mut(stack),
        };
        if show(&super::Frame { inner }) { GO_ON } else { STOP }
    }

    // SAFETY: the unwinder calls `step` with the address of `show`, which outlives the call.
    unsafe { _Unwind_Backtrace(step, (&raw mut show).cast()) };
}
