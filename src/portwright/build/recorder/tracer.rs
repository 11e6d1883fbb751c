//! The tracer: waits for what the traced threads stop at, tells it to the log, and lets them go on.
//!
//! One thread does it all, so what is written down is in an order in which it can have happened. A thread stops once
//! per call that is followed, and once more at its end where the call may fail.

use crate::calls::Pending;
use crate::files::{self, Files};
use crate::filter;
use crate::log::{Line, Log};
use crate::paths;
use crate::process::{self, Process, QuickBuilder};
use crate::sys;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// A traced thread.
pub struct Task {
    pub pid: i32,
    /// The call at whose end it stops next.
    pub pending: Option<Pending>,
}

pub struct Tracer {
    pub log: Arc<Log>,
    pub files: Files,
    pub start: i64,
    /// Below this folder nothing is told.
    pub private: Vec<u8>,
    pub tasks: HashMap<i32, Task, QuickBuilder>,
    pub processes: HashMap<i32, Process, QuickBuilder>,
    /// Children that stopped before their parents' stop told of them.
    early: Vec<i32>,
    /// Children that ended before that.
    gone: HashMap<i32, (i32, sys::Usage)>,
    root: i32,
    status: Option<i32>,
}

/// How long what the command left running is waited for.
const GRACE: i64 = 500_000_000;
const MILLISECONDS_5: std::time::Duration = std::time::Duration::from_millis(5);

impl Tracer {
    pub fn new(log: Arc<Log>, start: i64, root: i32) -> Tracer {
        let private = std::env::var_os("PORTWRIGHT_RECORD_DIR").unwrap_or_default();
        let mut tracer = Tracer {
            files: Files::new(log.clone(), start),
            log,
            start,
            private: std::os::unix::ffi::OsStringExt::into_vec(private),
            tasks: HashMap::default(),
            processes: HashMap::default(),
            early: Vec::new(),
            gone: HashMap::new(),
            root,
            status: None,
        };
        tracer.tasks.insert(root, Task { pid: root, pending: None });
        tracer.processes.insert(root, Process::new(sys_pid(), None));
        tracer
    }

    pub fn line(&self, kind: &str, pid: i32) -> Line {
        Line::new(kind, self.start, pid)
    }

    /// Follows the command to its end; its status as `wait4` gives it.
    pub fn follow(&mut self) -> i32 {
        let mut deadline = i64::MAX;
        while !self.tasks.is_empty() {
            let options = if self.status.is_some() { sys::WNOHANG } else { 0 };
            match wait(options) {
                Waited::Changed(tid, status, usage) => self.changed(tid, status, usage),
                Waited::Nothing => std::thread::sleep(MILLISECONDS_5),
                Waited::NoChildren => break,
            }
            if self.status.is_some() {
                deadline = deadline.min(sys::now() + GRACE);
                if sys::now() >= deadline {
                    break;
                }
            }
        }
        self.finish();
        self.status.unwrap_or(sys::SIGKILL)
    }

