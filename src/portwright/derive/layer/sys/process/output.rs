//! Both outputs of a child, read side by side: it may fill one while nobody reads the other, and wait for ever.

use super::ChildPipe;
use crate::io;
use crate::sys::pal::abi;
use crate::sys::pal::descriptors::{self, Awaited};

const CHUNK: usize = 16 * 1024;

pub fn read_output(
    out: ChildPipe,
    stdout: &mut Vec<u8>,
    err: ChildPipe,
    stderr: &mut Vec<u8>,
) -> io::Result<()> {
    // Where a child runs only while somebody reads from it, a wait for both would run nothing.
    if abi::OFFERS_POLL && !abi::CHILD_RUNS_WHEN_WAITED_FOR {
        return as_they_come([(out, stdout), (err, stderr)]);
    }
    if abi::OFFERS_THREAD_CREATE || abi::OFFERS_THREAD_CLONE {
        return crate::thread::scope(|scope| {
            let other = crate::thread::Builder::new().spawn_scoped(scope, || err.read_to_end(stderr).map(drop));
            out.read_to_end(stdout)?;
            // A thread that panicked had no memory: that is no output either.
            other?.join().unwrap_or_else(|_| Err(io::ErrorKind::OutOfMemory.into()))
        });
    }
    out.read_to_end(stdout)?;
    err.read_to_end(stderr).map(drop)
}

/// Waits for both, and reads once from each that is ready, which then does not wait.
fn as_they_come(mut streams: [(ChildPipe, &mut Vec<u8>); 2]) -> io::Result<()> {
    let mut chunk = [0; CHUNK];
    loop {
        let mut awaited = streams.each_ref().map(|(pipe, _)| Awaited::reading(pipe.fd()));
        match descriptors::poll(&mut awaited, None).map_err(io::Error::from) {
            Ok(_) => {}
            Err(error) if error.is_interrupted() => continue,
            Err(error) => return Err(error),
        }
        for (index, each) in awaited.iter().enumerate() {
            let (pipe, bytes) = &mut streams[index];
            let count = match each.ready {
                false => continue,
                true => match pipe.read(&mut chunk) {
                    Err(error) if error.is_interrupted() => continue,
                    read => read?,
                },
            };
            bytes.try_reserve(count)?;
            bytes.extend_from_slice(&chunk[..count]);
            if count == 0 {
                let (other, rest) = &mut streams[1 - index];
                return other.read_to_end(rest).map(drop);
            }
        }
    }
}
