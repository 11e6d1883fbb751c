// Programs written by hand: what a young code generator gets wrong first.

fn add_sub_32(h: &mut H) {
    let (a, b) = (v(0xffff_fff0u32), v(0x25u32));
    h.put(a.wrapping_add(b) as u64);
    h.put(b.wrapping_sub(a) as u64);
    h.put(a.overflowing_add(b).1 as u64 * 2 + b.overflowing_sub(a).1 as u64);
}

fn add_sub_64(h: &mut H) {
    let (a, b) = (v(0xffff_ffff_ffff_ff00u64), v(0x1_0000_0123u64));
    h.put(a.wrapping_add(b));
    h.put(b.wrapping_sub(a));
    h.put(a.overflowing_add(b).1 as u64 * 2 + b.overflowing_sub(a).1 as u64);
}

fn add_sub_128(h: &mut H) {
    let (a, b) = (v(0xffff_ffff_ffff_ffff_0000_0000_ffff_ff00u128), v(0x1_0000_0001_0000_0123u128));
    h.wide(a.wrapping_add(b));
    h.wide(b.wrapping_sub(a));
    h.put(a.overflowing_add(b).1 as u64);
}

fn carries_kept(h: &mut H) {
    let mut a = v([0xffff_ffffu32; 5]);
    let mut carry = v(true);
    for each in a.iter_mut() {
        let (x, c) = each.overflowing_add(carry as u32);
        *each = x;
        carry = c;
        h.put(x as u64 + carry as u64);
    }
}

fn bytes_arithmetic(h: &mut H) {
    for i in 0..v(40u8) {
        h.put(i.wrapping_mul(37).wrapping_sub(90) as u64);
        h.put((i as i8).wrapping_neg().wrapping_mul(11) as i64 as u64);
        h.put(i.saturating_sub(20) as u64 | ((i as i8).saturating_add(100) as i64 as u64) << 8);
    }
}

fn words_arithmetic(h: &mut H) {
    for i in 0..v(40u16) {
        h.put(i.wrapping_mul(3701).wrapping_sub(9000) as u64);
        h.put((i as i16).wrapping_mul(-2911) as i64 as u64);
        h.put(i.checked_sub(v(21)).map_or(7, |x| x as u64));
    }
}

fn mul_32(h: &mut H) {
    let (a, b) = (v(0x1234_5678u32), v(0x9abc_def1u32));
    h.put(a.wrapping_mul(b) as u64);
    h.put(a as u64 * b as u64);
    h.put((a as i32 as i64).wrapping_mul(b as i32 as i64) as u64);
    h.put(a.overflowing_mul(v(3)).1 as u64 + (a as i32).overflowing_mul(v(-9)).1 as u64);
}

fn mul_64(h: &mut H) {
    let (a, b) = (v(0x1234_5678_9abc_def0u64), v(0xfedc_ba98_7654_3211u64));
    h.put(a.wrapping_mul(b));
    h.wide(a as u128 * b as u128);
    h.put(a.overflowing_mul(v(17)).1 as u64);
    h.put((a as i64).wrapping_mul(b as i64) as u64);
}

fn mul_128(h: &mut H) {
    let (a, b) = (v(0x1234_5678_9abc_def0_1357_9bdf_2468_ace0u128), v(0xfedc_ba98_7654_3211u128));
    h.wide(a.wrapping_mul(b));
    h.put(a.overflowing_mul(b).1 as u64);
}

fn mul_small_constants(h: &mut H) {
    let a = v(0x0123_4567u32);
    for x in [a.wrapping_mul(3), a.wrapping_mul(10), a.wrapping_mul(100), a.wrapping_mul(255), a.wrapping_mul(4097)] {
        h.put(x as u64);
    }
}

fn div_32(h: &mut H) {
    for d in v([1u32, 2, 3, 7, 10, 255, 65536, 0xffff_ffff]) {
        let a = v(0xdead_beefu32);
        h.put((a / d) as u64);
        h.put((a % d) as u64);
        h.put(((a as i32).wrapping_div(d as i32)) as i64 as u64);
        h.put(((a as i32).wrapping_rem(d as i32)) as i64 as u64);
    }
}

fn div_64(h: &mut H) {
    for d in v([1u64, 3, 10, 65_537, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, u64::MAX]) {
        let a = v(0xdead_beef_1234_5678u64);
        h.put(a / d);
        h.put(a % d);
        h.put((a as i64).wrapping_div(d as i64) as u64);
        h.put((a as i64).wrapping_rem(d as i64) as u64);
    }
}