    /// Whether something was left running.
    pub fn has_left(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Tells what is left running, and settles everything.
    fn finish(&mut self) {
        let tids: Vec<i32> = self.tasks.keys().copied().collect();
        for tid in tids {
            self.drop_pending(tid);
        }
        for child in std::mem::take(&mut self.early) {
            sys::resume(sys::PTRACE_CONT, child, 0);
        }
        let mut left: Vec<i32> = self.processes.keys().copied().collect();
        left.sort_unstable();
        for pid in left {
            self.lost(pid, "left running");
        }
        self.files.all_ended();
        if let Some(status) = self.status {
            let mut line = Line(b"end".to_vec());
            line.number(sys::now() - self.start).number(i64::from(meaning(status)));
            self.log.add(&line.end());
        }
    }

    fn changed(&mut self, tid: i32, status: i32, usage: sys::Usage) {
        if status & 0xff != 0x7f {
            return self.ended(tid, status, usage);
        }
        let (signal, event) = (status >> 8 & 0xff, status >> 16);
        match event {
            sys::EVENT_SECCOMP => self.called(tid),
            sys::EVENT_FORK | sys::EVENT_VFORK | sys::EVENT_CLONE => {
                if let Some(child) = sys::event_message(tid) {
                    self.forked(tid, child as i32, event == sys::EVENT_CLONE);
                }
                sys::resume(sys::PTRACE_CONT, tid, 0);
            }
            sys::EVENT_EXEC => {
                self.became(tid);
                sys::resume(sys::PTRACE_CONT, tid, 0);
            }
            sys::EVENT_STOP if !self.tasks.contains_key(&tid) => self.early.push(tid),
            _ if event == 0 && signal == sys::SIGTRAP | 0x80 => {
                self.returned(tid);
                sys::resume(sys::PTRACE_CONT, tid, 0);
            }
            _ => pass_on(tid, signal, event),
        }
    }

    fn called(&mut self, tid: i32) {
        let pid = self.tasks.get(&tid).map_or(tid, |task| task.pid);
        let Some(info) = sys::call_info(tid) else { return };
        match filter::call(info.words[0]) {
            Some(call) => self.call(tid, pid, call, &info.words[1..]),
            None => {
                self.lost(pid, "it makes calls with 32-bit pointers");
                sys::resume(sys::PTRACE_CONT, tid, 0);
            }
        }
    }

    fn returned(&mut self, tid: i32) {
        let Some(pending) = self.tasks.get_mut(&tid).and_then(|task| task.pending.take()) else { return };
        let pid = self.tasks.get(&tid).map_or(tid, |task| task.pid);
        match sys::call_info(tid) {
            Some(info) if info.words[1] & 0xff == 0 => self.succeeded(tid, pid, pending, info.words[0]),
            _ => self.log.settle(pending.place, Vec::new()),
        }
    }

    pub fn drop_pending(&mut self, tid: i32) {
        if let Some(pending) = self.tasks.get_mut(&tid).and_then(|task| task.pending.take()) {
            self.log.settle(pending.place, Vec::new());
        }
    }

    fn forked(&mut self, tid: i32, child: i32, may_be_thread: bool) {
        let pid = self.tasks.get(&tid).map_or(tid, |task| task.pid);
        if may_be_thread && sys::is_thread_of(pid, child) {
            self.tasks.insert(child, Task { pid, pending: None });
            if let Some(process) = self.processes.get_mut(&pid) {
                process.threads += 1;
            }
        } else {
            self.born(pid, child);
        }
        if let Some((status, usage)) = self.gone.remove(&child) {
            self.ended(child, status, usage);
        }
        if let Some(index) = self.early.iter().position(|early| *early == child) {
            self.early.swap_remove(index);
            sys::resume(sys::PTRACE_CONT, child, 0);
        }
    }

    fn born(&mut self, pid: i32, child: i32) {
        let folder = self.processes.get(&pid).and_then(|process| process.folder.clone());
        self.tasks.insert(child, Task { pid: child, pending: None });
        let given = self.processes.get(&pid).and_then(|process| process.given.clone());
        let process = Process { given: given.clone(), inherited: given, ..Process::new(pid, folder) };
        self.processes.insert(child, process);
        let mut line = self.line("fork", pid);
        self.log.add(&line.number(i64::from(child)).end());
    }

    /// A process became another program; where a thread did it, the thread takes the process's number.
    fn became(&mut self, pid: i32) {
        if let Some(before) = sys::event_message(pid) {
            self.drop_pending(pid);
            if before as i32 != pid {
                self.tasks.remove(&(before as i32));
            }
        }
        self.tasks.insert(pid, Task { pid, pending: None });
        let folder = Rc::new(paths::link(&format!("/proc/{pid}/cwd")));
        let process = self.processes.entry(pid).or_insert_with(|| Process::new(0, None));
        process.threads = 1;
        process.seen.clear();
        process.folder = Some(folder.clone());
        let Some(info) = sys::call_info(pid) else { return };
        let Some((argv, env)) = process::start_words(pid, &info) else {
            return self.lost(pid, "its arguments cannot be read");
        };
        let mut line = self.line("exec", pid);
        line.word(&paths::link(&format!("/proc/{pid}/exe"))).word(&folder);
        let given = Rc::new([0, 1, 2].map(|fd| paths::link(&format!("/proc/{pid}/fd/{fd}"))));
        for name in given.iter() {
            line.word(name);
        }
        line.words(argv.iter().map(|word| &word[..])).words(env.iter().map(|word| &word[..]));
        self.log.add(&line.end());
        self.redirected(pid, &given);
        if info.arch != filter::ARCH {
            self.lost(pid, "it is a 32-bit program: what it opens is not seen");
        }
    }

    /// Files that were opened for a program by the one that started it (`>` of a shell): from now on they are its own.
    fn redirected(&mut self, pid: i32, given: &Rc<[Vec<u8>; 3]>) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        process.given = Some(given.clone());
        let Some(inherited) = process.inherited.clone() else { return };
        for (fd, name) in given.iter().enumerate() {
            let again = given[..fd].contains(name);
            if again || *name == inherited[fd] || !name.starts_with(b"/") || name.starts_with(b"/dev/") {
                continue;
            }
            let (Ok(seen), Ok(named)) =
                (std::fs::metadata(format!("/proc/{pid}/fd/{fd}")), std::fs::metadata(paths::os(name)))
            else {
                continue;
            };
            let file = files::id(&seen);
            if !seen.is_file() || file != files::id(&named) || paths::below(name, &self.private) {
                continue;
            }
            let written = process::open_flags(pid, fd) & 3 != 0;
            let mode = match (written, seen.len()) {
                (false, _) => "r",
                (true, 0) => "w",
                (true, _) => "a",
            };
            if written {
                if self.files.writes(file, pid) {
                    continue;
                }
                self.files.before_writing(file, pid);
                self.files.written(file, pid, name.clone());
            }
            let mut line = self.line("open", pid);
            self.log.add(&line.plain(mode).word(name).end());
        }
    }

