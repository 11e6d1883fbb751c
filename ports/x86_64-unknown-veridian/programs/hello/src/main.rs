//! The hello of the porting document's verification table.

fn main() {
    println!("Hello from VeridianOS rustc!");
}