fn div_128(h: &mut H) {
    for d in v([1u128, 10, 0x1_0000_0000, 0x1_0000_0000_0000_0001, u128::MAX / 3]) {
        let a = v(0xdead_beef_1234_5678_9abc_def0_0fed_cba9u128);
        h.wide(a / d);
        h.wide(a % d);
        h.wide((a as i128).wrapping_div(d as i128) as u128);
    }
}

fn div_small(h: &mut H) {
    for d in 1..v(30u8) {
        h.put((v(251u8) / d) as u64 | ((v(251u8) % d) as u64) << 8);
        h.put((v(-120i8) / d as i8) as i64 as u64);
        h.put((v(60_001u16) / d as u16) as u64 | ((v(60_001u16) % d as u16) as u64) << 16);
        h.put((v(-32_000i16) % d as i16) as i64 as u64);
    }
}

fn div_constants(h: &mut H) {
    for a in v([0u32, 1, 9, 10, 99, 12_345, 0x7fff_ffff, 0xffff_ffff]) {
        h.put((a / 10 + a % 10 * 7 + a / 3 + a / 1000) as u64);
        h.put(((a as i32) / 10 ^ (a as i32) % 7 ^ (a as i32) / -3 ^ (a as i32) / 16) as i64 as u64);
        h.put((a as u64 * 0x1_0000_0001) / 1_000_000_007);
    }
}

fn shifts_8(h: &mut H) {
    for n in 0..v(8u32) {
        h.put((v(0xa5u8) << n) as u64 | ((v(0xa5u8) >> n) as u64) << 8 | (((v(-91i8) >> n) as u8) as u64) << 16);
        h.put(v(0xa5u8).rotate_left(n) as u64);
    }
}

fn shifts_16(h: &mut H) {
    for n in 0..v(16u32) {
        h.put((v(0xa5c3u16) << n) as u64 | ((v(0xa5c3u16) >> n) as u64) << 16);
        h.put((v(-12_345i16) >> n) as i64 as u64);
        h.put(v(0xa5c3u16).rotate_right(n) as u64);
    }
}

fn shifts_32(h: &mut H) {
    for n in 0..v(32u32) {
        h.put((v(0xa5c3_1234u32) << n) as u64);
        h.put((v(0xa5c3_1234u32) >> n) as u64);
        h.put((v(-123_456_789i32) >> n) as i64 as u64);
        h.put(v(0xa5c3_1234u32).rotate_left(n) as u64);
    }
}

fn shifts_64(h: &mut H) {
    for n in 0..v(64u32) {
        h.put(v(0xa5c3_1234_8765_4321u64) << n);
        h.put(v(0xa5c3_1234_8765_4321u64) >> n);
        h.put((v(-1_234_567_890_123_456_789i64) >> n) as u64);
        h.put(v(0xa5c3_1234_8765_4321u64).rotate_left(n));
    }
}

fn shifts_128(h: &mut H) {
    for n in 0..v(128u32) {
        let a = v(0xa5c3_1234_8765_4321_0fed_cba9_7654_3211u128);
        h.wide(a << n);
        h.wide(a >> n);
        h.wide((a as i128 >> n) as u128);
        h.wide(a.rotate_right(n));
    }
}

fn shifts_constant(h: &mut H) {
    let (a, b) = (v(0xa5c3_1234_8765_4321u64), v(0xa5c3_1234u32));
    for x in [a << 1, a >> 1, a << 31, a >> 32, a << 33, a >> 63, a.rotate_left(32), a.rotate_left(8)] {
        h.put(x);
    }
    for x in [b << 1, b << 8, b << 9, b << 16, b << 24, b >> 1, b >> 8, b >> 16, b >> 31, b.rotate_left(16)] {
        h.put(x as u64);
    }
    h.wide((a as u128) << 64 >> 3);
}

fn bit_counts(h: &mut H) {
    for a in v([0u64, 1, 0x80, 0x8000_0000, 0x1_0000_0000, 0xf0f0_f0f0_0f0f_0f0f, u64::MAX]) {
        h.put((a.leading_zeros() | a.trailing_zeros() << 8 | a.count_ones() << 16) as u64);
        h.put(((a as u32).leading_zeros() | (a as u32).trailing_zeros() << 8 | (a as u16).count_ones() << 16) as u64);
        h.put(((a as u8).leading_zeros() | (a as u16).trailing_zeros() << 8) as u64);
        h.put(a.swap_bytes() ^ (a as u32).swap_bytes() as u64 ^ (a as u16).swap_bytes() as u64);
        h.put(a.reverse_bits());
    }
}