    fn ended(&mut self, tid: i32, status: i32, usage: sys::Usage) {
        self.drop_pending(tid);
        let Some(task) = self.tasks.remove(&tid) else {
            self.gone.insert(tid, (status, usage));
            return;
        };
        if task.pid != tid {
            if let Some(process) = self.processes.get_mut(&task.pid) {
                process.threads = (process.threads - 1).max(1);
            }
            return;
        }
        self.files.ended(tid);
        let Some(process) = self.processes.remove(&tid) else { return };
        let time = |parts: [i64; 2]| parts[0] * 1_000_000_000 + parts[1] * 1000;
        let (user, system) = (time(usage.user), time(usage.system));
        // The kernel's figures hold those of the children that it waited for.
        if let Some(parent) = self.processes.get_mut(&process.parent) {
            parent.children_user += user;
            parent.children_system += system;
        }
        let mut line = self.line("exit", tid);
        line.number(i64::from(meaning(status)))
            .number((user - process.children_user).max(0))
            .number((system - process.children_system).max(0))
            .number(usage.peak_kib * 1024);
        self.log.add(&line.end());
        if tid == self.root {
            self.status = Some(status);
        }
        self.adopt_early(tid);
    }

    /// Children whose parent was killed before it could tell of them are held for ever otherwise.
    fn adopt_early(&mut self, parent: i32) {
        let orphans: Vec<i32> = self.early.iter().copied().filter(|child| !has_parent_among(*child, self)).collect();
        for child in orphans {
            self.early.retain(|early| *early != child);
            self.born(parent, child);
            sys::resume(sys::PTRACE_CONT, child, 0);
        }
    }

    /// Tells once per process and reason that something of it is not seen.
    pub fn lost(&mut self, pid: i32, why: &str) {
        if let Some(process) = self.processes.get_mut(&pid) {
            if !process.seen.insert(process::mark(why.as_bytes(), &[])) {
                return;
            }
        }
        let mut line = self.line("lost", pid);
        self.log.add(&line.word(why.as_bytes()).end());
    }
}

/// The exit status, or minus the signal's number.
pub fn meaning(status: i32) -> i32 {
    if status & 0x7f == 0 {
        status >> 8 & 0xff
    } else {
        -(status & 0x7f)
    }
}

fn sys_pid() -> i32 {
    // SAFETY: it only answers.
    unsafe { sys::getpid() }
}

/// Whether a process that we follow and that is not gone is the parent of the held child.
fn has_parent_among(child: i32, tracer: &Tracer) -> bool {
    let text = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse::<i32>().ok()
    };
    let parent = if number("Tgid:") == Some(child) { number("PPid:") } else { number("Tgid:") };
    parent.is_some_and(|parent| tracer.processes.contains_key(&parent))
}

pub enum Waited {
    Changed(i32, i32, sys::Usage),
    Nothing,
    NoChildren,
}

pub fn wait(options: i32) -> Waited {
    loop {
        let (mut status, mut usage) = (0, sys::Usage::default());
        // SAFETY: the kernel fills the status and the usage.
        let tid = unsafe { sys::wait4(-1, &mut status, options | sys::WALL | sys::WNOTHREAD, &mut usage) };
        match tid {
            0 => return Waited::Nothing,
            1.. => return Waited::Changed(tid, status, usage),
            _ if sys::errno() == 4 => {}
            _ => return Waited::NoChildren,
        }
    }
}

/// Lets a thread go on that stopped for no reason of ours: a signal is passed on, a stopped process stays stopped.
pub fn pass_on(tid: i32, signal: i32, event: i32) {
    match (event, signal) {
        (sys::EVENT_STOP, sys::SIGSTOP | sys::SIGTSTP | sys::SIGTTIN | sys::SIGTTOU) => {
            sys::resume(sys::PTRACE_LISTEN, tid, 0)
        }
        (0, _) if signal != sys::SIGTRAP | 0x80 => sys::resume(sys::PTRACE_CONT, tid, signal),
        _ => sys::resume(sys::PTRACE_CONT, tid, 0),
    }
}

/// After the recording: keeps those alive that were left running (a filter without a tracer refuses their calls).
pub fn linger() {
    loop {
        match wait(0) {
            Waited::Changed(tid, status, _) if status & 0xff == 0x7f => {
                pass_on(tid, status >> 8 & 0xff, status >> 16);
            }
            Waited::Changed(..) => {}
            Waited::Nothing | Waited::NoChildren => return,
        }
    }
}
