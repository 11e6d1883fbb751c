//! What a child's standard streams are made of.

use super::ChildPipe;
use crate::io;
use crate::sys::fs::File;
use crate::sys::pal::abi;
use crate::sys::pal::descriptors;
use crate::sys::pal::files::{self, Fd, Handle};
use crate::sys::pipe;

#[derive(Debug)]
pub enum Stdio {
    Inherit,
    Null,
    MakePipe,
    ParentStdout,
    ParentStderr,
    InheritFile(File),
    InheritPipe(ChildPipe),
}

impl From<ChildPipe> for Stdio {
    fn from(pipe: ChildPipe) -> Stdio {
        Stdio::InheritPipe(pipe)
    }
}

impl From<io::Stdout> for Stdio {
    fn from(_: io::Stdout) -> Stdio {
        Stdio::ParentStdout
    }
}

impl From<io::Stderr> for Stdio {
    fn from(_: io::Stderr) -> Stdio {
        Stdio::ParentStderr
    }
}

impl From<File> for Stdio {
    fn from(file: File) -> Stdio {
        Stdio::InheritFile(file)
    }
}

/// An open file that becomes a child's stream: the parent's own stream, one that lives as long as the command, or
/// one that was made for this child.
pub(super) enum Source {
    Own,
    Lent(Fd),
    Made(Handle),
}

impl Source {
    /// The number here; None for the parent's own stream of the same number.
    pub(super) fn fd(&self) -> Option<Fd> {
        match self {
            Source::Own => None,
            Source::Lent(fd) => Some(*fd),
            Source::Made(handle) => Some(handle.fd()),
        }
    }

    fn lent(fd: Fd) -> io::Result<Source> {
        if fd > files::STDERR {
            return Ok(Source::Lent(fd));
        }
        Ok(Source::Made(above_streams(Handle::new(descriptors::duplicate(fd)?))?))
    }

    fn made(handle: Handle) -> io::Result<Source> {
        Ok(Source::Made(above_streams(handle)?))
    }
}

/// The file under a number that is no standard stream's: those may become something else in the child before it is
/// used there.
pub(super) fn above_streams(handle: Handle) -> io::Result<Handle> {
    let mut found = handle;
    let mut below = Vec::new();
    while found.fd() <= files::STDERR && abi::OFFERS_DUPLICATE {
        let next = Handle::new(descriptors::duplicate(found.fd())?);
        below.push(crate::mem::replace(&mut found, next));
    }
    Ok(found)
}

impl Stdio {
    /// The file for a stream that the child reads, or writes, and the parent's end where it is a pipe.
    pub(super) fn source(&self, child_reads: bool) -> io::Result<(Source, Option<ChildPipe>)> {
        let source = match self {
            Stdio::Inherit => Source::Own,
            Stdio::Null => {
                let access = if child_reads { abi::O_RDONLY } else { abi::O_WRONLY };
                let flags = access.get()? | abi::O_CLOEXEC.or_none();
                Source::made(Handle::new(files::open(c"/dev/null", flags, 0)?))?
            }
            Stdio::MakePipe => {
                let (reader, writer) = pipe::pipe()?;
                let (ours, theirs) = if child_reads { (writer, reader) } else { (reader, writer) };
                return Ok((Source::made(theirs.into_handle())?, Some(ours)));
            }
            Stdio::ParentStdout => Source::lent(files::STDOUT)?,
            Stdio::ParentStderr => Source::lent(files::STDERR)?,
            Stdio::InheritFile(file) => Source::lent(file.fd())?,
            Stdio::InheritPipe(pipe) => Source::lent(pipe.fd())?,
        };
        Ok((source, None))
    }
}
