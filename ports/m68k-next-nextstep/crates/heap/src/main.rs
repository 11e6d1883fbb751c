//! A program with a heap and without std: what is put into collections comes out again, and memory has an end.

#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering};

use nextstep_alloc::System;
use nextstep_io::{STDERR, exit, println};

#[global_allocator]
static HEAP: System = System::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

nextstep_io::start!(main);

fn main() -> ! {
    let mut words: BTreeMap<u32, String> = BTreeMap::new();
    for number in 0..500u32 {
        let mut text = String::new();
        let _ = write!(text, "{}", number * number);
        words.insert(number.wrapping_mul(2_654_435_761), text);
        COUNT.fetch_add(number, Ordering::Relaxed);
    }
    let letters: usize = words.values().map(String::len).sum();
    println!("{} words, {letters} letters, {} counted", words.len(), COUNT.load(Ordering::Relaxed));
    drop(words);
    let mut grown: Vec<u64> = Vec::new();
    for number in 0..20_000u64 {
        grown.push(number << 33 | number);
    }
    println!("sum {:#x}", grown.iter().fold(0u64, |sum, each| sum.wrapping_add(*each)));
    #[repr(align(4096))]
    struct Page([u8; 4096]);
    let page = alloc::boxed::Box::new(Page([3; 4096]));
    println!("aligned {}", (&raw const *page).addr() % 4096 == 0 && page.0[4095] == 3);
    println!("no memory: {}", Vec::<u8>::new().try_reserve_exact(1 << 30).is_err());
    exit(0)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(STDERR.clone(), "{info}");
    exit(101)
}
