//! What threads do together: `all` prints the same on every machine, `order` prints who came when, `deadlock` never ends.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, RwLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

fn joined() {
    let start = |n: u32| thread::Builder::new().name(format!("worker {n}")).spawn(move || n * n).unwrap();
    let handles: Vec<_> = (0..4).map(start).collect();
    println!("joined {:?}", handles.into_iter().map(|handle| handle.join().unwrap()).collect::<Vec<_>>());
    let many: Vec<_> = (0..100).map(|n| thread::spawn(move || { thread::yield_now(); n })).collect();
    println!("many {}", many.into_iter().map(|handle| handle.join().unwrap()).sum::<usize>());
}

fn locked() {
    let total = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..100).for_each(|_| *total.lock().unwrap() += 1));
        }
    });
    println!("counted {}", total.into_inner().unwrap());
    let lock = RwLock::new(1_u64);
    thread::scope(|scope| {
        for n in 0..6 {
            let lock = &lock;
            scope.spawn(move || {
                if n % 2 == 0 { *lock.write().unwrap() *= 3 } else { assert!(*lock.read().unwrap() > 0) }
            });
        }
    });
    println!("multiplied {}", lock.into_inner().unwrap());
}

fn met() {
    let (barrier, leaders) = (Barrier::new(5), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| leaders.fetch_add(usize::from(barrier.wait().is_leader()), Ordering::SeqCst));
        }
    });
    println!("leaders {}", leaders.into_inner());
    let (send, receive) = mpsc::sync_channel(2);
    let senders: Vec<_> = (0..3)
        .map(|n| {
            let send = send.clone();
            thread::spawn(move || (0..10).for_each(|k| send.send(n * 100 + k).unwrap()))
        })
        .collect();
    drop(send);
    let all: Vec<i32> = receive.iter().collect();
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    println!("received {} {}", all.len(), all.iter().sum::<i32>());
}

fn waited() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = pair.clone();
    let waker = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        *other.0.lock().unwrap() = true;
        other.1.notify_one();
    });
    drop(pair.1.wait_while(pair.0.lock().unwrap(), |ready| !*ready).unwrap());
    waker.join().unwrap();
    let began = Instant::now();
    let long = Duration::from_secs(3600);
    let (_guard, outcome) = pair.1.wait_timeout_while(pair.0.lock().unwrap(), long, |_| true).unwrap();
    println!("timed out {} {}", outcome.timed_out(), began.elapsed() >= long);
    let parked = thread::spawn(|| { thread::park(); 7 });
    thread::sleep(Duration::from_millis(5));
    parked.thread().unpark();
    println!("parked {}", parked.join().unwrap());
    let flag = Arc::new(AtomicUsize::new(0));
    let seen = flag.clone();
    let spinner = thread::spawn(move || while seen.load(Ordering::Acquire) == 0 { std::hint::spin_loop() });
    thread::sleep(Duration::from_millis(3));
    flag.store(1, Ordering::Release);
    spinner.join().unwrap();
    println!("spun");
}

fn order() {
    let write = |n: u8| move || for _ in 0..3 { std::io::stdout().write_all(&[b'0' + n, b'\n']).unwrap() };
    let handles: Vec<_> = (0..4).map(|n| thread::spawn(write(n))).collect();
    handles.into_iter().for_each(|handle| handle.join().unwrap());
}

fn deadlock() {
    let (one, two, both) = (Mutex::new(()), Mutex::new(()), Barrier::new(2));
    thread::scope(|scope| {
        let second = || {
            let _two = two.lock().unwrap();
            both.wait();
            let _one = one.lock().unwrap();
        };
        thread::Builder::new().name("second".into()).spawn_scoped(scope, second).unwrap();
        let _one = one.lock().unwrap();
        both.wait();
        let _two = two.lock().unwrap();
    });
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("order") => order(),
        Some("deadlock") => deadlock(),
        _ => {
            joined();
            locked();
            met();
            waited();
            println!("parallel {}", (2..=4).contains(&thread::available_parallelism().unwrap().get()));
        }
    }
}
