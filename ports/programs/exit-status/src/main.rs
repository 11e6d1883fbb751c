//! An exit status from deep inside, past destructors that must not run.

struct Loud;

impl Drop for Loud {
    fn drop(&mut self) {
        println!("never printed");
    }
}

fn deep(level: u32) {
    let _loud = Loud;
    if level == 0 {
        print!("leaving with 42");
        std::process::exit(42);
    }
    deep(level - 1);
}

fn main() {
    deep(3);
}
