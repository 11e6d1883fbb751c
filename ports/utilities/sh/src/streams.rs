//! The standard streams of a command: the shell's own, or files that redirections opened.

use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::os::fd::{BorrowedFd, FromRawFd};
use std::process::Stdio;
use std::rc::Rc;

#[derive(Clone)]
pub enum Stream {
    Own(usize),
    File(Rc<File>),
}

pub type Streams = [Stream; 3];

pub fn own() -> Streams {
    [Stream::Own(0), Stream::Own(1), Stream::Own(2)]
}

impl Stream {
    /// Does something with the stream's file, without a buffer: what is left in it is another program's.
    fn with<T>(&self, act: impl FnOnce(&File) -> T) -> T {
        match self {
            Stream::File(file) => act(file),
            Stream::Own(number) => {
                // SAFETY: the number is of a standard stream, which nobody here closes, nor does this file.
                act(&ManuallyDrop::new(unsafe { File::from_raw_fd(*number as i32) }))
            }
        }
    }

    pub fn write(&self, data: &[u8]) -> io::Result<()> {
        self.with(|mut file| file.write_all(data))
    }

    /// The next byte; None at the end.
    pub fn byte(&self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        loop {
            match self.with(|mut file| file.read(&mut byte)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map(|count| (count == 1).then_some(byte[0])),
            }
        }
    }

    /// What gives a program this as its stream of that number.
    pub fn given(&self, number: usize) -> io::Result<Stdio> {
        match self {
            Stream::Own(own) if *own == number => Ok(Stdio::inherit()),
            Stream::Own(own) => {
                // SAFETY: a standard stream, and open for as long as this call takes.
                let held = unsafe { BorrowedFd::borrow_raw(*own as i32) };
                Ok(File::from(held.try_clone_to_owned()?).into())
            }
            Stream::File(file) => Ok(file.try_clone()?.into()),
        }
    }
}
