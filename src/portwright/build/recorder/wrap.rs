//! The wrapper: stands in for a compiler, writes down that it was called, and becomes the real one.
//!
//! A question to a tool (its version, its target) is asked for the caller and the answer written down; for work, the
//! flags are added that keep the names of folders out of what is made. Outside a recording it only passes on.

use crate::log::Line;
use crate::paths;
use crate::sys;
use std::ffi::{c_char, CString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

const RUSTC: &[u8] = b"rustc-wrapper";
const FOLDER: &str = "PORTWRIGHT_RECORD_DIR";
const START: &str = "PORTWRIGHT_RECORD_START";
/// Lines of `folder=name`.
const REMAP: &str = "PORTWRIGHT_RECORD_REMAP";
/// The user's own RUSTC_WRAPPER, which comes after this one.
const INNER: &str = "PORTWRIGHT_RECORD_RUSTC_WRAPPER";
/// The tool that a wrapper above us became: a caching wrapper of that name finds us when it looks for its compiler.
const PASSED: &str = "PORTWRIGHT_RECORD_PASSED";

#[derive(Clone, Copy, PartialEq)]
enum Trade {
    Rustc,
    Compiler,
    /// An archiver, a linker, what else works on object files: nothing is added to its words.
    Objects,
}

fn variable(name: &str) -> Vec<u8> {
    std::env::var_os(name).unwrap_or_default().into_vec()
}

/// The trade that a tool's name says: `x86_64-linux-gnu-gcc-12`, `llvm-ar`.
fn trade(name: &[u8]) -> Trade {
    if name == RUSTC {
        return Trade::Rustc;
    }
    let version = |part: &&[u8]| part.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let last = name.rsplit(|byte| *byte == b'-').find(|part| !version(part)).unwrap_or_default();
    let compiles = [&b"cc"[..], b"c++", b"gcc", b"g++", b"clang", b"clang++"].contains(&last);
    if compiles { Trade::Compiler } else { Trade::Objects }
}

pub fn run(name: &[u8], words: &[Vec<u8>]) -> i32 {
    let trade = trade(name);
    let mut argv: Vec<Vec<u8>> = Vec::with_capacity(words.len() + 8);
    if trade == Trade::Rustc {
        let inner = variable(INNER);
        argv.extend((!inner.is_empty()).then_some(inner));
        argv.extend_from_slice(&words[1..]);
    } else if let Some(found) = behind(name) {
        std::env::set_var(PASSED, std::ffi::OsStr::from_bytes(&[name, b"=", &found[..]].concat()));
        argv.push(found);
        argv.extend_from_slice(&words[1..]);
    }
    if argv.is_empty() {
        let _ = writeln!(std::io::stderr(), "{}: command not found", String::from_utf8_lossy(name));
        return 127;
    }
    let folder = variable(FOLDER);
    if folder.is_empty() {
        return become_tool(&argv);
    }
    let probe = is_probe(trade, &argv[1..]);
    if !probe {
        // In front of the caller's own: where both say something of one folder, the later flag counts.
        let options = argv.iter().skip(1).position(|word| word.starts_with(b"-")).map_or(argv.len(), |at| at + 1);
        let at = if trade == Trade::Rustc { options } else { 1 };
        argv.splice(at..at, flags(trade, &argv[1..]));
    }
    let mut note = Note::new(&folder, &argv);
    if probe { note.ask(&argv) } else { become_tool(&argv) }
}

/// The next tool of that name on PATH that is not this program, after the one that a wrapper above us became.
fn behind(name: &[u8]) -> Option<Vec<u8>> {
    let own = std::fs::metadata("/proc/self/exe").map(|own| (own.dev(), own.ino())).ok();
    let passed = variable(PASSED);
    let passed = passed.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"="));
    let all: Vec<Vec<u8>> = variable("PATH")
        .split(|byte| *byte == b':')
        .map(|folder| [if folder.is_empty() { b"." } else { folder }, b"/", name].concat())
        .collect();
    let from = passed.and_then(|passed| all.iter().position(|tool| tool == passed)).map_or(0, |at| at + 1);
    let fits = |tool: &&Vec<u8>| {
        std::fs::metadata(paths::os(tool))
            .is_ok_and(|seen| seen.is_file() && seen.mode() & 0o111 != 0 && Some((seen.dev(), seen.ino())) != own)
    };
    all[from..].iter().chain(&all[..from]).find(fits).cloned()
}

fn starts_with_any(word: &[u8], heads: &[&[u8]]) -> bool {
    heads.iter().any(|head| word.starts_with(head))
}

/// Whether a command only asks the tool something.
fn is_probe(trade: Trade, words: &[Vec<u8>]) -> bool {
    let any = |of: &[&[u8]]| words.iter().any(|word| of.contains(&&word[..]));
    match trade {
        Trade::Rustc => {
            let prints = words.iter().any(|word| starts_with_any(word, &[b"--print"]));
            let works = words.iter().skip(1).any(|word| word.ends_with(b".rs") && word[0] != b'-');
            any(&[b"-V", b"-vV", b"-Vv", b"--version"]) || (prints && !works)
        }
        Trade::Compiler => {
            let asks: [&[u8]; 5] = [b"-dump", b"-print-", b"--print-", b"--help", b"-Wl,--version"];
            any(&[b"--version"]) || words.iter().any(|word| starts_with_any(word, &asks) && word != b"-dumpbase")
        }
        Trade::Objects => any(&[b"--version", b"-V", b"--help"]),
    }
}

