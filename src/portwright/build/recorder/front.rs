//! What the caller waits for: starts the tracer, which starts the command, and ends as the command did.
//!
//! The tracer is a process of its own because it may have to outlive the recording: a process that was left running
//! needs it as long as it lives. Nothing that the command started is killed.

use crate::filter;
use crate::log::Log;
use crate::sys;
use crate::tracer::{self, Tracer};
use crate::OWN_FAILURE;
use std::ffi::{c_char, c_int, c_long, CString};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::Arc;

/// The signals that reach us alone and are meant for the command.
const FORWARDED: [c_int; 4] = [sys::SIGTERM, sys::SIGHUP, sys::SIGUSR1, sys::SIGUSR2];
/// The signals of the terminal, which the command gets itself.
const TERMINALS: [c_int; 2] = [sys::SIGINT, sys::SIGQUIT];
/// Those that would stop the tracer, which must go on when the command stops.
const STOPS: [c_int; 3] = [sys::SIGTSTP, sys::SIGTTIN, sys::SIGTTOU];

static COMMAND: AtomicI32 = AtomicI32::new(0);

extern "C" fn forward(signal: c_int) {
    let pid = COMMAND.load(Ordering::Relaxed);
    if pid > 0 {
        // SAFETY: kill may be called in a handler.
        unsafe { sys::kill(pid, signal) };
    }
}

/// The pipe's two ends, which no program inherits.
fn pipe() -> Result<[c_int; 2], String> {
    let mut ends = [0; 2];
    // SAFETY: the kernel fills the two numbers.
    if unsafe { sys::pipe2(&mut ends, sys::O_CLOEXEC) } != 0 {
        return Err(format!("no pipe: {}", std::io::Error::last_os_error()));
    }
    Ok(ends)
}

fn tell(fd: c_int, number: i32) {
    let bytes = number.to_ne_bytes();
    // SAFETY: four bytes of ours.
    unsafe { sys::write(fd, bytes.as_ptr().cast(), 4) };
}

/// A number from the pipe; None at its end.
fn hear(fd: c_int) -> Option<i32> {
    let mut bytes = [0u8; 4];
    loop {
        // SAFETY: the kernel fills at most four bytes.
        let got = unsafe { sys::read(fd, bytes.as_mut_ptr().cast(), 4) };
        if got == 4 {
            return Some(i32::from_ne_bytes(bytes));
        }
        if got >= 0 || sys::errno() != 4 {
            return None;
        }
    }
}

fn set(signals: &[c_int], action: usize) {
    for signal in signals {
        // SAFETY: the action is one of the C library's, or a handler that only sends a signal.
        unsafe { sys::signal(*signal, action) };
    }
}

/// Records a command; the status to exit with.
pub fn trace(log: &[u8], start: &[u8], command: &[Vec<u8>]) -> i32 {
    match run(log, start, command) {
        Ok(status) => status,
        Err(why) => {
            eprintln!("portwright-recorder: {why}");
            OWN_FAILURE
        }
    }
}

fn run(log: &[u8], start: &[u8], command: &[Vec<u8>]) -> Result<i32, String> {
    let start: i64 =
        std::str::from_utf8(start).ok().and_then(|text| text.parse().ok()).ok_or("the start is no number")?;
    let command: Vec<CString> =
        command.iter().map(|word| CString::new(&word[..]).map_err(|_| "a zero byte")).collect::<Result<_, _>>()?;
    let file = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(crate::paths::os(log));
    let file = file.map_err(|error| format!("cannot write the log: {error}"))?;
    let [hearing, telling] = pipe()?;
    let (mut before, all) = ([0u64; 16], [u64::MAX; 16]);
    // SAFETY: plain system calls; no thread runs yet, so the children may do what they like.
    unsafe {
        sys::sigprocmask(sys::SIG_BLOCK, &all, &mut before);
        let tracer = sys::fork();
        match tracer {
            -1 => return Err(format!("cannot start a process: {}", std::io::Error::last_os_error())),
            0 => {
                sys::prctl(sys::PR_SET_PDEATHSIG, sys::SIGKILL as usize, 0usize, 0usize, 0usize);
                sys::close(hearing);
                be_tracer(file, start, &command, telling, &before)
            }
            _ => {}
        }
        sys::close(telling);
        drop(file);
        set(&TERMINALS, sys::SIG_IGN);
        if let Some(pid) = hear(hearing) {
            COMMAND.store(pid, Ordering::Relaxed);
        }
        set(&FORWARDED, forward as *const () as usize);
        sys::sigprocmask(sys::SIG_SETMASK, &before, std::ptr::null_mut());
        let (status, stays) = (hear(hearing), hear(hearing));
        if stays == Some(0) {
            sys::wait4(tracer, std::ptr::null_mut(), 0, std::ptr::null_mut());
        }
        match status {
            Some(status) if status & 0x7f == 0 => Ok(status >> 8),
            Some(status) => end_by(status & 0x7f),
            None => Err("the recorder itself was ended".into()),
        }
    }
}

/// Ends as the command did, by the same signal, without leaving a core of ours.
pub fn end_by(signal: c_int) -> ! {
    // SAFETY: plain system calls.
    unsafe {
        sys::setrlimit(sys::RLIMIT_CORE, &[0, 0]);
        sys::signal(signal, sys::SIG_DFL);
        sys::sigprocmask(sys::SIG_SETMASK, &[0; 16], std::ptr::null_mut());
        sys::kill(sys::getpid(), signal);
        sys::_exit(128 + signal)
    }
}

