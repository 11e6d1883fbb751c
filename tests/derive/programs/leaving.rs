//! Threads that nobody joins, and a process that ends while threads run: the first argument says how.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use std::{env, process, thread};

static RUNNING: AtomicUsize = AtomicUsize::new(0);

fn main() {
    let mode = env::args().nth(1).unwrap_or_default();
    let count = env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(100);
    match mode.as_str() {
        "detached" => {
            for number in 0..count {
                let thread = start(number);
                // The handle goes before the thread ends, or after, or is joined.
                match number % 3 {
                    0 => drop(thread),
                    1 => {
                        while !thread.is_finished() {
                            thread::yield_now();
                        }
                    }
                    _ => thread.join().unwrap(),
                }
                while RUNNING.load(SeqCst) > 4 {
                    thread::yield_now();
                }
            }
            println!("{count} threads");
        }
        "main-returns" => {
            thread::spawn(forever);
            println!("main returns");
        }
        "thread-exits" => {
            thread::spawn(|| process::exit(7));
            forever();
        }
        "thread-panics" => {
            let named = thread::Builder::new().name("worker".to_string());
            let thread = named.spawn(|| panic!("in a thread")).unwrap();
            println!("{}", thread.join().is_err());
        }
        _ => panic!("no such mode: {mode}"),
    }
}

fn start(number: usize) -> thread::JoinHandle<()> {
    RUNNING.fetch_add(1, SeqCst);
    thread::spawn(move || {
        std::hint::black_box([number; 512]);
        RUNNING.fetch_sub(1, SeqCst);
    })
}

fn forever() {
    loop {
        thread::sleep(Duration::from_secs(1000));
    }
}
