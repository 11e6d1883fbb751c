//! A panic: a message with its place on standard error, exit status 101, and what was printed before it.

fn main() {
    println!("before the panic");
    let numbers = vec![1, 2, 3];
    let index = std::env::args().count() + 6;
    println!("never printed: {}", numbers[index]);
}
