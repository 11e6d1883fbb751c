// What every program of a hunt stands on: `v` hides a value from the compiler, `H` takes results in.

#[inline(never)]
fn v<T: Copy>(x: T) -> T {
    // SAFETY: a reference can be read.
    unsafe { core::ptr::read_volatile(&x) }
}

#[derive(Clone, Copy)]
struct H(u64);

#[allow(dead_code)]
impl H {
    #[inline(never)]
    fn put(&mut self, x: u64) {
        let mixed = (self.0 ^ x).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 = mixed.rotate_left(23) ^ (mixed >> 7);
    }
    fn wide(&mut self, x: u128) {
        self.put(x as u64);
        self.put((x >> 64) as u64);
    }
    fn double(&mut self, x: f64) {
        self.put(if x.is_nan() { 1 } else { x.to_bits() });
    }
    fn single(&mut self, x: f32) {
        self.put(if x.is_nan() { 1 } else { x.to_bits() as u64 });
    }
}
