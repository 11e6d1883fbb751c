//! Every set of open options on a missing file, a file, a directory and below a file: what it answers and leaves.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

fn options(bits: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .read(bits & 1 != 0)
        .write(bits & 2 != 0)
        .append(bits & 4 != 0)
        .truncate(bits & 8 != 0)
        .create(bits & 16 != 0)
        .create_new(bits & 32 != 0);
    options
}

fn used(mut file: File) -> String {
    let mut text = String::new();
    let read = file.read_to_string(&mut text).map_err(|error| error.kind());
    let place = file.stream_position().map_err(|error| error.kind());
    let wrote = file.write(b"<new>").map_err(|error| error.kind());
    let after = file
        .seek(SeekFrom::Current(0))
        .map_err(|error| error.kind());
    format!("read {read:?} {text:?} at {place:?}, wrote {wrote:?} at {after:?}")
}

fn main() {
    let root = Path::new("opening");
    for bits in 0..64 {
        for (name, content) in [
            ("missing", None),
            ("present", Some("old content")),
            ("folder", None),
            ("present/below", None),
        ] {
            let _ = fs::remove_dir_all(root);
            fs::create_dir(root).unwrap();
            fs::create_dir(root.join("folder")).unwrap();
            fs::write(root.join("present"), content.unwrap_or("x")).unwrap();
            let path = root.join(name);
            let answer = match options(bits).open(&path) {
                Ok(file) if name == "folder" => {
                    format!("a folder {:?}", file.metadata().map(|data| data.is_dir()))
                }
                Ok(file) => used(file),
                Err(error) => format!("{:?}", error.kind()),
            };
            println!(
                "{bits:06b} {name}: {answer}; left {:?}",
                fs::read_to_string(&path).map_err(|error| error.kind())
            );
        }
    }
    fs::remove_dir_all(root).unwrap();
}
