//! Threads and what they wait at. Every line is the same in each run: what threads do at once is summed up.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{RecvTimeoutError, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
use std::thread;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(30);

fn main() {
    spawning();
    parking();
    locks();
    waiting();
    channels();
    once();
    variables();
    deep();
}

fn spawning() {
    let named = thread::Builder::new().name("worker".to_string());
    let answer = named.spawn(|| (thread::current().name().map(str::to_string), 42)).unwrap().join().unwrap();
    println!("{answer:?}");
    let main = thread::current().id();
    let ids: BTreeSet<String> =
        (0..8).map(|_| format!("{:?}", thread::spawn(|| thread::current().id()).join().unwrap())).collect();
    println!("{} {}", ids.len(), !ids.contains(&format!("{main:?}")));
    let mut numbers = vec![1, 2, 3];
    let mut sum = 0;
    thread::scope(|scope| {
        scope.spawn(|| numbers.push(4));
        let product = scope.spawn(|| 6 * 7);
        sum += product.join().unwrap();
    });
    println!("{numbers:?} {sum}");
    let finished = thread::spawn(|| ());
    while !finished.is_finished() {
        thread::yield_now();
    }
    println!("{:?}", finished.join());
    println!("{}", thread::available_parallelism().is_ok_and(|count| count.get() > 0));
}

fn parking() {
    let began = Instant::now();
    thread::park_timeout(SHORT);
    thread::sleep(SHORT);
    println!("{}", began.elapsed() >= SHORT);
    thread::current().unpark();
    thread::park();
    thread::park_timeout(Duration::ZERO);
    let told = Arc::new(AtomicBool::new(false));
    let parked = thread::spawn({
        let told = told.clone();
        move || {
            while !told.load(SeqCst) {
                thread::park();
            }
            "woken"
        }
    });
    thread::sleep(Duration::from_millis(5));
    told.store(true, SeqCst);
    parked.thread().unpark();
    println!("{:?}", parked.join().ok());
}

fn locks() {
    let count = Arc::new(Mutex::new(0_u64));
    let shared = Arc::new(RwLock::new(vec![0_u32; 4]));
    let torn = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..6)
        .map(|number| {
            let (count, shared, torn) = (count.clone(), shared.clone(), torn.clone());
            thread::spawn(move || {
                for turn in 0..300 {
                    *count.lock().unwrap() += 1;
                    if turn % 10 == number {
                        shared.write().unwrap().iter_mut().for_each(|cell| *cell += 1);
                    } else if shared.read().unwrap().windows(2).any(|pair| pair[0] != pair[1]) {
                        torn.fetch_add(1, SeqCst);
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    println!("{} {:?} {}", count.lock().unwrap(), shared.read().unwrap(), torn.load(SeqCst));
    let held = count.lock().unwrap();
    println!("{}", thread::scope(|scope| scope.spawn(|| count.try_lock().is_err()).join().unwrap()));
    drop(held);
    let reading = shared.read().unwrap();
    println!("{} {}", shared.try_read().is_ok(), shared.try_write().is_err());
    drop(reading);
    let barrier = Barrier::new(4);
    let leaders = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    leaders.fetch_add(barrier.wait().is_leader() as usize, SeqCst);
                }
            });
        }
    });
    println!("{}", leaders.load(SeqCst));
}

fn waiting() {
    let (lock, condition) = (Mutex::new(0), Condvar::new());
    let began = Instant::now();
    let ended = condition.wait_timeout_while(lock.lock().unwrap(), SHORT, |value| *value == 0).unwrap().1;
    println!("{} {}", ended.timed_out(), began.elapsed() >= SHORT);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut value = condition.wait_while(lock.lock().unwrap(), |value| *value == 0).unwrap();
                *value += 1;
            });
        }
        let longest = condition.wait_timeout(lock.lock().unwrap(), Duration::from_millis(5));
        *longest.unwrap().0 = 1;
        condition.notify_all();
    });
    println!("{}", lock.lock().unwrap());
    let woken = thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let value = lock.lock().unwrap();
            let (value, ended) =
                condition.wait_timeout_while(value, Duration::MAX, |value| *value != 100).unwrap();
            (*value, ended.timed_out())
        });
        thread::sleep(Duration::from_millis(5));
        *lock.lock().unwrap() = 100;
        condition.notify_one();
        waiter.join().unwrap()
    });
    println!("{woken:?}");
}

