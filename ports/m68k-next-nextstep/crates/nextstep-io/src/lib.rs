//! Reading and writing for NeXTSTEP programs without std: the standard streams, files, and `print!` as std has it.
//!
//! A call that was interrupted is made again, and one that did less than it was asked goes on from there.

#![no_std]
#![feature(asm_experimental_arch)]
#![deny(missing_docs)]

use core::ffi::CStr;
use core::fmt;

use nextstep_sys::{Errno, calls, constants};

/// What can be read from.
pub trait Read {
    /// Reads some bytes, at most as many as the buffer has; 0 at the end.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno>;
}

/// What can be written to.
pub trait Write {
    /// Writes some of the bytes, and says how many.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno>;

    /// Writes all of the bytes.
    ///
    /// # Errors
    ///
    /// What the system says; `EIO` where it takes none of them.
    fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), Errno> {
        while !bytes.is_empty() {
            match self.write(bytes)? {
                0 => return Err(Errno::EIO),
                count => bytes = &bytes[count.min(bytes.len())..],
            }
        }
        Ok(())
    }
}

/// An open file by its number, which it does not own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(pub i32);

/// The standard input.
pub const STDIN: Stream = Stream(0);
/// The standard output.
pub const STDOUT: Stream = Stream(1);
/// The standard error stream.
pub const STDERR: Stream = Stream(2);

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: the buffer has its length.
        again(|| unsafe { calls::read(self.0, buffer.as_mut_ptr(), buffer.len()) })
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        // SAFETY: the bytes have their length.
        again(|| unsafe { calls::write(self.0, bytes.as_ptr(), bytes.len()) })
    }
}

impl fmt::Write for Stream {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_all(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// An open file, closed when it is dropped.
#[derive(Debug)]
pub struct File(Stream);

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn open(path: &CStr) -> Result<File, Errno> {
        Self::with(path, constants::O_RDONLY, 0)
    }

    /// Makes a file, or empties it, for writing.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn create(path: &CStr) -> Result<File, Errno> {
        Self::with(path, constants::O_WRONLY | constants::O_CREAT | constants::O_TRUNC, 0o666)
    }

    fn with(path: &CStr, flags: usize, mode: u32) -> Result<File, Errno> {
        // SAFETY: the path ends in NUL.
        again(|| unsafe { calls::open(path.as_ptr(), flags, mode) }).map(|fd| File(Stream(fd)))
    }
}

impl Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Errno> {
        self.0.read(buffer)
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        self.0.write(bytes)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: the file is ours, and nothing uses it any more.
        let _ = unsafe { calls::close(self.0.0) };
    }
}

fn again<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            done => return done,
        }
    }
}

/// Ends the program.
pub fn exit(status: i32) -> ! {
    // SAFETY: no memory is passed.
    unsafe { calls::exit(status as isize) }
}

/// Prints to the standard output; what cannot be written is lost.
#[macro_export]
macro_rules! print {
    ($($words:tt)*) => {{
        let _ = ::core::fmt::Write::write_fmt(&mut $crate::Stream(1), ::core::format_args!($($words)*));
    }};
}

/// Prints a line to the standard output; what cannot be written is lost.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($words:tt)*) => {{
        $crate::print!("{}\n", ::core::format_args!($($words)*));
    }};
}

/// The first instructions of a program: they call the function, of no arguments, that never comes back.
#[macro_export]
macro_rules! start {
    ($main:path) => {
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn _start() -> ! {
            extern "C" fn begin() -> ! {
                $main()
            }
            ::core::arch::naked_asm!("move.l #0, %a6", "jsr {begin}", "illegal", begin = sym begin)
        }
    };
}

// LLVM has no instruction of its own for a program that must not go on: it calls C's `abort`.
core::arch::global_asm!(".text", ".weak abort", "abort:", "illegal");
