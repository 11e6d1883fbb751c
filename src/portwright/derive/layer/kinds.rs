//! The kinds of values that the generated module `abi` is made of, and how a call's outcome is read.

#![allow(dead_code)] // a system needs some of the kinds, never all

use super::abi::{BUSY, timespec};
use crate::ffi::CStr;
use crate::io::SimpleMessage;
use crate::time::Duration;

/// Why an operation did not happen.
#[derive(Clone, Copy)]
pub(crate) enum Failure {
    /// The system's own error number.
    Os(i32),
    /// The system has no such operation or constant.
    NotOffered(&'static SimpleMessage),
    /// A number that the call's argument cannot hold.
    TooLarge,
}

/// A constant by its POSIX name, which a system may lack.
#[derive(Clone, Copy)]
pub struct Constant {
    pub value: Option<usize>,
    pub ignored: bool,
    pub missing: &'static SimpleMessage,
}

impl Constant {
    /// The value, or the failure that names the constant.
    pub const fn get(self) -> Result<usize, Failure> {
        match self.value {
            Some(value) => Ok(value),
            None => Err(Failure::NotOffered(self.missing)),
        }
    }

    /// Whether the system has the constant and does what it says.
    pub const fn works(self) -> bool {
        self.value.is_some() && !self.ignored
    }

    /// The value, or no bits where the system has no such constant.
    pub const fn or_none(self) -> usize {
        match self.value {
            Some(value) => value,
            None => 0,
        }
    }
}

/// Where a number lies in a struct, in bytes, and what 1 in it is worth.
#[derive(Clone, Copy)]
pub struct Field {
    pub offset: usize,
    pub size: usize,
    pub signed: bool,
    pub unit: u32,
}

impl Field {
    /// The number in the struct's bytes, in the CPU's byte order; None where the bytes are too few.
    pub fn read(self, bytes: &[u8]) -> Option<i64> {
        self.stored(bytes)?.checked_mul(self.unit as i64)
    }

    fn stored(self, bytes: &[u8]) -> Option<i64> {
        let place = bytes.get(self.offset..self.offset + self.size)?;
        let negative = self.signed && most_significant(place) & 0x80 != 0;
        let mut value: i64 = if negative { -1 } else { 0 };
        for index in 0..self.size {
            let byte = if cfg!(target_endian = "big") { place[index] } else { place[self.size - 1 - index] };
            value = (value << 8) | byte as i64;
        }
        Some(value)
    }

    /// The field's bytes as they are, which may be in the network's order; None where the bytes are too few.
    pub fn bytes(self, of: &[u8]) -> Option<&[u8]> {
        of.get(self.offset..self.offset + self.size)
    }

    /// Puts bytes into the field as they are; false where they are not as many as it has.
    #[must_use]
    pub fn put(self, to: &mut [u8], bytes: &[u8]) -> bool {
        let place = to.get_mut(self.offset..self.offset + self.size);
        let Some(place) = place.filter(|place| place.len() == bytes.len()) else { return false };
        place.copy_from_slice(bytes);
        true
    }

    /// Puts a number into the struct's bytes, in whole units below it; false where it does not fit.
    #[must_use]
    pub fn write(self, bytes: &mut [u8], value: i64) -> bool {
        let Some(place) = bytes.get_mut(self.offset..self.offset + self.size) else { return false };
        let value = value.div_euclid(self.unit as i64);
        for index in 0..self.size {
            let shift = (index * 8).min(63) as u32;
            let byte = (value >> shift) as u8;
            let at = if cfg!(target_endian = "big") { self.size - 1 - index } else { index };
            place[at] = byte;
        }
        self.stored(bytes) == Some(value)
    }
}

/// Some of the bits of a number.
#[derive(Clone, Copy)]
pub struct Bits {
    pub shift: u32,
    pub bits: u32,
}

impl Bits {
    /// The bits, as a number of their own.
    pub const fn of(self, value: i32) -> i32 {
        let mask = if self.bits >= u32::BITS { u32::MAX } else { (1 << self.bits) - 1 };
        ((value as u32 >> self.shift) & mask) as i32
    }
}

/// A struct in memory, aligned as any system could want it.
#[repr(align(16))]
pub struct Aligned<const SIZE: usize>(pub [u8; SIZE]);

impl<const SIZE: usize> Aligned<SIZE> {
    /// Where a call reads or writes it.
    pub fn address(&mut self) -> usize {
        self.0.as_mut_ptr().expose_provenance()
    }
}

/// The bytes of a struct that a call is given by its address.
///
/// # Safety
///
/// So many bytes must lie there, and nothing else may use them meanwhile.
pub(crate) unsafe fn struct_at<'a>(address: usize, size: usize) -> &'a mut [u8] {
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts_mut(core::ptr::with_exposed_provenance_mut(address), size) }
}

/// Puts what a call answered in registers where other systems' calls write it.
pub(crate) fn fill(bytes: &mut [u8], fields: &[Option<Field>], values: &[i64]) -> Result<usize, Failure> {
    let mut pairs = fields.iter().zip(values);
    let all = pairs.all(|(field, value)| field.is_some_and(|field| field.write(bytes, *value)));
    if all { Ok(0) } else { Err(Failure::TooLarge) }
}

