//! What each followed call means: read from its arguments at its beginning, made sure of at its end where it may fail.

use crate::files::{self, Id};
use crate::filter::Call;
use crate::log::Place;
use crate::paths;
use crate::process;
use crate::sys;
use crate::tracer::Tracer;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// A call at whose end its line is told, if it did well.
pub struct Pending {
    pub place: Place,
    line: Vec<u8>,
    effect: Effect,
}

enum Effect {
    Nothing,
    /// An open file is written from now on.
    Opened(Vec<u8>),
    /// The file of this name is the process's own writing.
    Written(Vec<u8>),
    Unnamed(Id, Vec<u8>),
    Gone(Id),
    Linked(Id, Vec<u8>),
    Renamed { old: (Option<Id>, Vec<u8>), new: (Option<Id>, Vec<u8>) },
    Exchanged([(Option<Id>, Vec<u8>); 2]),
}

const AT_FDCWD: i32 = -100;
const RENAME_EXCHANGE: u64 = 2;
const AT_REMOVEDIR: u64 = 0x200;
const AT_SYMLINK_FOLLOW: u64 = 0x400;
const AT_EMPTY_PATH: u64 = 0x1000;
const O_CREAT: u64 = 0o100;
const O_EXCL: u64 = 0o200;
const O_TRUNC: u64 = 0o1000;
const O_PATH: u64 = 0o10000000;
const O_TMPFILE: u64 = 0o20000000;
#[cfg(target_arch = "x86_64")]
const O_DIRECTORY: u64 = 0o200000;
#[cfg(target_arch = "aarch64")]
const O_DIRECTORY: u64 = 0o40000;
const CREAT_FLAGS: u64 = O_CREAT | O_TRUNC | 1;

/// What a path in a call's arguments is relative to, with its words.
struct Named {
    folder: std::rc::Rc<Vec<u8>>,
    words: Vec<u8>,
}

impl Named {
    fn path(&self) -> Vec<u8> {
        paths::join(&self.folder, &self.words)
    }
}

fn seen(path: &[u8]) -> Option<Metadata> {
    std::fs::metadata(paths::os(path)).ok()
}

fn seen_itself(path: &[u8]) -> Option<Metadata> {
    std::fs::symlink_metadata(paths::os(path)).ok()
}

impl Tracer {
    /// A thread stopped at a call: notes what it does and lets it go on.
    pub fn call(&mut self, tid: i32, pid: i32, call: Call, a: &[u64]) {
        let pending = match call {
            Call::Open => return self.open(tid, pid, AT_FDCWD, a[0], a[1]),
            Call::Creat => return self.open(tid, pid, AT_FDCWD, a[0], CREAT_FLAGS),
            Call::Openat => return self.open(tid, pid, a[0] as i32, a[1], a[2]),
            Call::Openat2 => {
                let mut flags = [0u8; 8];
                sys::peek(tid, a[2], &mut flags);
                return self.open(tid, pid, a[0] as i32, a[1], u64::from_le_bytes(flags));
            }
            Call::Rename => self.rename(tid, pid, (AT_FDCWD, a[0]), (AT_FDCWD, a[1])),
            Call::Renameat2 if a[4] & RENAME_EXCHANGE != 0 => {
                self.exchange(tid, pid, (a[0] as i32, a[1]), (a[2] as i32, a[3]))
            }
            Call::Renameat | Call::Renameat2 => self.rename(tid, pid, (a[0] as i32, a[1]), (a[2] as i32, a[3])),
            Call::Link => self.link(tid, pid, (AT_FDCWD, a[0]), (AT_FDCWD, a[1]), 0),
            Call::Linkat => self.link(tid, pid, (a[0] as i32, a[1]), (a[2] as i32, a[3]), a[4]),
            Call::Symlink => self.symlink(tid, pid, a[0], (AT_FDCWD, a[1])),
            Call::Symlinkat => self.symlink(tid, pid, a[0], (a[1] as i32, a[2])),
            Call::Unlink => self.unlink(tid, pid, (AT_FDCWD, a[0])),
            Call::Unlinkat if a[2] & AT_REMOVEDIR != 0 => self.folder(tid, pid, "rmdir", (a[0] as i32, a[1])),
            Call::Unlinkat => self.unlink(tid, pid, (a[0] as i32, a[1])),
            Call::Mkdir => self.folder(tid, pid, "mkdir", (AT_FDCWD, a[0])),
            Call::Mkdirat => self.folder(tid, pid, "mkdir", (a[0] as i32, a[1])),
            Call::Rmdir => self.folder(tid, pid, "rmdir", (AT_FDCWD, a[0])),
            Call::Truncate => self.truncate(tid, pid, a[0]),
            Call::Chmod => self.chmod(tid, pid, (AT_FDCWD, a[0])),
            Call::Fchmodat => self.chmod(tid, pid, (a[0] as i32, a[1])),
            Call::Fchmod => self.chmod_open(tid, pid, a[0] as i32),
            Call::Chdir => {
                if let Some(process) = self.processes.get_mut(&pid) {
                    process.folder = None;
                }
                None
            }
            Call::Connect => self.net(tid, pid, a[1], a[2]),
            Call::Sendto => self.net(tid, pid, a[4], a[5]),
            Call::Sendmsg => self.messages(tid, pid, a[1], 1),
            Call::Sendmmsg => self.messages(tid, pid, a[1], a[2]),
            Call::Lost(why) => {
                self.lost(pid, why);
                None
            }
        };
        self.go_on(tid, pending);
    }

