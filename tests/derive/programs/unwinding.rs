//! Panics that are caught: what is dropped on the way, what comes out of threads, and what a backtrace names.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, Once, RwLock, mpsc};
use std::thread;

struct Told(&'static str);

impl Drop for Told {
    fn drop(&mut self) {
        println!("dropped {}, panicking: {}", self.0, thread::panicking());
    }
}

fn main() {
    println!("{:?}", said(catch_unwind(|| outer(3)).unwrap_err()));
    println!("{:?}", catch_unwind(|| 5).ok());
    println!("{:?}", said(catch_unwind(|| resume_unwind(Box::new("sent on".to_string()))).unwrap_err()));
    nested();
    arithmetic();
    threads();
    poison();
    hooks();
    named();
    let _last = Told("last");
    if std::env::args().len() > 1 {
        outer(0);
    }
}

#[inline(never)]
fn outer(depth: u32) -> u32 {
    let _told = Told("outer");
    let list = vec![String::from("freed"); 3];
    inner(depth) + list.len() as u32
}

#[inline(never)]
fn inner(depth: u32) -> u32 {
    let _told = Told("inner");
    if depth == 0 {
        panic!("at the bottom, {}", depth + 1);
    }
    inner(depth - 1) + 1
}

fn said(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().map_or("something else".to_string(), |text| text.to_string()),
    }
}

fn nested() {
    let result = catch_unwind(|| {
        let _told = Told("between");
        let first = catch_unwind(|| outer(1)).map_err(said);
        println!("{first:?}");
        panic!("again");
    });
    println!("{:?}", result.map_err(said));
    struct Catches;
    impl Drop for Catches {
        fn drop(&mut self) {
            println!("{:?}", catch_unwind(|| panic!("while another")).map_err(said));
        }
    }
    let result = catch_unwind(|| {
        let _catches = Catches;
        panic!("first");
    });
    println!("{:?}", result.map_err(said));
}

fn arithmetic() {
    let zero = std::hint::black_box(0);
    println!("{:?}", catch_unwind(|| 1 / zero).map_err(said));
    println!("{:?}", catch_unwind(|| [1, 2, 3][3 + zero]).map_err(said));
    println!("{:?}", catch_unwind(|| None::<u8>.unwrap()).map_err(said));
    println!("{:?}", catch_unwind(|| "é".split_at(1).0.len()).is_err());
    println!("{:?}", catch_unwind(|| Vec::<u8>::with_capacity(usize::MAX)).map_err(said));
}

fn threads() {
    let thread = thread::Builder::new().name("worker".to_string()).spawn(|| outer(1)).unwrap();
    println!("{:?}", thread.join().map_err(said));
    let payload = thread::spawn(|| panic::panic_any(17_u8)).join().unwrap_err();
    println!("{:?}", payload.downcast_ref::<u8>());
    let scope = catch_unwind(|| {
        thread::scope(|scope| {
            scope.spawn(|| panic!("nobody asks"));
            scope.spawn(|| println!("goes on: {:?}", scope.spawn(|| panic!("asked")).join().map_err(said)));
        });
    });
    println!("{:?}", scope.map_err(said));
    let (sender, receiver) = mpsc::channel::<u8>();
    let thread = thread::spawn(move || {
        let _sender = sender;
        panic!("the sender goes with it");
    });
    println!("{:?} {}", receiver.recv(), thread.join().is_err());
}

fn poison() {
    let (lock, shared, once) = (Arc::new(Mutex::new(1)), Arc::new(RwLock::new(2)), Arc::new(Once::new()));
    let all = (lock.clone(), shared.clone(), once.clone());
    let thread = thread::spawn(move || {
        let (_held, _shared) = (all.0.lock().unwrap(), all.1.write().unwrap());
        all.2.call_once(|| panic!("holding both"));
    });
    println!("{}", thread.join().is_err());
    println!("{} {} {}", lock.is_poisoned(), shared.is_poisoned(), once.is_completed());
    println!("{} {}", *lock.lock().unwrap_or_else(|poison| poison.into_inner()), shared.read().is_err());
    lock.clear_poison();
    println!("{:?} {}", lock.lock().is_ok(), catch_unwind(AssertUnwindSafe(|| once.call_once(|| ()))).is_err());
}

fn hooks() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        println!("hook: {:?} at line {}", info.payload_as_str(), info.location().unwrap().line());
    }));
    let _ = catch_unwind(|| outer(0));
    panic::set_hook(before);
}

#[inline(never)]
fn named() {
    let trace = marked_function();
    let text = trace.to_string();
    println!("{:?}", trace.status() == BacktraceStatus::Captured);
    println!("{}", text.contains("marked_function"));
}

#[inline(never)]
fn marked_function() -> Backtrace {
    std::hint::black_box(Backtrace::force_capture())
}
