//! Sums of times at the edges, where one second more is one too many; nothing here depends on the clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() {
    let steps = [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_nanos(999_999_999),
        Duration::from_secs(1),
        Duration::new(i64::MAX as u64, 0),
        Duration::new(i64::MAX as u64, 999_999_999),
        Duration::new(1 << 63, 0),
        Duration::MAX,
    ];
    let mut times = vec![UNIX_EPOCH];
    for step in steps {
        for time in [UNIX_EPOCH.checked_add(step), UNIX_EPOCH.checked_sub(step)] {
            println!("{step:?}: {:?}", time.map(since));
            times.extend(time);
        }
    }
    for (at, time) in times.iter().enumerate() {
        for step in steps {
            println!("{at} + {step:?} = {:?}", time.checked_add(step).map(since));
            println!("{at} - {step:?} = {:?}", time.checked_sub(step).map(since));
        }
        for other in &times {
            println!(
                "{at}: {:?} {:?}",
                time.cmp(other),
                time.duration_since(*other)
                    .map_err(|error| error.duration())
            );
        }
    }
    let now = Instant::now();
    println!(
        "{:?} {:?}",
        now.checked_add(Duration::MAX),
        now.checked_duration_since(now)
    );
    println!(
        "{:?}",
        (now + Duration::from_secs(5)).saturating_duration_since(now)
    );
    println!(
        "{:?}",
        now.saturating_duration_since(now + Duration::from_secs(5))
    );
}

fn since(time: SystemTime) -> Result<Duration, Duration> {
    time.duration_since(UNIX_EPOCH)
        .map_err(|error| error.duration())
}
