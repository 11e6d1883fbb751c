//! Unpredictable bytes.

use crate::sys::pal::{abi, random, time};

pub fn fill_bytes(bytes: &mut [u8]) {
    fill(bytes).unwrap_or_else(|error| panic!("no random bytes: {error}"));
}

/// The keys of `HashMap`. Where the system offers no random bytes they come from a clock and from addresses, so that
/// maps work there; such keys hold off an accident, not an attacker. An offered call that fails is no reason for them.
pub fn hashmap_random_keys() -> (u64, u64) {
    let mut bytes = [0; 16];
    if abi::OFFERS_FILL_RANDOM {
        fill_bytes(&mut bytes);
        let (first, second) = bytes.split_at(8);
        return (word(first), word(second));
    }
    let clock = abi::MONOTONIC.or(abi::REALTIME).and_then(|clock| time::clock_read(clock).ok());
    let (seconds, nanoseconds) = clock.unwrap_or_default();
    let heap = Box::new(0_u8);
    let place = (&raw const *heap).addr() as u64;
    let stack = (&raw const bytes).addr() as u64;
    (place ^ nanoseconds as u64, stack.rotate_left(32) ^ seconds as u64)
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |word, &byte| word << 8 | byte as u64)
}

/// A system may give few bytes at a time, and none at all for a while.
fn fill(mut rest: &mut [u8]) -> crate::io::Result<()> {
    while !rest.is_empty() {
        let count = random::fill_random(rest)?;
        if count == 0 {
            return Err(crate::io::Error::READ_EXACT_EOF);
        }
        rest = &mut rest[count..];
    }
    Ok(())
}
