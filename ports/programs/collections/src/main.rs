//! Collections, sorting, text and formatting: what most programs are made of.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::fmt;
use std::rc::Rc;

const TEXT: &str = "the quick brown fox jumps over the lazy dog and the fox runs";

struct Matrix([[i32; 2]; 2]);

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in self.0 {
            writeln!(f, "|{:>4}{:>4} |", row[0], row[1])?;
        }
        Ok(())
    }
}

fn words() {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in TEXT.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    let mut often: Vec<_> = counts.into_iter().filter(|&(_, count)| count > 1).collect();
    often.sort_by_key(|&(word, count)| (std::cmp::Reverse(count), word));
    println!("often: {often:?}");
    let letters: BTreeSet<char> = TEXT.chars().filter(|c| c.is_alphabetic()).collect();
    println!(
        "letters: {} from {:?} to {:?}",
        letters.len(),
        letters.first(),
        letters.last()
    );
}

fn structures() {
    let mut queue: VecDeque<i32> = (1..=5).collect();
    queue.rotate_left(2);
    println!("queue: {queue:?}");
    let mut heap: BinaryHeap<_> = [5, 1, 8, 3].into();
    println!("largest: {:?}, then {:?}", heap.pop(), heap.pop());
    let squares: BTreeMap<u32, u64> = (0..1000)
        .map(|n| (n, u64::from(n) * u64::from(n)))
        .collect();
    println!("squares: {:?}", squares.range(10..13).collect::<Vec<_>>());
    let shared = Rc::new(String::from("shared"));
    let copies: Vec<_> = (0..3).map(|_| Rc::clone(&shared)).collect();
    println!("{} has {} owners", copies[0], Rc::strong_count(&shared));
    let many: HashSet<u64> = (0..100_000)
        .map(|n| n * 2_654_435_761 % 1_000_003)
        .collect();
    println!("many: {}", many.len());
}

fn formats() {
    println!(
        "{:08.3}|{:+e}|{:#x}|{:#010b}|{:^9}|{:<5}|",
        12.3456, 1234.5, 255, 5, "mid", 'x'
    );
    println!("{:?} {:?} {:?}", f64::NAN, -0.0_f64, 0.1 + 0.2);
    println!("{:#?}", (1, Some("two")));
    print!("{}", Matrix([[1, -2], [30, 400]]));
    println!(
        "{:?}",
        "12,x,34"
            .split(',')
            .map(str::parse::<i32>)
            .collect::<Vec<_>>()
    );
    println!("{}", u128::MAX);
    println!(
        "grün, {}, {}",
        "ÄÖÜ".to_lowercase(),
        "naïve".chars().rev().collect::<String>()
    );
}

fn main() {
    words();
    structures();
    formats();
}