fn compare_32(h: &mut H) {
    let all = v([0u32, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]);
    for a in all {
        for b in all {
            let s = (a as i32, b as i32);
            let bits = (a < b) as u64 | ((a <= b) as u64) << 1 | ((a == b) as u64) << 2 | ((a > b) as u64) << 3;
            h.put(bits | ((s.0 < s.1) as u64) << 4 | ((s.0 <= s.1) as u64) << 5 | ((s.0 > s.1) as u64) << 6);
        }
    }
}

fn compare_64(h: &mut H) {
    let all = v([0u64, 1, 0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, u64::MAX]);
    for a in all {
        for b in all {
            let s = (a as i64, b as i64);
            let bits = (a < b) as u64 | ((a <= b) as u64) << 1 | ((a == b) as u64) << 2 | ((a > b) as u64) << 3;
            h.put(bits | ((s.0 < s.1) as u64) << 4 | ((s.0 <= s.1) as u64) << 5 | ((s.0 > s.1) as u64) << 6);
            h.put(a.min(b) ^ s.0.max(s.1) as u64);
        }
    }
}

fn compare_128(h: &mut H) {
    let all = v([0u128, 1, 1 << 64, u128::MAX >> 1, 1 << 127, u128::MAX]);
    for a in all {
        for b in all {
            let s = (a as i128, b as i128);
            h.put((a < b) as u64 | ((a == b) as u64) << 1 | ((s.0 < s.1) as u64) << 2 | ((s.0 >= s.1) as u64) << 3);
        }
    }
}

fn compare_small(h: &mut H) {
    let all = v([0u8, 1, 127, 128, 255]);
    for a in all {
        for b in all {
            h.put((a < b) as u64 | (((a as i8) < b as i8) as u64) << 1 | ((a as i8 as i16 <= b as i16) as u64) << 2);
            h.put((((a as u16) << 8) < b as u16) as u64 | ((((a as i16) << 8) > b as i16) as u64) << 1);
        }
    }
}

fn ordering(h: &mut H) {
    let all = v([-5i32, 0, 3, i32::MIN, i32::MAX]);
    for a in all {
        for b in all {
            h.put(a.cmp(&b) as i8 as u8 as u64 | ((a as i64).cmp(&(b as i64)) as i8 as u8 as u64) << 8);
            h.put(a.signum() as i64 as u64 ^ a.wrapping_abs() as u64 ^ a.abs_diff(b) as u64);
        }
    }
}

fn select_chain(h: &mut H) {
    for a in 0..v(50i32) {
        let x = if a < 10 { a * 3 } else if a < 20 { a - 7 } else if a < 30 { -a } else { a ^ 5 };
        let y = if a & 1 == 0 { x } else { a };
        h.put((if y > x { y } else { x + 1 }) as i64 as u64);
    }
}

fn fibonacci(h: &mut H) {
    let (mut a, mut b) = (v(0u32), v(1u32));
    for _ in 0..v(40u32) {
        (a, b) = (b, a.wrapping_add(b));
    }
    h.put(a as u64);
    let (mut a, mut b, mut n) = (v(0u64), v(1u64), v(60u8));
    while n != 0 {
        (a, b) = (b, a.wrapping_add(b));
        n -= 1;
    }
    h.put(a);
}

fn greatest_divisor(h: &mut H) {
    let (mut a, mut b) = (v(1_234_567_890u32), v(987_654_321u32));
    while b != 0 {
        (a, b) = (b, a % b);
    }
    h.put(a as u64);
    let (mut a, mut b) = (v(1_234_567_890_123_456_780u64), v(987_654_321_012u64));
    while b != 0 {
        (a, b) = (b, a % b);
    }
    h.put(a);
}

