//! Reads standard input by lines to its end, and adds up the numbers in it.

use std::io::{self, BufRead, Read};

fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut title = String::new();
    input.read_line(&mut title)?;
    println!("title: {:?}", title.trim_end());
    let mut sum = 0;
    let mut lines = 0;
    for line in input.by_ref().lines().take(3) {
        sum += line?.trim().parse::<i64>().unwrap_or(0);
        lines += 1;
    }
    println!("{lines} lines, sum {sum}");
    let mut rest = Vec::new();
    input.read_to_end(&mut rest)?;
    println!("rest: {:?}", String::from_utf8_lossy(&rest));
    Ok(())
}
