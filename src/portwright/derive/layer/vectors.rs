//! An array of the system's `iovec`s: several buffers for one call.

use super::abi::{self, Failure, iovec};

/// The most buffers that one call is given; a caller with more is told that not all were used.
const MOST: usize = 64;

/// Where some buffers lie. It borrows nothing: who makes one keeps the buffers.
#[repr(C, align(16))]
pub struct Vectors {
    rows: [[u8; iovec::SIZE]; MOST],
    /// How many buffers there are, and how many bytes in all of them.
    pub count: usize,
    pub bytes: usize,
}

impl Vectors {
    /// Of ranges of memory (address, length) those that one call takes: neither too many nor too long.
    pub fn new(ranges: impl Iterator<Item = (usize, usize)>) -> Result<Vectors, Failure> {
        let (Some(base), Some(length)) = (iovec::IOV_BASE, iovec::IOV_LEN) else {
            return Err(Failure::TooLarge);
        };
        let mut made = Vectors { rows: [[0; iovec::SIZE]; MOST], count: 0, bytes: 0 };
        // More bytes than that no result could count.
        let most = abi::LONGEST_RANGE.min(isize::MAX as usize);
        for (row, (address, size)) in made.rows.iter_mut().zip(ranges.filter(|(_, size)| *size > 0)) {
            let taken = size.min(most - made.bytes);
            if taken == 0 {
                break;
            }
            if !(base.write(row, address as i64) && length.write(row, taken as i64)) {
                return Err(Failure::TooLarge);
            }
            made.count += 1;
            made.bytes += taken;
        }
        Ok(made)
    }

    /// Where the array is.
    pub fn address(&self) -> usize {
        self.rows.as_ptr().expose_provenance()
    }
}