fn collatz(h: &mut H) {
    for start in 1..v(60u64) {
        let (mut n, mut steps) = (start, 0u32);
        while n != 1 {
            n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        h.put(steps as u64);
    }
}

fn sieve(h: &mut H) {
    let mut composite = [false; 400];
    let mut n = 2;
    while n < 400 {
        if !composite[n] {
            h.put(n as u64);
            let mut m = n * n;
            while m < 400 {
                composite[m] = true;
                m += n;
            }
        }
        n += 1;
    }
}

fn array_on_stack(h: &mut H) {
    let mut a = [0u32; 16];
    for i in 0..v(64usize) {
        a[(i * 7 + 3) % 16] += i as u32;
        a[i % 16] ^= a[(i + 5) % 16] << 1;
    }
    for x in a {
        h.put(x as u64);
    }
}

fn bytes_on_stack(h: &mut H) {
    let mut a = [0u8; 37];
    for i in 0..v(37usize) {
        a[i] = (i * 5) as u8;
        if i > 2 {
            a[i - 2] = a[i - 2].wrapping_add(a[i]);
        }
    }
    a.reverse();
    a.rotate_left(v(11));
    for x in a {
        h.put(x as u64);
    }
}

fn insertion_sort(h: &mut H) {
    let mut a = v([34i16, -7, 22, 900, -900, 0, 1, 5, 5, -32_768, 32_767, 12]);
    for i in 1..a.len() {
        let mut j = i;
        while j > 0 && a[j - 1] > a[j] {
            a.swap(j - 1, j);
            j -= 1;
        }
    }
    for x in a {
        h.put(x as i64 as u64);
    }
}

fn library_sort(h: &mut H) {
    let mut a = [0u32; 100];
    let mut x = v(12_345u32);
    for each in a.iter_mut() {
        x = x.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        *each = x >> 3;
    }
    a.sort_unstable();
    for x in a {
        h.put(x as u64);
    }
    h.put(a.binary_search(&a[v(40)]).is_ok() as u64);
}

fn matrix(h: &mut H) {
    let a = v([[1i32, 2, 3], [4, 5, 6], [7, 8, 10]]);
    let mut c = [[0i32; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            for k in 0..3 {
                c[i][j] += a[i][k] * a[k][j];
            }
        }
    }
    for row in c {
        for x in row {
            h.put(x as i64 as u64);
        }
    }
}

fn copies(h: &mut H) {
    let source: [u8; 64] = core::array::from_fn(|i| (i * 3) as u8);
    for (from, to, n) in v([(0usize, 1usize, 5usize), (1, 0, 16), (3, 2, 17), (2, 7, 31), (5, 5, 33), (1, 3, 3)]) {
        let mut target = [0u8; 64];
        target[to..to + n].copy_from_slice(&source[from..from + n]);
        for x in target {
            h.put(x as u64);
        }
        target.copy_within(to..to + n, to + 2);
        h.put(target.iter().fold(0u64, |sum, x| sum.wrapping_mul(31).wrapping_add(*x as u64)));
        h.put((target[..n] == source[..n]) as u64 | (target.as_slice().cmp(&source) as i8 as u8 as u64) << 8);
    }
}

#[derive(Clone, Copy)]
struct Pair {
    a: u8,
    b: u32,
}

#[derive(Clone, Copy)]
struct Large {
    a: [u16; 5],
    b: i64,
    c: u8,
    d: u32,
}

#[inline(never)]
fn swap_pair(p: Pair) -> Pair {
    Pair { a: p.b as u8, b: p.a as u32 + p.b }
}

#[inline(never)]
fn change_large(x: Large, n: u16) -> Large {
    Large { a: x.a.map(|e| e.wrapping_mul(n)), b: x.b - n as i64, c: x.c ^ n as u8, d: x.d.rotate_left(n as u32) }
}

fn structs_by_value(h: &mut H) {
    let mut p = v(Pair { a: 200, b: 77 });
    for _ in 0..v(5) {
        p = swap_pair(p);
        h.put(p.a as u64 | (p.b as u64) << 8);
    }
}

fn large_structs(h: &mut H) {
    let mut x = v(Large { a: [1, 2, 3, 4, 50_000], b: -5, c: 7, d: 0x8000_0001 });
    for n in 0..v(6u16) {
        x = change_large(x, n + 3);
        h.put(x.a.iter().fold(0u64, |sum, e| sum * 70_001 + *e as u64));
        h.put(x.b as u64 ^ x.c as u64 ^ x.d as u64);
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Seen {
    a: u8,
    b: u16,
    c: u64,
    d: u8,
}

#[inline(never)]
extern "C" fn c_struct(x: Seen, y: u8, z: Seen) -> Seen {
    Seen { a: x.d ^ y, b: z.b.wrapping_sub(x.b), c: x.c.wrapping_add(z.c), d: z.a }
}

fn c_structs(h: &mut H) {
    let (x, z) = v((Seen { a: 1, b: 2, c: 3 << 33, d: 4 }, Seen { a: 5, b: 600, c: 7, d: 8 }));
    let r = c_struct(x, v(9), z);
    h.put(r.a as u64 | (r.b as u64) << 8 | (r.d as u64) << 24);
    h.put(r.c);
}

#[inline(never)]
extern "C" fn many(a: u8, b: i16, c: u32, d: u64, e: i8, f: u16, g: i64, i: u32, j: bool, k: u8) -> u64 {
    (a as u64) ^ ((b as i64) << 3) as u64 ^ ((c as u64) << 7) ^ (d >> 1) ^ ((e as i64) << 11) as u64
        ^ ((f as u64) << 13) ^ (g as u64).rotate_left(5) ^ ((i as u64) << 17) ^ ((j as u64) << 19) ^ ((k as u64) << 23)
}

fn many_arguments(h: &mut H) {
    h.put(many(v(1), v(-2), v(3), v(4), v(-5), v(6), v(-7), v(8), v(true), v(10)));
    h.put(many(v(255), v(-32_768), v(u32::MAX), v(u64::MAX), v(-128), v(65_535), v(i64::MIN), v(0), v(false), v(0)));
}

#[inline(never)]
fn six(a: u32) -> [u64; 6] {
    core::array::from_fn(|i| (a as u64) << (i * 5))
}

fn returned_through_memory(h: &mut H) {
    for n in 0..v(6u32) {
        for x in six(n * 0x1111_1111) {
            h.put(x);
        }
    }
}

#[inline(never)]
fn wide_pair(a: u128, b: u64) -> (u128, u64) {
    (a ^ (b as u128) << 40, b.wrapping_sub(a as u64))
}

fn wide_arguments(h: &mut H) {
    let (a, b) = wide_pair(v(0x0123_4567_89ab_cdef_0011_2233_4455_6677), v(99));
    h.wide(a);
    h.put(b);
}

#[inline(never)]
fn ackermann(m: u32, n: u32) -> u32 {
    if m == 0 {
        n + 1
    } else if n == 0 {
        ackermann(m - 1, 1)
    } else {
        ackermann(m - 1, ackermann(m, n - 1))
    }
}

fn recursion(h: &mut H) {
    h.put(ackermann(v(2), v(6)) as u64);
}

#[inline(never)]
fn even(n: u32) -> bool {
    if n == 0 { true } else { odd(n - 1) }
}

#[inline(never)]
fn odd(n: u32) -> bool {
    if n == 0 { false } else { even(n - 1) }
}

fn tail_calls(h: &mut H) {
    h.put(even(v(500)) as u64 | (odd(v(301)) as u64) << 1 | (even(v(77)) as u64) << 2);
}

#[inline(never)]
fn hanoi(n: u8, pegs: &mut [u32; 3], from: usize, to: usize) {
    if n == 0 {
        return;
    }
    hanoi(n - 1, pegs, from, 3 - from - to);
    pegs[from] = pegs[from].wrapping_mul(3).wrapping_add(n as u32);
    pegs[to] = pegs[to].wrapping_mul(5).wrapping_sub(n as u32);
    hanoi(n - 1, pegs, 3 - from - to, to);
}

fn towers(h: &mut H) {
    let mut pegs = v([1u32, 2, 3]);
    hanoi(v(8), &mut pegs, 0, 2);
    for x in pegs {
        h.put(x as u64);
    }
}

fn dense_switch(h: &mut H) {
    for n in 0..v(24u32) {
        h.put(match n {
            0 => 17,
            1 => h.0 ^ 5,
            2 => h.0 >> 3,
            3 => 1 << 40,
            4 => h.0.wrapping_mul(3),
            5 => 0,
            6 => h.0 | 0xf0,
            7 => !h.0,
            8 => 99,
            9 => h.0 << 1,
            10 => 12_345,
            11 => h.0 & 0xffff,
            _ => n as u64,
        });
    }
}

fn sparse_switch(h: &mut H) {
    for n in v([-1i64, 0, 7, 100, 1 << 33, 1 << 40, 5_000_000_000, i64::MIN, i64::MAX, 8]) {
        h.put(match n {
            -1 => 3,
            7 => 4,
            100..=200 => 5,
            0x2_0000_0000 => 6,
            5_000_000_000 => 7,
            i64::MIN => 8,
            n if n > 1 << 39 => 9,
            _ => 10,
        });
    }
}

fn switch_of_bytes(h: &mut H) {
    for letter in v(*b"The quick brown fox, 1984: jumps over 7 lazy dogs!\n\0\xff") {
        h.put(match letter {
            b'a'..=b'z' => letter as u64 - 97,
            b'A'..=b'Z' => letter as u64,
            b'0'..=b'9' => 1000 + letter as u64,
            b' ' | b'\n' => 1,
            b'.' | b',' | b':' | b'!' => 2,
            128.. => 3,
            _ => 4,
        });
    }
}

#[derive(Clone, Copy)]
enum Tree {
    Leaf(u8),
    Number { a: u32, b: i64 },
    Empty,
    Wide(u128),
}

#[inline(never)]
fn grow(n: u32) -> Tree {
    match n % 4 {
        0 => Tree::Leaf(n as u8),
        1 => Tree::Number { a: n, b: -(n as i64) << 30 },
        2 => Tree::Empty,
        _ => Tree::Wide((n as u128) << 90),
    }
}

fn enums(h: &mut H) {
    for n in 0..v(12) {
        match grow(n) {
            Tree::Leaf(x) => h.put(x as u64),
            Tree::Number { a, b } => h.put(a as u64 ^ b as u64),
            Tree::Empty => h.put(5),
            Tree::Wide(x) => h.wide(x),
        }
    }
}

#[inline(never)]
fn half(x: u32) -> Option<u32> {
    if x % 2 == 0 { Some(x / 2) } else { None }
}

#[inline(never)]
fn quarter(x: u32) -> Result<u16, u64> {
    let x = half(x).ok_or(1u64 << 35)?;
    half(x).map(|y| y as u16).ok_or(x as u64)
}

fn options(h: &mut H) {
    for x in 0..v(16u32) {
        match quarter(x) {
            Ok(y) => h.put(y as u64),
            Err(e) => h.put(e + 7),
        }
    }
}

trait Shape {
    fn area(&self) -> u32;
    fn grow(&mut self, by: u16);
}
struct Square(u32);
struct Box3(u16, u16, u16);
impl Shape for Square {
    #[inline(never)]
    fn area(&self) -> u32 {
        self.0 * self.0
    }
    #[inline(never)]
    fn grow(&mut self, by: u16) {
        self.0 += by as u32;
    }
}
impl Shape for Box3 {
    #[inline(never)]
    fn area(&self) -> u32 {
        2 * (self.0 as u32 * self.1 as u32 + self.1 as u32 * self.2 as u32 + self.0 as u32 * self.2 as u32)
    }
    #[inline(never)]
    fn grow(&mut self, by: u16) {
        self.2 = self.2.wrapping_add(by);
    }
}

fn through_tables(h: &mut H) {
    let (mut a, mut b) = (Square(v(5)), Box3(v(1), v(2), v(3)));
    let mut all: [&mut dyn Shape; 2] = [&mut a, &mut b];
    for n in 0..v(6u16) {
        let one = &mut all[(n % 2) as usize];
        one.grow(n + 1);
        h.put(one.area() as u64);
    }
}

fn closures(h: &mut H) {
    let (a, b) = (v(3u32), v(5u64));
    let f = |x: u32| (x * a) as u64 + b;
    let g: &dyn Fn(u32) -> u64 = &f;
    let table: [fn(u64) -> u64; 3] = [|x| x + 1, |x| x << 3, |x| !x];
    for n in 0..v(9u32) {
        h.put(table[(n % 3) as usize](g(n)));
    }
}

fn iterators(h: &mut H) {
    let a = v([5u32, 1, 9, 3, 7, 2, 8]);
    h.put(a.iter().zip(a.iter().skip(1)).map(|(x, y)| (x * y) as u64).sum());
    h.put(a.iter().rev().enumerate().filter(|(i, _)| i % 2 == 0).fold(0, |s, (i, x)| s * 10 + *x as u64 + i as u64));
    h.put(a.chunks(3).map(|c| c.iter().max().copied().unwrap_or(0) as u64).product());
    h.put(a.windows(2).filter(|w| w[0] < w[1]).count() as u64);
}

fn floats_double(h: &mut H) {
    let all = v([0.0f64, -0.0, 1.0, -1.5, 3.141592653589793, 1e300, 1e-300, f64::INFINITY, f64::NAN]);
    for a in all {
        for b in all {
            h.double(a + b);
            h.double(a - b);
            h.double(a * b);
            h.double(a / b);
            h.put((a < b) as u64 | ((a <= b) as u64) << 1 | ((a == b) as u64) << 2 | ((a != b) as u64) << 3);
        }
    }
}

fn floats_single(h: &mut H) {
    let all = v([0.0f32, -0.0, 1.0, -1.5, 3.1415927, 1e30, 1e-30, f32::INFINITY, f32::NAN]);
    for a in all {
        for b in all {
            h.single(a + b);
            h.single(a - b);
            h.single(a * b);
            h.single(a / b);
            h.put((a < b) as u64 | ((a >= b) as u64) << 1 | ((a == b) as u64) << 2);
        }
    }
}

fn float_conversions(h: &mut H) {
    for a in v([0.0f64, -0.9, 1.5, -2.5, 255.9, 65_536.5, -2e9, 4.1e9, 1e19, -1e19, 1e40, f64::NAN]) {
        h.put(a as i32 as i64 as u64);
        h.put(a as u32 as u64 ^ (a as u8 as u64) << 32 ^ ((a as i16 as u16) as u64) << 40);
        h.put(a as i64 as u64);
        h.put(a as u64);
        h.wide(a as i128 as u128);
        h.single(a as f32);
    }
    for n in v([0i64, 1, -1, 123_456_789_012, i64::MIN, i64::MAX]) {
        h.double(n as f64);
        h.single(n as f32);
        h.double(n as u64 as f64);
        h.double(n as i32 as f64);
        h.double(n as i128 as f64);
    }
}

fn float_series(h: &mut H) {
    let (mut sum, mut term) = (0.0f64, 1.0f64);
    for n in 1..v(25u32) {
        sum += term;
        term *= v(0.75) / n as f64;
    }
    h.double(sum);
    let mut x = v(2.0f32);
    for _ in 0..v(12) {
        x = (x + 2.0 / x) * 0.5 + 0.125;
    }
    h.single(x);
    h.double(v(-7.25f64).abs().max(v(3.0)).clamp(v(1.0), v(6.5)));
}

fn atomics_32(h: &mut H) {
    use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::*};
    let (a, b) = (AtomicU32::new(v(5)), AtomicI32::new(v(-7)));
    h.put(a.fetch_add(v(9), SeqCst) as u64);
    h.put(a.fetch_xor(v(0xff), AcqRel) as u64);
    h.put(a.compare_exchange(v(241), v(77), SeqCst, Relaxed).map_or_else(|x| x as u64 + 1000, |x| x as u64));
    h.put(a.swap(v(3), SeqCst) as u64);
    h.put(b.fetch_min(v(-20), SeqCst) as i64 as u64);
    h.put(b.fetch_max(v(40), SeqCst) as i64 as u64);
    h.put(a.fetch_nand(v(6), SeqCst) as u64 + a.load(Acquire) as u64 + b.load(SeqCst) as u64);
}

fn atomics_small(h: &mut H) {
    use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, Ordering::*};
    let (a, b, c) = (AtomicU8::new(v(200)), AtomicU16::new(v(60_000)), AtomicBool::new(v(false)));
    h.put(a.fetch_add(v(100), SeqCst) as u64 | (a.load(SeqCst) as u64) << 8);
    h.put(b.fetch_sub(v(60_001), SeqCst) as u64 | (b.swap(v(9), SeqCst) as u64) << 16);
    h.put(c.swap(v(true), SeqCst) as u64 | (c.fetch_and(v(false), SeqCst) as u64) << 1);
    h.put(a.compare_exchange(v(44), v(45), SeqCst, SeqCst).is_ok() as u64);
    h.put(a.fetch_or(v(0x80), Release) as u64 | (b.fetch_max(v(70), SeqCst) as u64) << 8 | (b.load(Relaxed) as u64) << 32);
}

#[inline(never)]
fn big_frame(n: usize, h: &mut H) -> u32 {
    let mut a = [0u32; 12_000];
    let mut i = n;
    while i < 12_000 {
        a[i] = (i * 3) as u32;
        i += 97;
    }
    h.put(a[n] as u64 + a[11_999] as u64 + a[n + 970] as u64);
    a[n + 97] ^ a[(n * 5) % 12_000]
}

fn big_frames(h: &mut H) {
    for n in v([0usize, 5, 96]) {
        let x = big_frame(n, h);
        h.put(x as u64);
    }
}

static mut FAR: [u32; 30_000] = [0; 30_000];
static mut AFTER: u64 = 11;
static NAMES: [&str; 5] = ["one", "two", "three", "", "five and more"];

fn far_data(h: &mut H) {
    // SAFETY: there is one thread.
    unsafe {
        let far = &raw mut FAR as *mut u32;
        for i in 0..v(300usize) {
            *far.add(i * 100) = (i as u32) * 7;
        }
        AFTER = AFTER.wrapping_add(*far.add(v(29_900)) as u64);
        h.put(AFTER);
        h.put(*far.add(v(12_300)) as u64);
    }
}

fn strings(h: &mut H) {
    for name in v(NAMES) {
        h.put(name.len() as u64);
        h.put(name.bytes().fold(7u64, |s, b| s.wrapping_mul(31) ^ b as u64));
        h.put(name.contains('e') as u64 | (name.starts_with("t") as u64) << 1 | (name.split(' ').count() as u64) << 2);
    }
    h.put("-123456".parse::<i32>().unwrap_or(1) as i64 as u64);
    h.put("18446744073709551615".parse::<u64>().unwrap_or(1));
    h.put("ünïcödé".chars().rev().fold(0u64, |s, c| s.wrapping_mul(33) + c as u64));
}

struct Line([u8; 200], usize);
impl core::fmt::Write for Line {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        self.0[self.1..self.1 + s.len()].copy_from_slice(s.as_bytes());
        self.1 += s.len();
        Ok(())
    }
}

