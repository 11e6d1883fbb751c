//! What was written: which process wrote which file's present version, and the hashes of versions once settled.
//!
//! A version is settled when its writer ends, or before another process writes, renames or removes the file. Then the
//! file is opened, which keeps its content from vanishing, and hashed beside the build. Only who is about to write into
//! the same file waits for that.

use crate::log::{Line, Log, Place};
use crate::paths;
use crate::sha256;
use std::collections::{HashMap, VecDeque};
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::sync::{Arc, Condvar, Mutex};

/// A file, whatever its names: device and number on it.
pub type Id = (u64, u64);

/// Size and time of the last change.
type Stamp = (u64, i64, i64);

fn stamp(seen: &Metadata) -> Stamp {
    (seen.size(), seen.mtime(), seen.mtime_nsec())
}

pub fn id(seen: &Metadata) -> Id {
    (seen.dev(), seen.ino())
}

/// A version that is not settled yet.
struct Version {
    writer: i32,
    /// The names that the writer gave it, the first one first.
    names: Vec<Vec<u8>>,
}

pub struct Files {
    log: Arc<Log>,
    start: i64,
    open: HashMap<Id, Version>,
    /// How many open versions each process has.
    writers: HashMap<i32, usize>,
    hashing: HashMap<Id, Place>,
    /// Files that others wrote into while the process lives that wrote them before, and may go on.
    shared: HashMap<i32, Vec<(Id, Vec<u8>)>>,
    /// How shared files were when they were last settled.
    settled: HashMap<Id, Stamp>,
    pool: Arc<Pool>,
}

const HASHERS: usize = 2;
/// Up to this size a file is hashed at once: quicker than to wake another thread.
const SMALL: u64 = 1 << 15;
/// How many files may wait, held open, to be hashed.
const WAITING: usize = 256;

impl Files {
    pub fn new(log: Arc<Log>, start: i64) -> Files {
        let pool = Arc::new(Pool { jobs: Mutex::new(VecDeque::new()), changed: Condvar::new() });
        for _ in 0..HASHERS {
            let (pool, log) = (pool.clone(), log.clone());
            std::thread::spawn(move || pool.work(&log));
        }
        Files {
            log,
            start,
            open: HashMap::new(),
            writers: HashMap::new(),
            hashing: HashMap::new(),
            shared: HashMap::new(),
            settled: HashMap::new(),
            pool,
        }
    }

    /// Notes that a process writes a file.
    pub fn written(&mut self, file: Id, pid: i32, name: Vec<u8>) {
        match self.open.get_mut(&file) {
            Some(version) if version.writer == pid => {
                if !version.names.contains(&name) {
                    version.names.push(name);
                }
            }
            _ => {
                self.taken(file);
                self.open.insert(file, Version { writer: pid, names: vec![name] });
                *self.writers.entry(pid).or_default() += 1;
            }
        }
    }

    /// Whether the process is the one that writes the file now.
    pub fn writes(&self, file: Id, pid: i32) -> bool {
        self.open.get(&file).is_some_and(|version| version.writer == pid)
    }

    fn taken(&mut self, file: Id) -> Option<Version> {
        let version = self.open.remove(&file)?;
        if let Some(count) = self.writers.get_mut(&version.writer) {
            *count -= 1;
            if *count == 0 {
                self.writers.remove(&version.writer);
            }
        }
        Some(version)
    }

    /// A process is about to write into the file: what others wrote is hashed before it may.
    pub fn before_writing(&mut self, file: Id, pid: i32) {
        if let Some(version) = self.open.get(&file).filter(|version| version.writer != pid) {
            let (writer, name) = (version.writer, version.names[0].clone());
            self.shared.entry(writer).or_default().push((file, name));
            self.settled.insert(file, (0, 0, 0));
            self.settle(file);
        }
        if let Some(place) = self.hashing.remove(&file) {
            self.log.wait(place);
        }
    }

    /// A name of the file is about to go or to be another file's: what others wrote is settled.
    pub fn settle_others(&mut self, file: Id, pid: i32) {
        if self.open.get(&file).is_some_and(|version| version.writer != pid) {
            self.settle(file);
        }
    }

    /// A folder is about to be moved: the same for all in it.
    pub fn settle_others_below(&mut self, folder: &[u8], pid: i32) {
        let inside = |version: &Version| {
            version.writer != pid && version.names.iter().any(|name| paths::below(name, folder))
        };
        let found: Vec<Id> = self.open.iter().filter(|(_, version)| inside(version)).map(|(file, _)| *file).collect();
        for file in found {
            self.settle(file);
        }
    }

    /// A name was taken away from a file by its writer.
    pub fn unnamed(&mut self, file: Id, name: &[u8]) {
        if let Some(version) = self.open.get_mut(&file) {
            version.names.retain(|known| known != name);
            if version.names.is_empty() {
                self.taken(file);
            }
        }
    }

    /// The last name of a file is gone.
    pub fn gone(&mut self, file: Id) {
        self.taken(file);
        self.settled.remove(&file);
    }

    /// The writer gave a file one more name.
    pub fn linked(&mut self, file: Id, pid: i32, name: &[u8]) {
        if let Some(version) = self.open.get_mut(&file) {
            if version.writer == pid {
                version.names.push(name.to_vec());
            }
        }
    }

