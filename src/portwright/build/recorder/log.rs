//! The log: whole lines in the order of what happened, also where a line's content is known only later.
//!
//! A line that is not known yet (a hash, a call that may fail) reserves its place; what follows waits behind it.

use crate::sys;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

const ENOUGH: usize = 1 << 16;
const TICK: Duration = Duration::from_millis(100);

enum Part {
    Text(Vec<u8>),
    Awaited,
}

struct State {
    file: Option<File>,
    /// The number of the first part in the queue.
    first: u64,
    queue: VecDeque<Part>,
    ready: Vec<u8>,
    failure: Option<String>,
}

pub struct Log {
    state: Mutex<State>,
    known: Condvar,
    closed: Condvar,
}

/// A reserved place.
#[derive(Clone, Copy)]
pub struct Place(u64);

impl Log {
    pub fn new(file: File) -> Log {
        let state = State { file: Some(file), first: 0, queue: VecDeque::new(), ready: Vec::new(), failure: None };
        Log { state: Mutex::new(state), known: Condvar::new(), closed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    pub fn add(&self, line: &[u8]) {
        let mut state = self.state();
        match state.queue.back_mut() {
            None => {
                state.ready.extend_from_slice(line);
                if state.ready.len() >= ENOUGH {
                    state.write();
                }
            }
            Some(Part::Text(text)) => text.extend_from_slice(line),
            Some(Part::Awaited) => state.queue.push_back(Part::Text(line.to_vec())),
        }
    }

    pub fn reserve(&self) -> Place {
        let mut state = self.state();
        state.queue.push_back(Part::Awaited);
        Place(state.first + state.queue.len() as u64 - 1)
    }

    /// Puts a line, or nothing, in a reserved place.
    pub fn settle(&self, place: Place, line: Vec<u8>) {
        let mut state = self.state();
        let index = (place.0 - state.first) as usize;
        state.queue[index] = Part::Text(line);
        while matches!(state.queue.front(), Some(Part::Text(_))) {
            if let Some(Part::Text(text)) = state.queue.pop_front() {
                state.ready.extend_from_slice(&text);
            }
            state.first += 1;
        }
        if state.ready.len() >= ENOUGH {
            state.write();
        }
        drop(state);
        self.known.notify_all();
    }

    /// Whether a place is not settled yet.
    pub fn awaits(&self, place: Place) -> bool {
        self.state().awaits(place)
    }

    /// Waits until a place is settled.
    pub fn wait(&self, place: Place) {
        let mut state = self.state();
        while state.awaits(place) {
            state = self.known.wait(state).unwrap_or_else(|broken| broken.into_inner());
        }
    }

    /// Writes what is known every so often: after a kill the log is there up to then. Returns after `close`.
    pub fn keep_writing(&self) {
        let mut state = self.state();
        while state.file.is_some() {
            state = match self.closed.wait_timeout(state, TICK) {
                Ok((state, _)) => state,
                Err(broken) => broken.into_inner().0,
            };
            if !state.ready.is_empty() {
                state.write();
            }
        }
    }

    /// Waits for all places and writes everything; what went wrong with the file, if anything did.
    pub fn close(&self) -> Option<String> {
        let mut state = self.state();
        while !state.queue.is_empty() {
            state = self.known.wait(state).unwrap_or_else(|broken| broken.into_inner());
        }
        state.write();
        state.file = None;
        self.closed.notify_all();
        state.failure.take()
    }
}

impl State {
    fn awaits(&self, place: Place) -> bool {
        place.0 >= self.first && matches!(self.queue[(place.0 - self.first) as usize], Part::Awaited)
    }

    fn write(&mut self) {
        let ready = std::mem::take(&mut self.ready);
        if self.failure.is_some() {
            return;
        }
        if let Some(file) = &mut self.file {
            if let Err(error) = file.write_all(&ready) {
                self.failure = Some(error.to_string());
            }
        }
        self.ready = ready;
        self.ready.clear();
    }
}

/// A line in the making.
pub struct Line(pub Vec<u8>);

impl Line {
    pub fn new(kind: &str, start: i64, pid: i32) -> Line {
        let mut line = Line(Vec::with_capacity(160));
        line.0.extend_from_slice(kind.as_bytes());
        line.number(sys::now() - start).number(i64::from(pid));
        line
    }

    pub fn number(&mut self, value: i64) -> &mut Line {
        self.0.push(b'\t');
        let _ = write!(self.0, "{value}");
        self
    }

    pub fn plain(&mut self, word: &str) -> &mut Line {
        self.0.push(b'\t');
        self.0.extend_from_slice(word.as_bytes());
        self
    }

    pub fn word(&mut self, word: &[u8]) -> &mut Line {
        self.0.push(b'\t');
        for byte in word {
            if (0x21..=0x7e).contains(byte) && *byte != b'%' {
                self.0.push(*byte);
            } else {
                let figure = |value: u8| b"0123456789ABCDEF"[usize::from(value)];
                self.0.extend_from_slice(&[b'%', figure(byte >> 4), figure(byte & 15)]);
            }
        }
        self
    }

    /// A count and that many words.
    pub fn words<'w>(&mut self, words: impl ExactSizeIterator<Item = &'w [u8]>) -> &mut Line {
        self.number(words.len() as i64);
        for word in words {
            self.word(word);
        }
        self
    }

    pub fn end(&mut self) -> Vec<u8> {
        self.0.push(b'\n');
        std::mem::take(&mut self.0)
    }
}
