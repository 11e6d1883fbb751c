//! The first program of a port.

fn main() {
    println!("Hello from std!");
}
