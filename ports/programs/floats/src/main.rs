//! Floating point, heavy: the same digits as on any other system. Its arguments are how much of it: WIDTH HEIGHT STEPS TERMS.

fn mandelbrot(width: u32, height: u32) -> u64 {
    let mut total = 0;
    for y in 0..height {
        for x in 0..width {
            let (a, b) = (
                f64::from(x) * 3.0 / f64::from(width) - 2.0,
                f64::from(y) * 2.0 / f64::from(height) - 1.0,
            );
            let (mut re, mut im) = (0.0_f64, 0.0_f64);
            let mut steps = 0;
            while re * re + im * im <= 4.0 && steps < 200 {
                (re, im) = (re * re - im * im + a, 2.0 * re * im + b);
                steps += 1;
            }
            total += steps;
        }
    }
    total
}

/// The outer planets around the sun, step by step: the energy must stay, and rounding shows every error.
fn orbits(steps: u32) -> f64 {
    let mut bodies = [
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 39.478_417_604_357_43),
        (
            [
                4.841_431_442_464_72,
                -1.160_320_044_027_42,
                -0.103_622_044_471_12,
            ],
            [
                0.606_326_392_995_832,
                2.811_986_844_916_26,
                -0.025_218_361_659_887,
            ],
            0.037_693_674_870_389,
        ),
        (
            [
                8.343_366_718_244_58,
                4.124_798_564_124_3,
                -0.403_523_417_114_321,
            ],
            [
                -1.010_774_346_178_79,
                1.825_662_371_230_41,
                0.008_415_761_376_584,
            ],
            0.011_286_326_131_968,
        ),
    ];
    for _ in 0..steps {
        for at in 0..bodies.len() {
            for other in at + 1..bodies.len() {
                let mut away = [0.0; 3];
                for axis in 0..3 {
                    away[axis] = bodies[at].0[axis] - bodies[other].0[axis];
                }
                let square: f64 = away.iter().map(|d| d * d).sum();
                let pull = 0.001 / (square * square.sqrt());
                let (mass, other_mass) = (bodies[at].2, bodies[other].2);
                for axis in 0..3 {
                    bodies[at].1[axis] -= away[axis] * other_mass * pull;
                    bodies[other].1[axis] += away[axis] * mass * pull;
                }
            }
        }
        for body in &mut bodies {
            for axis in 0..3 {
                body.0[axis] += 0.001 * body.1[axis];
            }
        }
    }
    bodies
        .iter()
        .map(|body| 0.5 * body.2 * body.1.iter().map(|v| v * v).sum::<f64>())
        .sum()
}

fn single(count: u32) -> f32 {
    (1..=count)
        .map(|n| 1.0 / (n as f32 * n as f32))
        .sum::<f32>()
        .sqrt()
}

fn main() {
    let mut sizes = std::env::args().skip(1);
    let mut size = |usual: u32| sizes.next().map_or(usual, |text| text.parse().unwrap());
    println!("mandelbrot {}", mandelbrot(size(300), size(200)));
    println!("orbits {:.17e}", orbits(size(200_000)));
    println!("single {:.9e}", single(size(1_000_000)));
    let third = 1.0_f64 / 3.0;
    println!(
        "rounding {} {} {} {}",
        (2.5_f64).round(),
        (2.5_f64).round_ties_even(),
        (-2.7_f64).trunc(),
        (-2.1_f64).floor()
    );
    println!(
        "fused {:.17e} {:x}",
        third.mul_add(3.0, -1.0),
        third.to_bits()
    );
    println!(
        "parsed {:?} {:?}",
        "1e-310".parse::<f64>(),
        "179769313486231580793e289".parse::<f64>()
    );
    println!(
        "casts {} {} {}",
        f64::MAX as i32,
        f64::NAN as u8,
        -1.5_f32 as u64
    );
}
