//! Locks of files between threads: who waits gets the lock when it is free, and not before.

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

static HELD: AtomicBool = AtomicBool::new(false);
static READERS: AtomicU32 = AtomicU32::new(0);

fn writer(rounds: u32) {
    for _ in 0..rounds {
        let file = File::open("lock").unwrap();
        file.lock().unwrap();
        assert!(!HELD.swap(true, Ordering::SeqCst), "two hold the lock");
        assert_eq!(READERS.load(Ordering::SeqCst), 0, "a reader beside the writer");
        thread::yield_now();
        HELD.store(false, Ordering::SeqCst);
        file.unlock().unwrap();
    }
}

fn reader(rounds: u32) {
    for _ in 0..rounds {
        let file = File::open("lock").unwrap();
        file.lock_shared().unwrap();
        READERS.fetch_add(1, Ordering::SeqCst);
        assert!(!HELD.load(Ordering::SeqCst), "a writer beside the reader");
        thread::yield_now();
        READERS.fetch_sub(1, Ordering::SeqCst);
    }
}

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    File::create("lock").unwrap();
    if mode == "twice" {
        let (one, two) = (File::open("lock").unwrap(), File::open("lock").unwrap());
        one.lock().unwrap();
        println!("held");
        two.lock().unwrap();
        println!("never");
    }
    let threads: Vec<_> = (0..6)
        .map(|n| thread::spawn(move || if n % 2 == 0 { writer(20) } else { reader(20) }))
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    println!("done");
}