const SOURCES: [&[u8]; 11] =
    [b".c", b".cc", b".cpp", b".cxx", b".C", b".c++", b".m", b".mm", b".S", b".s", b".i"];

/// The flags that keep folders' names out of what is made.
fn flags(trade: Trade, words: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let compiles = |word: &Vec<u8>| {
        let modes: [&[u8]; 4] = [b"-c", b"-S", b"-E", b"-"];
        modes.contains(&&word[..])
            || word.starts_with(b"-x")
            || (word.first() != Some(&b'-') && SOURCES.iter().any(|end| word.ends_with(end)))
    };
    let flag: &[u8] = match trade {
        Trade::Rustc => b"--remap-path-prefix=",
        Trade::Compiler if words.iter().any(compiles) => b"-ffile-prefix-map=",
        _ => return Vec::new(),
    };
    let remap = variable(REMAP);
    remap.split(|byte| *byte == b'\n').filter(|one| !one.is_empty()).map(|one| [flag, one].concat()).collect()
}

fn strings(argv: &[Vec<u8>]) -> Vec<CString> {
    argv.iter().filter_map(|word| CString::new(&word[..]).ok()).collect()
}

/// Becomes the tool; returns only where that fails.
fn become_tool(argv: &[Vec<u8>]) -> i32 {
    let held = strings(argv);
    let mut pointers: Vec<*const c_char> = held.iter().map(|word| word.as_ptr()).collect();
    pointers.push(std::ptr::null());
    // SAFETY: the pointers end with null and live until the call.
    unsafe { sys::execvp(pointers[0], pointers.as_ptr()) };
    let error = std::io::Error::last_os_error();
    let _ = writeln!(std::io::stderr(), "{}: {error}", String::from_utf8_lossy(&argv[0]));
    if error.raw_os_error() == Some(2) { 127 } else { 126 }
}

/// What is written down of one call, in a file of its own.
struct Note {
    file: Option<File>,
    start: i64,
    pid: i32,
}

impl Note {
    fn new(folder: &[u8], argv: &[Vec<u8>]) -> Note {
        let start = String::from_utf8_lossy(&variable(START)).parse().unwrap_or(0);
        // SAFETY: they only answer.
        let (pid, parent) = unsafe { (sys::getpid(), sys::getppid()) };
        let mut path = folder.to_vec();
        let _ = write!(path, "/wrap-{pid}-{}", sys::now());
        let file = File::options().append(true).create_new(true).mode(0o600).open(paths::os(&path)).ok();
        let mut note = Note { file, start, pid };
        let env: Vec<Vec<u8>> =
            std::env::vars_os().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat()).collect();
        let cwd = std::env::current_dir().unwrap_or_default();
        let mut line = Line::new("wrap", start, pid);
        line.number(i64::from(parent)).word(cwd.as_os_str().as_bytes());
        line.words(argv.iter().map(|word| &word[..])).words(env.iter().map(|word| &word[..]));
        note.write(&line.end());
        note
    }

    fn write(&mut self, line: &[u8]) {
        // A note that cannot be written is no reason for the build to fail.
        if let Some(Err(_)) = self.file.as_mut().map(|file| file.write_all(line)) {
            self.file = None;
        }
    }

    /// Runs the tool as a child, passes on what it answers, and writes that down; the status to end with.
    fn ask(&mut self, argv: &[Vec<u8>]) -> i32 {
        let mut ends = [0; 2];
        // SAFETY: plain system calls; this process has one thread.
        let pid = unsafe {
            if sys::pipe2(&mut ends, sys::O_CLOEXEC) != 0 {
                return become_tool(argv);
            }
            sys::fork()
        };
        match pid {
            -1 => return become_tool(argv),
            // SAFETY: the same.
            0 => unsafe {
                sys::dup2(ends[1], 1);
                sys::_exit(become_tool(argv))
            },
            _ => {}
        }
        // SAFETY: the descriptors are ours, each closed once.
        let mut answering = unsafe {
            sys::close(ends[1]);
            File::from_raw_fd(ends[0])
        };
        let (mut answer, mut piece, mut out) = (Vec::new(), [0; 1 << 13], std::io::stdout());
        while let Ok(got @ 1..) = answering.read(&mut piece) {
            answer.extend_from_slice(&piece[..got]);
            let _ = out.write_all(&piece[..got]).and_then(|()| out.flush());
        }
        let mut status = 0;
        // SAFETY: the kernel fills the status.
        while unsafe { sys::wait4(pid, &mut status, 0, std::ptr::null_mut()) } < 0 && sys::errno() == 4 {}
        let meaning = crate::tracer::meaning(status);
        let line = Line::new("answer", self.start, self.pid).number(i64::from(meaning)).word(&answer).end();
        self.write(&line);
        if meaning < 0 {
            crate::front::end_by(-meaning);
        }
        meaning
    }
}