fn most_significant(bytes: &[u8]) -> u8 {
    let end = if cfg!(target_endian = "big") { bytes.first() } else { bytes.last() };
    end.copied().unwrap_or(0)
}

/// What a clock counts from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    Unix,
    Boot,
}

/// One of the system's clocks.
#[derive(Clone, Copy)]
pub struct Clock {
    pub id: isize,
    pub epoch: Epoch,
    pub resolution: u64,
}

/// How a program finds its own file: a link that says it, a word of the auxiliary vector, or its first argument.
#[derive(Clone, Copy)]
pub enum Executable {
    Link(&'static CStr),
    Auxiliary(usize),
    Argument,
    Unknown,
}

/// What lies at the stack pointer when a program starts, upwards.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    Argc,
    Argv,
    Null,
    Envp,
    Auxv,
    Pad,
    Strings,
}

/// How directory entries come.
#[derive(Clone, Copy)]
pub enum DirectoryForm {
    Records(RecordForm),
    OneName,
    Unknown,
}

/// Where things lie in a record of a directory: its own length, the type, the file's number, and the name.
#[derive(Clone, Copy)]
pub struct RecordForm {
    pub length: Field,
    pub kind: Option<Field>,
    pub inode: Option<Field>,
    pub name: usize,
}

/// What a file is, by its directory entry or its status.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EntryKind {
    File,
    Directory,
    Symlink,
    CharDevice,
    BlockDevice,
    Pipe,
    Socket,
    Other,
}

/// How others learn that a thread uses its memory no more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ThreadEnd {
    /// The system clears a word.
    Cleared,
    /// A call waits for it.
    Joined,
    /// The thread clears a word itself.
    Own,
}

const LARGEST_ERROR: isize = 4095;

/// What the system answered.
pub(crate) fn answer(result: isize) -> Result<usize, Failure> {
    if (-LARGEST_ERROR..0).contains(&result) { Err(Failure::Os(-result as i32)) } else { Ok(result as usize) }
}

/// Makes the call, and makes it again while the system is busy.
pub(crate) fn outcome(mut call: impl FnMut() -> isize) -> Result<usize, Failure> {
    loop {
        match answer(call()) {
            Err(Failure::Os(number)) if BUSY == Some(number) => crate::hint::spin_loop(),
            done => return done,
        }
    }
}

pub(crate) fn word(value: i64) -> Result<usize, Failure> {
    match isize::try_from(value) {
        Ok(value) => Ok(value as usize),
        Err(_) => Err(Failure::TooLarge),
    }
}

pub(crate) fn field(value: usize, bits: u32, shift: u32) -> Result<usize, Failure> {
    let mask = if bits >= usize::BITS { usize::MAX } else { (1 << bits) - 1 };
    let extended = ((value & mask) << (usize::BITS - bits)) as isize >> (usize::BITS - bits);
    if value & !mask != 0 && extended as usize != value {
        return Err(Failure::TooLarge);
    }
    Ok((value & mask) << shift)
}

/// A `struct timespec` in memory, aligned as any system could want it.
#[repr(align(16))]
pub struct Timespec([u8; timespec::SIZE]);

impl Timespec {
    /// As much of the duration as the struct can say; fails where the system has no such struct.
    pub(crate) fn new(duration: Duration) -> Result<Timespec, Failure> {
        let mut bytes = [0; timespec::SIZE];
        let (Some(seconds), Some(nanoseconds)) = (timespec::TV_SEC, timespec::TV_NSEC) else {
            return Err(Failure::TooLarge);
        };
        // A unit that is begun counts whole: a wait may be long, never short.
        let begun = Duration::from_nanos(nanoseconds.unit.saturating_sub(1) as u64);
        let duration = duration.saturating_add(begun);
        let most = i64::MAX >> (64 - 8 * seconds.size.clamp(1, 8) as u32);
        let whole = i64::try_from(duration.as_secs()).unwrap_or(most).min(most);
        if seconds.write(&mut bytes, whole) && nanoseconds.write(&mut bytes, duration.subsec_nanos() as i64) {
            Ok(Timespec(bytes))
        } else {
            Err(Failure::TooLarge)
        }
    }

    /// Where a call reads or writes it.
    pub fn address(&mut self) -> usize {
        self.0.as_mut_ptr().expose_provenance()
    }

    /// Seconds, and nanoseconds below one second.
    pub fn parts(&self) -> Option<(i64, u32)> {
        let nanoseconds = timespec::TV_NSEC?.read(&self.0)?.clamp(0, 999_999_999);
        Some((timespec::TV_SEC?.read(&self.0)?, nanoseconds as u32))
    }
}

pub(crate) fn whole_units(duration: Duration, nanoseconds: u128) -> usize {
    usize::try_from(duration.as_nanos().div_ceil(nanoseconds)).unwrap_or(isize::MAX as usize)
}