fn formatting(h: &mut H) {
    use core::fmt::Write;
    let mut line = Line([0; 200], 0);
    let _ = write!(line, "{} {:>6} {:#x} {:?} {:08.3}", v(42u8), v(-7i32), v(0xdead_beefu32), v((1u64, 'x', "y")), v(3.14159f64));
    let _ = write!(line, " {} {:e} {:?} {:+}", v(u64::MAX), v(1234.5f64), v(0.1f32), v(i128::MIN));
    for x in line.0 {
        h.put(x as u64);
    }
}

fn sign_extensions(h: &mut H) {
    for x in v([0u32, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x8000_0000, 0xffff_ff80]) {
        h.put(x as i8 as i64 as u64 ^ (x as i16 as i64 as u64).rotate_left(7) ^ (x as i32 as i64 as u64).rotate_left(13));
        h.put((x as u8 as i16 as u16) as u64 | ((x as i8 as i16 as u16) as u64) << 16 | ((x as i8 as u32) as u64) << 32);
        h.wide(x as i32 as i128 as u128);
    }
}

fn bit_fields(h: &mut H) {
    let mut word = v(0x1234_5678u32);
    for n in 0..v(28u32) {
        let field = word >> n & 0xf;
        word = word & !(0xf << n) | (field ^ 0x9) << n;
        h.put(word as u64 | ((word >> n & 1 == 1) as u64) << 40);
    }
}