    /// A file has another name.
    pub fn renamed(&mut self, file: Id, old: &[u8], new: &[u8]) {
        if let Some(version) = self.open.get_mut(&file) {
            for name in version.names.iter_mut().filter(|name| *name == old) {
                *name = new.to_vec();
            }
        }
    }

    /// A folder has another name.
    pub fn folder_renamed(&mut self, old: &[u8], new: &[u8]) {
        for name in self.open.values_mut().flat_map(|version| &mut version.names) {
            if paths::below(name, old) {
                let rest = name.split_off(old.len());
                *name = [new, &rest].concat();
            }
        }
    }

    /// A process ended: what it wrote is settled.
    pub fn ended(&mut self, pid: i32) {
        for (file, name) in self.shared.remove(&pid).unwrap_or_default() {
            let now = std::fs::metadata(paths::os(&name)).ok().filter(|now| id(now) == file);
            let changed = now.is_some_and(|now| self.settled.get(&file) != Some(&stamp(&now)));
            if changed && !self.open.contains_key(&file) {
                self.written(file, pid, name);
            }
        }
        if !self.writers.contains_key(&pid) {
            return;
        }
        let mut found: Vec<(Vec<u8>, Id)> = self
            .open
            .iter()
            .filter(|(_, version)| version.writer == pid)
            .map(|(file, version)| (version.names[0].clone(), *file))
            .collect();
        found.sort();
        for (_, file) in found {
            self.settle(file);
        }
    }

    /// The recording ends: everything is settled.
    pub fn all_ended(&mut self) {
        let mut writers: Vec<i32> = self.writers.keys().chain(self.shared.keys()).copied().collect();
        writers.sort_unstable();
        for pid in writers {
            self.ended(pid);
        }
    }

    fn settle(&mut self, file: Id) {
        let Some(version) = self.taken(file) else { return };
        for name in &version.names {
            // Not to wait at a pipe that took the name meanwhile; nor to mistake another file for it.
            const NONBLOCK: i32 = 0o4000;
            let Ok(mut opened) = File::options().read(true).custom_flags(NONBLOCK).open(paths::os(name)) else {
                continue;
            };
            let Ok(seen) = opened.metadata() else { continue };
            if id(&seen) != file || !seen.is_file() {
                continue;
            }
            if let Some(settled) = self.settled.get_mut(&file) {
                *settled = stamp(&seen);
            }
            let mut line = Line::new("hash", self.start, version.writer);
            line.word(name);
            if seen.len() <= SMALL {
                if let Some(line) = hashed(line, &mut opened, &seen) {
                    self.log.add(&line);
                }
                return;
            }
            let place = self.log.reserve();
            if self.hashing.len() > 4 * WAITING {
                let log = &self.log;
                self.hashing.retain(|_, place| log.awaits(*place));
            }
            self.hashing.insert(file, place);
            self.pool.put(Job { opened, seen, place, line });
            return;
        }
        let mut line = Line::new("lost", self.start, version.writer);
        let why = [b"what it wrote cannot be read: ", &version.names[0][..]].concat();
        self.log.add(&line.word(&why).end());
    }
}

/// The line with the content's hash; None where the file cannot be read.
fn hashed(mut line: Line, opened: &mut File, seen: &Metadata) -> Option<Vec<u8>> {
    let (digest, length) = if seen.len() <= SMALL {
        let mut content = Vec::with_capacity(seen.len() as usize + 1);
        opened.read_to_end(&mut content).ok()?;
        let mut digest = sha256::Digest::new();
        digest.add(&content);
        (digest.end(), content.len() as u64)
    } else {
        sha256::of_file(opened).ok()?
    };
    let mode = format!("{:o}", seen.mode() & 0o7777);
    Some(line.plain(&sha256::hex(&digest)).number(length as i64).plain(&mode).end())
}

struct Job {
    opened: File,
    seen: Metadata,
    place: Place,
    line: Line,
}

struct Pool {
    jobs: Mutex<VecDeque<Job>>,
    changed: Condvar,
}

impl Pool {
    fn put(&self, job: Job) {
        let mut jobs = self.jobs.lock().unwrap_or_else(|broken| broken.into_inner());
        while jobs.len() >= WAITING {
            jobs = self.changed.wait(jobs).unwrap_or_else(|broken| broken.into_inner());
        }
        jobs.push_back(job);
        drop(jobs);
        self.changed.notify_all();
    }

    fn work(&self, log: &Log) {
        loop {
            let mut jobs = self.jobs.lock().unwrap_or_else(|broken| broken.into_inner());
            let mut job = loop {
                match jobs.pop_front() {
                    Some(job) => break job,
                    None => jobs = self.changed.wait(jobs).unwrap_or_else(|broken| broken.into_inner()),
                }
            };
            let was_full = jobs.len() + 1 >= WAITING;
            drop(jobs);
            if was_full {
                self.changed.notify_all();
            }
            let line = hashed(job.line, &mut job.opened, &job.seen).unwrap_or_default();
            log.settle(job.place, line);
        }
    }
}
