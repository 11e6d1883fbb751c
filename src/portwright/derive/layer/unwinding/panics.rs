//! What unwinding must know of a program: where the linker put the index of its unwind tables.

use super::image;
use unwind::{EhFrameFinder, FrameInfo, FrameInfoKind};

struct OneProgram;

// SAFETY: the index that the linker made is that of all of the program's code, and there is no other code.
unsafe impl EhFrameFinder for OneProgram {
    fn find(&self, _instruction: usize) -> Option<FrameInfo> {
        let index = image::part(image::UNWINDING)?;
        let kind = FrameInfoKind::EhFrameHdr(index.bytes.expose_provenance());
        Some(FrameInfo { text_base: None, kind })
    }
}

/// Called once, before anything can panic.
#[cfg(not(test))]
pub fn init() {
    let _ = unwind::set_custom_eh_frame_finder(&OneProgram);
}
