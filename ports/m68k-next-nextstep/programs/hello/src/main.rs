//! The first program: std on NeXTSTEP.

fn main() {
    println!("Hello from Rust on NeXTSTEP!");
}
