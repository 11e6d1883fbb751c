//! SHA-256, with the processor's own instructions where it has them.

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
const START: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// The digest of bytes that come piece by piece.
pub struct Digest {
    state: [u32; 8],
    rest: Vec<u8>,
    length: u64,
}

impl Digest {
    pub fn new() -> Digest {
        Digest { state: START, rest: Vec::with_capacity(64), length: 0 }
    }

    pub fn add(&mut self, mut data: &[u8]) {
        self.length += data.len() as u64;
        if !self.rest.is_empty() {
            let taken = data.len().min(64 - self.rest.len());
            self.rest.extend_from_slice(&data[..taken]);
            data = &data[taken..];
            if self.rest.len() < 64 {
                return;
            }
            blocks(&mut self.state, &self.rest);
            self.rest.clear();
        }
        let whole = data.len() / 64 * 64;
        blocks(&mut self.state, &data[..whole]);
        self.rest.extend_from_slice(&data[whole..]);
    }

    pub fn end(mut self) -> [u8; 32] {
        let bits = self.length * 8;
        self.rest.push(0x80);
        while self.rest.len() % 64 != 56 {
            self.rest.push(0);
        }
        self.rest.extend_from_slice(&bits.to_be_bytes());
        blocks(&mut self.state, &self.rest);
        let mut found = [0; 32];
        for (to, word) in found.chunks_exact_mut(4).zip(self.state) {
            to.copy_from_slice(&word.to_be_bytes());
        }
        found
    }
}

/// The digest and the length of what is left of a file.
pub fn of_file(file: &mut File) -> io::Result<([u8; 32], u64)> {
    let mut digest = Digest::new();
    let mut piece = vec![0; 1 << 17];
    loop {
        match file.read(&mut piece) {
            Ok(0) => {
                let length = digest.length;
                return Ok((digest.end(), length));
            }
            Ok(got) => digest.add(&piece[..got]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

pub fn hex(digest: &[u8]) -> String {
    let figure = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    digest.iter().flat_map(|byte| [figure(byte >> 4), figure(byte & 15)]).collect()
}

static QUICK: AtomicBool = AtomicBool::new(true);

/// Whether the processor's own instructions may be used.
pub fn set_quick(quick: bool) {
    QUICK.store(quick, Ordering::Relaxed);
}

/// Takes whole blocks of 64 bytes into the state.
fn blocks(state: &mut [u32; 8], data: &[u8]) {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    let quick = QUICK.load(Ordering::Relaxed);
    #[cfg(target_arch = "x86_64")]
    if quick && is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("ssse3") {
        // SAFETY: the processor has the instructions.
        return unsafe { x86::blocks(state, data) };
    }
    #[cfg(target_arch = "aarch64")]
    if quick && std::arch::is_aarch64_feature_detected!("sha2") {
        // SAFETY: the processor has the instructions.
        return unsafe { arm::blocks(state, data) };
    }
    for block in data.chunks_exact(64) {
        plain(state, block);
    }
}

fn plain(state: &mut [u32; 8], block: &[u8]) {
    let mut w = [0u32; 64];
    for (word, bytes) in w.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    for i in 16..64 {
        let (a, b) = (w[i - 15], w[i - 2]);
        let small = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
        let large = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
        w[i] = w[i - 16].wrapping_add(small).wrapping_add(w[i - 7]).wrapping_add(large);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for i in 0..64 {
        let mix = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let one = h.wrapping_add(mix).wrapping_add((e & f) ^ (!e & g)).wrapping_add(K[i]).wrapping_add(w[i]);
        let two = (a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22)).wrapping_add((a & b) ^ (a & c) ^ (b & c));
        (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(one), c, b, a, one.wrapping_add(two));
    }
    for (word, more) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(more);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::K;
    use std::arch::x86_64::*;

    #[target_feature(enable = "sha,sse4.1,ssse3,sse2")]
    pub unsafe fn blocks(state: &mut [u32; 8], data: &[u8]) {
        let turn = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
        // The instructions want the state as (a, b, e, f) and (c, d, g, h), highest word first.
        let low = _mm_loadu_si128(state.as_ptr().cast());
        let high = _mm_loadu_si128(state.as_ptr().add(4).cast());
        let low = _mm_shuffle_epi32(low, 0xB1);
        let high = _mm_shuffle_epi32(high, 0x1B);
        let mut abef = _mm_alignr_epi8(low, high, 8);
        let mut cdgh = _mm_blend_epi16(high, low, 0xF0);
        for block in data.chunks_exact(64) {
            let (abef_then, cdgh_then) = (abef, cdgh);
            let mut w = [_mm_setzero_si128(); 4];
            for (i, words) in w.iter_mut().enumerate() {
                *words = _mm_shuffle_epi8(_mm_loadu_si128(block.as_ptr().add(16 * i).cast()), turn);
            }
            for i in 0..16 {
                let now = w[i % 4];
                let keyed = _mm_add_epi32(now, _mm_loadu_si128(K.as_ptr().add(4 * i).cast()));
                cdgh = _mm_sha256rnds2_epu32(cdgh, abef, keyed);
                abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(keyed, 0x0E));
                // These four words are used up: the ones sixteen further on take their place.
                let (next, third, last) = (w[(i + 1) % 4], w[(i + 2) % 4], w[(i + 3) % 4]);
                let sum = _mm_add_epi32(_mm_sha256msg1_epu32(now, next), _mm_alignr_epi8(last, third, 4));
                w[i % 4] = _mm_sha256msg2_epu32(sum, last);
            }
            abef = _mm_add_epi32(abef, abef_then);
            cdgh = _mm_add_epi32(cdgh, cdgh_then);
        }
        let low = _mm_shuffle_epi32(abef, 0x1B);
        let high = _mm_shuffle_epi32(cdgh, 0xB1);
        _mm_storeu_si128(state.as_mut_ptr().cast(), _mm_blend_epi16(low, high, 0xF0));
        _mm_storeu_si128(state.as_mut_ptr().add(4).cast(), _mm_alignr_epi8(high, low, 8));
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::K;
    use std::arch::aarch64::*;

    #[target_feature(enable = "sha2,neon")]
    pub unsafe fn blocks(state: &mut [u32; 8], data: &[u8]) {
        let mut abcd = vld1q_u32(state.as_ptr());
        let mut efgh = vld1q_u32(state.as_ptr().add(4));
        for block in data.chunks_exact(64) {
            let (abcd_then, efgh_then) = (abcd, efgh);
            let mut w = [vdupq_n_u32(0); 4];
            for (i, words) in w.iter_mut().enumerate() {
                *words = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(block.as_ptr().add(16 * i))));
            }
            for i in 0..16 {
                let now = w[i % 4];
                let keyed = vaddq_u32(now, vld1q_u32(K.as_ptr().add(4 * i)));
                let before = abcd;
                abcd = vsha256hq_u32(abcd, efgh, keyed);
                efgh = vsha256h2q_u32(efgh, before, keyed);
                // These four words are used up: the ones sixteen further on take their place.
                let (next, third, last) = (w[(i + 1) % 4], w[(i + 2) % 4], w[(i + 3) % 4]);
                w[i % 4] = vsha256su1q_u32(vsha256su0q_u32(now, next), third, last);
            }
            abcd = vaddq_u32(abcd, abcd_then);
            efgh = vaddq_u32(efgh, efgh_then);
        }
        vst1q_u32(state.as_mut_ptr(), abcd);
        vst1q_u32(state.as_mut_ptr().add(4), efgh);
    }
}