fn channels() {
    let (sender, receiver) = channel();
    for number in 0..4_u32 {
        let sender = sender.clone();
        thread::spawn(move || (0..50).for_each(|step| sender.send(number * 50 + step).unwrap()));
    }
    drop(sender);
    println!("{} {:?}", receiver.iter().sum::<u32>(), receiver.try_recv() == Err(TryRecvError::Disconnected));
    let (sender, receiver) = sync_channel(1);
    let producer = thread::spawn(move || (0..5).map(|number| sender.send(number).is_ok()).filter(|sent| *sent).count());
    println!("{:?}", receiver.iter().collect::<Vec<i32>>());
    println!("{:?}", producer.join().ok());
    let (_sender, receiver) = channel::<()>();
    println!("{}", receiver.recv_timeout(SHORT) == Err(RecvTimeoutError::Timeout));
}

fn once() {
    static ONCE: Once = Once::new();
    static LAZY: LazyLock<usize> = LazyLock::new(|| CALLS.fetch_add(1, SeqCst) + 10);
    static CELL: OnceLock<usize> = OnceLock::new();
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let seen: BTreeSet<usize> = thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|number| {
                scope.spawn(move || {
                    ONCE.call_once(|| thread::sleep(Duration::from_millis(5)));
                    CELL.get_or_init(|| number).min(&6) / 6 + *LAZY
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    println!("{seen:?} {} {}", CALLS.load(SeqCst), ONCE.is_completed());
}

/// More than any thread pointer's own alignment.
#[repr(align(64))]
struct Wide([u8; 192]);

struct Told(&'static str);

impl Drop for Told {
    fn drop(&mut self) {
        let known = COUNT.try_with(Cell::get).ok();
        println!("{} ends, {known:?}", self.0);
    }
}

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(7) };
    static WIDE: RefCell<Wide> = const { RefCell::new(Wide([9; 192])) };
    static ODD: Cell<[u8; 3]> = const { Cell::new([1, 2, 3]) };
    static FIRST: Told = const { Told("first") };
    static SECOND: RefCell<Vec<Told>> = RefCell::new(vec![Told("second")]);
}

fn variables() {
    COUNT.set(8);
    for _ in 0..2 {
        thread::spawn(|| {
            let fresh = (COUNT.get(), ODD.get());
            COUNT.set(70);
            FIRST.with(|_| ());
            SECOND.with_borrow_mut(|list| list.push(Told("third")));
            let aligned = WIDE.with_borrow_mut(|wide| {
                wide.0[191] += 1;
                (wide.0[0], wide.0[191], (&raw const wide.0).addr() % 64)
            });
            println!("{fresh:?} {aligned:?}");
        })
        .join()
        .unwrap();
    }
    println!("{} {:?}", COUNT.get(), ODD.get());
}

/// A stack as large as asked for, and as small.
fn deep() {
    fn sum(depth: u64) -> u64 {
        let block = std::hint::black_box([depth; 128]);
        if depth == 0 { block[0] } else { block[127] + sum(depth - 1) }
    }

    let large = thread::Builder::new().stack_size(16 << 20);
    println!("{}", large.spawn(|| sum(10_000)).unwrap().join().unwrap());
    let small = thread::Builder::new().stack_size(1);
    println!("{}", small.spawn(|| sum(1)).unwrap().join().unwrap());
    println!("{:?}", thread::Builder::new().stack_size(usize::MAX - 100).spawn(|| ()).is_err());
}
