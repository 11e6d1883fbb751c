//! Makes a tree and removes it, again and again, while somebody puts links to elsewhere into its way.

use std::fs;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

fn main() {
    let until = Instant::now() + Duration::from_millis(1500);
    let (mut removed, mut refused) = (0, 0);
    while Instant::now() < until {
        for name in ["tree/a/b", "tree/swapped/x", "tree/c"] {
            let _ = fs::create_dir_all(name);
        }
        for name in ["tree/a/file", "tree/swapped/file", "tree/swapped/x/file"] {
            let _ = fs::write(name, "");
        }
        match fs::remove_dir_all("tree") {
            Ok(()) => removed += 1,
            // A directory that was empty has something in it again, or is a link by now.
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::NotADirectory) => refused += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    println!("{} {}", removed > 0, removed + refused);
}