    fn go_on(&mut self, tid: i32, pending: Option<Pending>) {
        let request = if pending.is_some() { sys::PTRACE_SYSCALL } else { sys::PTRACE_CONT };
        if let Some(task) = self.tasks.get_mut(&tid) {
            task.pending = pending;
        }
        sys::resume(request, tid, 0);
    }

    fn named(&mut self, tid: i32, pid: i32, (at, address): (i32, u64)) -> Option<Named> {
        let words = process::string(tid, address)?;
        let folder = match words.first() {
            None => return None,
            Some(b'/') => std::rc::Rc::default(),
            Some(_) if at == AT_FDCWD => self.processes.get_mut(&pid)?.folder(tid),
            Some(_) => std::rc::Rc::new(paths::link(&format!("/proc/{tid}/fd/{at}"))),
        };
        Some(Named { folder, words })
    }

    /// The absolute path of a call's argument; None for what is never told.
    fn path(&mut self, tid: i32, pid: i32, place: (i32, u64)) -> Option<Vec<u8>> {
        let path = self.named(tid, pid, place)?.path();
        self.told(path)
    }

    fn told(&self, path: Vec<u8>) -> Option<Vec<u8>> {
        let hidden = path.starts_with(b"/proc/")
            || path.starts_with(b"/dev/")
            || path.starts_with(b"/sys/")
            || path == b"/etc/ld.so.cache"
            || (!self.private.is_empty() && paths::below(&path, &self.private));
        (!hidden).then_some(path)
    }

    fn open(&mut self, tid: i32, pid: i32, at: i32, address: u64, flags: u64) {
        let named = self.named(tid, pid, (at, address));
        let writes = flags & 3 != 0 || flags & (O_TRUNC | O_CREAT) != 0;
        if !writes || flags & O_TMPFILE != 0 {
            // What follows only looks: the process need not wait for it.
            sys::resume(sys::PTRACE_CONT, tid, 0);
            if flags & (O_PATH | O_TMPFILE) == 0 {
                if let Some(path) = named.and_then(|named| self.told(named.path())) {
                    self.read(pid, path, flags);
                }
            }
            return;
        }
        let pending = named.and_then(|named| self.told(named.path())).and_then(|path| self.write(pid, path, flags));
        self.go_on(tid, pending);
    }

    fn read(&mut self, pid: i32, path: Vec<u8>, flags: u64) {
        let found = seen(&path);
        let (kind, mode, mark) = match &found {
            None => ("miss", "", process::mark(&path, &[])),
            Some(found) if found.is_dir() => ("open", "d", process::mark(&path, &[1])),
            Some(found) if found.is_file() && flags & O_DIRECTORY == 0 => {
                let version = [found.dev(), found.ino(), found.size(), found.mtime() as u64, found.mtime_nsec() as u64];
                ("open", "r", process::mark(&path, &version))
            }
            Some(_) => return,
        };
        if self.processes.get_mut(&pid).is_some_and(|process| process.seen.insert(mark)) {
            let mut line = self.line(kind, pid);
            if found.is_some() {
                line.plain(mode);
            }
            self.log.add(&line.word(&path).end());
        }
    }

