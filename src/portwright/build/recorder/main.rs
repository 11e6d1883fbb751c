//! The native part of `portwright record`: a tracer of system calls, and a wrapper that stands in for compilers.
//!
//! What it is follows from the name it is called by. Nothing but std and the C library is used, so that any rustc
//! with a linker builds it. `main` is the C library's own: std's start-up would change how SIGPIPE is handled.
#![no_main]

mod calls;
mod files;
mod filter;
mod front;
mod log;
mod paths;
mod process;
mod sha256;
mod sys;
mod tracer;
mod wrap;

use std::os::unix::ffi::OsStringExt;

/// The status for a failure of the recorder itself.
pub const OWN_FAILURE: i32 = 125;

#[no_mangle]
pub extern "C" fn main(_argc: i32, _argv: *const *const u8) -> i32 {
    let words: Vec<Vec<u8>> = std::env::args_os().map(|word| word.into_vec()).collect();
    let name = words.first().map_or(&b""[..], |word| paths::base(word));
    if name != b"portwright-recorder" {
        return wrap::run(name, &words);
    }
    let second = words.get(1).map_or(&b""[..], |word| word);
    match (second, words.len()) {
        (b"check", 2) => match front::check() {
            Ok(()) => 0,
            Err(why) => {
                println!("{why}");
                1
            }
        },
        (b"hash", 3) => hash(&words[2], true),
        (b"hash-plainly", 3) => hash(&words[2], false),
        (b"trace", 5..) if words[4] == b"--" && words.len() > 5 => front::trace(&words[2], &words[3], &words[5..]),
        _ => {
            eprintln!("portwright-recorder: trace LOG START -- COMMAND... | check | hash FILE");
            OWN_FAILURE
        }
    }
}

/// Prints a file's SHA-256, for the test against another implementation.
fn hash(path: &[u8], quickly: bool) -> i32 {
    sha256::set_quick(quickly);
    match std::fs::File::open(paths::os(path)).and_then(|mut file| sha256::of_file(&mut file)) {
        Ok((digest, _)) => println!("{}", sha256::hex(&digest)),
        Err(error) => {
            eprintln!("portwright-recorder: {error}");
            return OWN_FAILURE;
        }
    }
    0
}