/// The child that waits until it is traced, and then becomes the command. Tells an error number if it cannot.
unsafe fn be_command(command: &[CString], go: [c_int; 2], trouble: c_int, mask: &[u64; 16]) -> ! {
    let mut argv: Vec<*const c_char> = command.iter().map(|word| word.as_ptr()).collect();
    argv.push(std::ptr::null());
    sys::close(go[1]);
    if hear(go[0]).is_none() {
        sys::_exit(OWN_FAILURE);
    }
    sys::sigprocmask(sys::SIG_SETMASK, mask, std::ptr::null_mut());
    if let Err(error) = filter::install() {
        tell(trouble, -error);
        sys::_exit(OWN_FAILURE);
    }
    sys::execvp(argv[0], argv.as_ptr());
    let error = sys::errno();
    tell(trouble, error);
    sys::_exit(if error == 2 { 127 } else { 126 })
}

/// A child that is traced from its start, with the number of the pipe from which its trouble is heard.
fn start_command(command: &[CString], mask: &[u64; 16]) -> Result<(i32, c_int), String> {
    let (go, trouble) = (pipe()?, pipe()?);
    // SAFETY: plain system calls; this process has one thread.
    unsafe {
        let pid = sys::fork();
        match pid {
            -1 => return Err(format!("cannot start a process: {}", std::io::Error::last_os_error())),
            0 => be_command(command, go, trouble[1], mask),
            _ => {}
        }
        sys::close(go[0]);
        sys::close(trouble[1]);
        if sys::ptrace(sys::PTRACE_SEIZE, pid as c_long, 0usize, sys::OPTIONS) != 0 {
            let error = std::io::Error::last_os_error();
            sys::kill(pid, sys::SIGKILL);
            return Err(format!("this system lets no process be traced: {error}"));
        }
        tell(go[1], 0);
        sys::close(go[1]);
        Ok((pid, trouble[0]))
    }
}

fn be_tracer(mut file: std::fs::File, start: i64, command: &[CString], telling: c_int, mask: &[u64; 16]) -> ! {
    let (status, stays) = match start_command(command, mask) {
        Err(why) => {
            eprintln!("portwright-recorder: {why}");
            tell(telling, 0);
            (OWN_FAILURE << 8, false)
        }
        Ok((pid, trouble)) => {
            set(&TERMINALS, sys::SIG_IGN);
            set(&STOPS, sys::SIG_IGN);
            set(&FORWARDED, sys::SIG_IGN);
            tell(telling, pid);
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            let started = since.map_or(0, |since| since.as_nanos()) as i64 - (sys::now() - start);
            let _ = writeln!(file, "log\t1\t{started}");
            let log = Arc::new(Log::new(file));
            let writer = log.clone();
            std::thread::spawn(move || writer.keep_writing());
            let mut tracer = Tracer::new(log.clone(), start, pid);
            let mut status = tracer.follow();
            if let Some(failure) = log.close() {
                eprintln!("portwright-recorder: the log is not whole: {failure}");
                status = OWN_FAILURE << 8;
            }
            if let Some(why) = hear(trouble) {
                let error = std::io::Error::from_raw_os_error(why.abs());
                let what = if why < 0 { "this system takes no seccomp filter" } else { "cannot start the command" };
                eprintln!("portwright-recorder: {what}: {error}");
            }
            (status, tracer.has_left())
        }
    };
    // SAFETY: plain system calls.
    unsafe {
        // From here on this process may outlive its parent, and keeps nothing of the caller's open.
        sys::prctl(sys::PR_SET_PDEATHSIG, 0usize, 0usize, 0usize, 0usize);
        if let Ok(nothing) = std::fs::File::options().read(true).write(true).open("/dev/null") {
            use std::os::fd::AsRawFd;
            for fd in 0..3 {
                sys::dup2(nothing.as_raw_fd(), fd);
            }
        }
        tell(telling, status);
        tell(telling, i32::from(stays));
        sys::close(telling);
        tracer::linger();
        sys::_exit(0)
    }
}

/// Whether tracing works here: a child that opens a file is seen doing it. The reason where not.
pub fn check() -> Result<(), String> {
    let command = [CString::new("true").unwrap_or_default()];
    let (pid, trouble) = start_command(&command, &[0; 16])?;
    let mut found = Err("the kernel does not say which call a process makes (it is older than 5.3)".to_string());
    while let tracer::Waited::Changed(tid, status, _) = tracer::wait(0) {
        if status & 0xff != 0x7f {
            if tid == pid {
                break;
            }
        } else if status >> 16 == sys::EVENT_SECCOMP {
            if sys::call_info(tid).is_some_and(|info| info.op == 3 && filter::call(info.words[0]).is_some()) {
                found = Ok(());
            }
            sys::resume(sys::PTRACE_CONT, tid, 0);
        } else {
            tracer::pass_on(tid, status >> 8 & 0xff, status >> 16);
        }
    }
    match hear(trouble) {
        Some(why) if why < 0 => {
            Err(format!("this system takes no seccomp filter: {}", std::io::Error::from_raw_os_error(-why)))
        }
        _ => found,
    }
}
