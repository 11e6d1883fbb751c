//! What is known of a traced process, and how its memory and its folders are read.

use crate::paths;
use crate::sys;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

/// A hasher for numbers that are hashes, or nearly, already.
#[derive(Default)]
pub struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_i32(&mut self, value: i32) {
        self.write_u64(value as u64);
    }
}

pub type QuickBuilder = BuildHasherDefault<Quick>;

/// FNV-1a over the bytes and the numbers: what tells one reading of a file from another.
pub fn mark(path: &[u8], numbers: &[u64]) -> u64 {
    let mut value = 0xcbf2_9ce4_8422_2325u64;
    for byte in path {
        value = (value ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    for number in numbers {
        value = (value ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
    value
}

/// A process; its threads are counted, not told apart.
pub struct Process {
    pub parent: i32,
    pub threads: u32,
    /// The working folder where it is known.
    pub folder: Option<Rc<Vec<u8>>>,
    /// Marks of what it has read since it became the program it is.
    pub seen: HashSet<u64, QuickBuilder>,
    /// What its ended children used, theirs included, in ns.
    pub children_user: i64,
    pub children_system: i64,
    /// What its descriptors 0 to 2 are, and what they were in the program that started it; unknown for the first one.
    pub given: Option<Rc<[Vec<u8>; 3]>>,
    pub inherited: Option<Rc<[Vec<u8>; 3]>>,
}

impl Process {
    pub fn new(parent: i32, folder: Option<Rc<Vec<u8>>>) -> Process {
        Process {
            parent,
            threads: 1,
            folder,
            seen: HashSet::default(),
            children_user: 0,
            children_system: 0,
            given: None,
            inherited: None,
        }
    }

    /// The working folder. It is not kept while other threads may change it beside us.
    pub fn folder(&mut self, tid: i32) -> Rc<Vec<u8>> {
        if let Some(known) = &self.folder {
            return known.clone();
        }
        let found = Rc::new(paths::link(&format!("/proc/{tid}/cwd")));
        if self.threads == 1 {
            self.folder = Some(found.clone());
        }
        found
    }
}

/// How a descriptor was opened.
pub fn open_flags(pid: i32, fd: usize) -> u32 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).unwrap_or(0)
}

const PAGE: u64 = 4096;
const LONGEST: usize = 4096;

/// A string that ends with a zero byte in another process's memory.
pub fn string(tid: i32, mut address: u64) -> Option<Vec<u8>> {
    let mut found = Vec::new();
    let mut piece = [0u8; 512];
    while address != 0 && found.len() < LONGEST {
        let room = (PAGE - address % PAGE).min(piece.len() as u64) as usize;
        let got = sys::peek(tid, address, &mut piece[..room]);
        if got == 0 {
            return None;
        }
        if let Some(end) = piece[..got].iter().position(|byte| *byte == 0) {
            found.extend_from_slice(&piece[..end]);
            return Some(found);
        }
        found.extend_from_slice(&piece[..got]);
        address += got as u64;
    }
    None
}

const SIXTY_FOUR_BIT: u32 = 0x8000_0000;

/// argv and the environment of a process that has just become a program, from the top of its stack.
pub fn start_words(tid: i32, info: &sys::CallInfo) -> Option<(Vec<Vec<u8>>, Vec<Vec<u8>>)> {
    let wide = info.arch & SIXTY_FOUR_BIT != 0;
    let mut stack = vec![0u8; 1 << 14];
    loop {
        let got = sys::peek(tid, info.stack, &mut stack);
        if got < stack.len() {
            stack.truncate(got);
            break;
        }
        if got > 1 << 24 {
            return None;
        }
        stack.resize(stack.len() * 4, 0);
    }
    let step = if wide { 8 } else { 4 };
    let number = |index: usize| -> Option<u64> {
        let bytes = stack.get(index * step..(index + 1) * step)?;
        let mut value = [0u8; 8];
        value[..step].copy_from_slice(bytes);
        Some(u64::from_le_bytes(value))
    };
    let text = |address: u64| -> Option<Vec<u8>> {
        let from = usize::try_from(address.checked_sub(info.stack)?).ok()?;
        let rest = stack.get(from..)?;
        Some(rest[..rest.iter().position(|byte| *byte == 0)?].to_vec())
    };
    let list = |mut index: usize| -> Option<(Vec<Vec<u8>>, usize)> {
        let mut found = Vec::new();
        loop {
            match number(index)? {
                0 => return Some((found, index + 1)),
                address => found.push(text(address)?),
            }
            index += 1;
        }
    };
    let (argv, next) = list(1)?;
    let (env, _) = list(next)?;
    Some((argv, env))
}