    fn write(&mut self, pid: i32, path: Vec<u8>, flags: u64) -> Option<Pending> {
        let found = seen(&path);
        match &found {
            Some(found) if !found.is_file() || flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL => return None,
            Some(_) if flags & (3 | O_TRUNC) == 0 => {
                self.read(pid, path, flags);
                return None;
            }
            Some(found) => self.files.before_writing(files::id(found), pid),
            None if flags & O_CREAT == 0 => {
                self.read(pid, path, flags);
                return None;
            }
            None => {}
        }
        let mode = if found.is_none() || flags & O_TRUNC != 0 { "w" } else { "a" };
        let line = self.line("open", pid).plain(mode).word(&path).end();
        Some(self.pending(line, Effect::Opened(path)))
    }

    fn pending(&self, line: Vec<u8>, effect: Effect) -> Pending {
        Pending { place: self.log.reserve(), line, effect }
    }

    fn rename(&mut self, tid: i32, pid: i32, old: (i32, u64), new: (i32, u64)) -> Option<Pending> {
        let (old, new) = (self.path(tid, pid, old)?, self.path(tid, pid, new)?);
        let (from, onto) = (seen_itself(&old)?, seen_itself(&new));
        if from.is_dir() {
            self.files.settle_others_below(&old, pid);
        } else {
            self.files.settle_others(files::id(&from), pid);
        }
        let onto = onto.filter(|onto| !onto.is_dir()).map(|onto| files::id(&onto));
        if let Some(file) = onto {
            self.files.settle_others(file, pid);
        }
        let line = self.line("rename", pid).word(&old).word(&new).end();
        let file = (!from.is_dir()).then(|| files::id(&from));
        Some(self.pending(line, Effect::Renamed { old: (file, old), new: (onto, new) }))
    }

    /// Two files or folders change their names with one another.
    fn exchange(&mut self, tid: i32, pid: i32, one: (i32, u64), other: (i32, u64)) -> Option<Pending> {
        let names = [self.path(tid, pid, one)?, self.path(tid, pid, other)?];
        let line = self.line("exchange", pid).word(&names[0]).word(&names[1]).end();
        let both = names.map(|name| (seen_itself(&name), name));
        let mut rows = Vec::new();
        for (found, name) in both {
            let found = found?;
            if found.is_dir() {
                self.files.settle_others_below(&name, pid);
            } else {
                self.files.settle_others(files::id(&found), pid);
            }
            rows.push(((!found.is_dir()).then(|| files::id(&found)), name));
        }
        Some(self.pending(line, Effect::Exchanged(rows.try_into().ok()?)))
    }

    fn link(&mut self, tid: i32, pid: i32, old: (i32, u64), new: (i32, u64), flags: u64) -> Option<Pending> {
        let target = self.path(tid, pid, new)?;
        let nameless = flags & AT_EMPTY_PATH != 0
            || (flags & AT_SYMLINK_FOLLOW != 0
                && process::string(tid, old.1).is_some_and(|words| words.starts_with(b"/proc/")));
        if nameless {
            // A file that was made without a name gets one.
            let line = self.line("open", pid).plain("w").word(&target).end();
            return Some(self.pending(line, Effect::Written(target)));
        }
        let source = self.path(tid, pid, old)?;
        let file = files::id(&seen_itself(&source)?);
        let line = self.line("link", pid).word(&source).word(&target).end();
        Some(self.pending(line, Effect::Linked(file, target)))
    }

    fn symlink(&mut self, tid: i32, pid: i32, target: u64, place: (i32, u64)) -> Option<Pending> {
        let target = process::string(tid, target)?;
        let path = self.path(tid, pid, place)?;
        let line = self.line("symlink", pid).word(&target).word(&path).end();
        Some(self.pending(line, Effect::Nothing))
    }

    fn unlink(&mut self, tid: i32, pid: i32, place: (i32, u64)) -> Option<Pending> {
        let path = self.path(tid, pid, place)?;
        let found = seen_itself(&path).filter(|found| !found.is_dir())?;
        let file = files::id(&found);
        self.files.settle_others(file, pid);
        let line = self.line("unlink", pid).word(&path).end();
        let effect = if found.nlink() == 1 { Effect::Gone(file) } else { Effect::Unnamed(file, path) };
        Some(self.pending(line, effect))
    }

    fn folder(&mut self, tid: i32, pid: i32, kind: &str, place: (i32, u64)) -> Option<Pending> {
        let path = self.path(tid, pid, place)?;
        if seen_itself(&path).is_some() == (kind == "mkdir") {
            return None;
        }
        let line = self.line(kind, pid).word(&path).end();
        Some(self.pending(line, Effect::Nothing))
    }