fn crc(h: &mut H) {
    let mut c = v(0xffff_ffffu32);
    for byte in v(*b"a check of thirty-two bits") {
        c ^= byte as u32;
        for _ in 0..8 {
            c = if c & 1 != 0 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 };
        }
        h.put(c as u64);
    }
}

fn mixing(h: &mut H) {
    let mut s = v([0x0123_4567_89ab_cdefu64, 0xfedc_ba98_7654_3210, 7, 1 << 63]);
    for _ in 0..v(30) {
        let t = s[1] << 17;
        h.put(s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9));
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
    }
}

fn linked(h: &mut H) {
    let mut next = [0u16; 50];
    for i in 0..v(50u16) {
        next[i as usize] = (i * 17 + 3) % 50;
    }
    let (mut at, mut steps) = (v(0u16), 0);
    while steps < 60 {
        at = next[at as usize];
        h.put(at as u64);
        steps += 1;
    }
}

fn volatile_order(h: &mut H) {
    let mut cell = v(1u16);
    for n in 0..v(20u16) {
        // SAFETY: it is ours.
        unsafe {
            let old = core::ptr::read_volatile(&cell);
            core::ptr::write_volatile(&mut cell, old.wrapping_mul(3) ^ n);
        }
        h.put(cell as u64);
    }
}

