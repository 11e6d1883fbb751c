//! Clocks and waiting.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() {
    let wait = Duration::from_millis(30);
    let began = Instant::now();
    thread::sleep(wait);
    let took = began.elapsed();
    println!("slept long enough: {}", took >= wait);
    println!("not for ever: {}", took < Duration::from_secs(10));

    let mut last = Instant::now();
    let forward = (0..1000).all(|_| {
        let now = Instant::now();
        let right = now >= last;
        last = now;
        right
    });
    println!("never backwards: {forward}");

    let now = SystemTime::now();
    println!("after 1970: {}", now.duration_since(UNIX_EPOCH).is_ok());
    println!("sums: {:?}", (now + wait).duration_since(now));
    println!(
        "before: {:?}",
        now.duration_since(now + wait)
            .map_err(|error| error.duration())
    );
    println!("too much: {:?}", now.checked_add(Duration::MAX));
    thread::yield_now();
}