    fn truncate(&mut self, tid: i32, pid: i32, address: u64) -> Option<Pending> {
        let path = self.path(tid, pid, (AT_FDCWD, address))?;
        let found = seen(&path).filter(Metadata::is_file)?;
        self.files.before_writing(files::id(&found), pid);
        let line = self.line("truncate", pid).word(&path).end();
        Some(self.pending(line, Effect::Written(path)))
    }

    fn chmod(&mut self, tid: i32, pid: i32, place: (i32, u64)) -> Option<Pending> {
        let path = self.path(tid, pid, place)?;
        seen(&path)?;
        let line = self.line("chmod", pid).word(&path).end();
        Some(self.pending(line, Effect::Nothing))
    }

    fn chmod_open(&mut self, tid: i32, pid: i32, fd: i32) -> Option<Pending> {
        let path = self.told(paths::link(&format!("/proc/{tid}/fd/{fd}")))?;
        if path.first() != Some(&b'/') {
            return None;
        }
        let line = self.line("chmod", pid).word(&path).end();
        Some(self.pending(line, Effect::Nothing))
    }

    /// Messages that have an address each, or none.
    fn messages(&mut self, tid: i32, pid: i32, address: u64, count: u64) -> Option<Pending> {
        // struct mmsghdr: a struct msghdr, which begins with the address and its length, and how much was sent.
        const STEP: u64 = 64;
        const MOST: u64 = 1024;
        for at in 0..count.min(MOST) {
            let mut head = [0u8; 12];
            if sys::peek(tid, address + at * STEP, &mut head) < head.len() {
                break;
            }
            let number = |from: usize, to: usize| head[from..to].iter().rev().fold(0, |all, one| all << 8 | u64::from(*one));
            if number(0, 8) != 0 {
                self.net(tid, pid, number(0, 8), number(8, 12));
            }
        }
        None
    }

    fn net(&mut self, tid: i32, pid: i32, address: u64, length: u64) -> Option<Pending> {
        const INET: u16 = 2;
        const INET6: u16 = 10;
        let mut raw = [0u8; 28];
        let room = raw.len().min(length as usize);
        sys::peek(tid, address, &mut raw[..room]);
        let port = u16::from_be_bytes([raw[2], raw[3]]);
        let (family, host) = match u16::from_le_bytes([raw[0], raw[1]]) {
            INET => ("inet", format!("{}:{port}", std::net::Ipv4Addr::new(raw[4], raw[5], raw[6], raw[7]))),
            INET6 => {
                let mut bytes = [0u8; 16];
                bytes.copy_from_slice(&raw[8..24]);
                ("inet6", format!("[{}]:{port}", std::net::Ipv6Addr::from(bytes)))
            }
            _ => return None,
        };
        let mark = process::mark(host.as_bytes(), &[2]);
        if self.processes.get_mut(&pid).is_some_and(|process| process.seen.insert(mark)) {
            let line = self.line("net", pid).plain(family).word(host.as_bytes()).end();
            self.log.add(&line);
        }
        None
    }

    /// A call did what it was to do: `result` is what it answered.
    pub fn succeeded(&mut self, tid: i32, pid: i32, pending: Pending, result: u64) {
        self.log.settle(pending.place, pending.line);
        match pending.effect {
            Effect::Nothing => {}
            Effect::Opened(name) => {
                if let Some(found) = seen(format!("/proc/{tid}/fd/{}", result as i32).as_bytes()) {
                    self.files.written(files::id(&found), pid, name);
                }
            }
            Effect::Written(name) => {
                if let Some(found) = seen(&name) {
                    self.files.written(files::id(&found), pid, name);
                }
            }
            Effect::Unnamed(file, name) => self.files.unnamed(file, &name),
            Effect::Gone(file) => self.files.gone(file),
            Effect::Linked(file, name) => self.files.linked(file, pid, &name),
            Effect::Exchanged([one, other]) => {
                // By a name that no file has, so that neither is taken for the other.
                let between = [&other.1[..], b"\0"].concat();
                let moves = [(one.0, &one.1, &between), (other.0, &other.1, &one.1), (one.0, &between, &other.1)];
                for (file, from, to) in moves {
                    match file {
                        Some(file) => self.files.renamed(file, from, to),
                        None => self.files.folder_renamed(from, to),
                    }
                }
            }
            Effect::Renamed { old: (None, old), new: (_, new) } => self.files.folder_renamed(&old, &new),
            Effect::Renamed { old: (Some(file), old), new: (onto, new) } => {
                if let Some(onto) = onto.filter(|onto| *onto != file) {
                    self.files.unnamed(onto, &new);
                }
                self.files.renamed(file, &old, &new);
            }
        }
    }
}