fn unaligned(h: &mut H) {
    let bytes: [u8; 24] = v(core::array::from_fn(|i| (i * 11) as u8));
    for at in 0..v(12usize) {
        let x = u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap_or([0; 8]));
        let y = u32::from_le_bytes(bytes[at + 3..at + 7].try_into().unwrap_or([0; 4]));
        h.put(x ^ y as u64);
    }
}

fn early_returns(h: &mut H) {
    #[inline(never)]
    fn find(a: &[i32], x: i32) -> Option<usize> {
        for (i, y) in a.iter().enumerate() {
            if *y == x {
                return Some(i);
            }
            if *y > x {
                return None;
            }
        }
        Some(1000)
    }
    let a = v([-5, -2, 0, 1, 8, 20]);
    for x in -6..v(22) {
        h.put(find(&a, x).map_or(77, |i| i as u64));
    }
}

fn nested_loops(h: &mut H) {
    let mut count = 0u32;
    'outer: for i in 0..v(30u32) {
        for j in 0..v(30u32) {
            if i * j > 200 {
                continue 'outer;
            }
            if i + j == 57 {
                break 'outer;
            }
            count = count.wrapping_mul(3) + i - j.min(i);
        }
        h.put(count as u64);
    }
}

unsafe extern "C" fn sum_of(n: u32, mut rest: ...) -> u64 {
    let mut sum = n as u64;
    for i in 0..n {
        // SAFETY: the caller gives n pairs of these.
        unsafe {
            sum = sum.wrapping_mul(31) ^ rest.arg::<i32>() as i64 as u64;
            sum = sum.wrapping_add(rest.arg::<u64>()) ^ i as u64;
        }
    }
    sum
}

fn variadic(h: &mut H) {
    // SAFETY: as many pairs as the first argument says.
    unsafe {
        h.put(sum_of(v(1), v(-5i32), v(1u64 << 40)));
        h.put(sum_of(v(3), v(1i32), v(2u64), v(-3i32), v(u64::MAX), v(5i32), v(6u64)));
        h.put(sum_of(v(0)));
    }
}
