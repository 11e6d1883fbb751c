//! Environment variables and lists of paths, odd ones too.

use std::env;
use std::panic;

fn main() {
    let mut all: Vec<_> = env::vars().collect();
    all.sort();
    println!("{all:?}");
    // SAFETY: no other thread reads the environment.
    unsafe {
        env::set_var("A", "1");
        env::set_var("A", "");
        env::set_var("B", "x=y=z");
        env::set_var("ümlaut", "ß");
        env::remove_var("GIVEN");
        env::remove_var("NEVER");
    }
    let mut all: Vec<_> = env::vars().collect();
    all.sort();
    println!("{all:?}");
    println!(
        "{:?} {:?} {:?}",
        env::var("A"),
        env::var("GIVEN"),
        env::var_os("B")
    );
    println!(
        "{:?} {:?} {:?}",
        env::var_os(""),
        env::var_os("A=1"),
        env::var_os("x\0y")
    );
    for list in ["", ":", "/a:/b", "a::b:", "/with space:/ümlaut"] {
        println!("{list:?}: {:?}", env::split_paths(list).collect::<Vec<_>>());
    }
    println!("{:?}", env::join_paths(["/a", "", "b c"]));
    println!("{:?}", env::join_paths(["/a:b"]).is_err());
    println!(
        "{:?} {:?}",
        env::temp_dir(),
        env::args().collect::<Vec<_>>().split_off(1)
    );
    env::set_current_dir("/usr").unwrap();
    println!(
        "{:?} {:?}",
        env::current_dir().unwrap(),
        env::set_current_dir("/none").map_err(|error| error.kind())
    );
    let _ = panic::take_hook();
}
