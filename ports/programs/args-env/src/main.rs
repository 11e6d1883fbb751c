//! Arguments and environment, read and changed.

use std::env;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    println!("arguments: {arguments:?}");
    println!("count: {}", env::args_os().len());
    println!("PORTWRIGHT: {:?}", env::var("PORTWRIGHT"));
    println!("EMPTY: {:?}", env::var("EMPTY"));
    println!("MISSING: {:?}", env::var("MISSING"));
    // SAFETY: no other thread reads the environment.
    unsafe {
        env::set_var("ADDED", "a value with = in it");
        env::remove_var("PORTWRIGHT");
    }
    println!("ADDED: {:?}", env::var("ADDED"));
    println!("PORTWRIGHT: {:?}", env::var_os("PORTWRIGHT"));
    println!(
        "listed: {}",
        env::vars_os().any(|(name, _)| name == "ADDED")
    );
    let path = env::join_paths(["/bin", "/usr/bin"]).expect("no separators inside");
    println!("paths: {:?}", env::split_paths(&path).collect::<Vec<_>>());
}
