//! Directories and names: the answers of std, the bad ones too, in an order of their own.

use std::fs;
use std::io;
use std::path::Path;

fn told<T: std::fmt::Debug>(what: &str, answer: io::Result<T>) {
    println!("{what}: {:?}", answer.map_err(|error| error.kind()));
}

fn listing(path: &Path, depth: usize) {
    let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (kind, data) = (entry.file_type().unwrap(), entry.metadata().unwrap());
        println!(
            "{:depth$}{:?} dir {} file {} link {} length {}",
            "",
            entry.file_name(),
            kind.is_dir(),
            kind.is_file(),
            kind.is_symlink(),
            if kind.is_file() { data.len() } else { 0 }
        );
        if kind.is_dir() {
            listing(&entry.path(), depth + 2);
        }
    }
}

fn main() {
    let root = Path::new("trees");
    told("removed before", fs::remove_dir_all(root).or(Ok(())));
    told("made", fs::create_dir(root));
    told("made again", fs::create_dir(root));
    told("made deep", fs::create_dir_all("trees/a/b/c"));
    told("made deep again", fs::create_dir_all("trees/a/b/c"));
    for number in 0..300 {
        // Names of all lengths, so that records end everywhere in the buffer.
        fs::write(
            root.join("a")
                .join(format!("{}{number}", "n".repeat(number % 200 + 1))),
            vec![b'x'; number],
        )
        .unwrap();
    }
    fs::write("trees/grün \u{1F980}", "crab").unwrap();
    listing(root, 0);
    told(
        "rename onto a file",
        fs::rename("trees/grün \u{1F980}", "trees/a/n0"),
    );
    told("what is there", fs::read_to_string("trees/a/n0"));
    told("rename a folder", fs::rename("trees/a/b", "trees/moved"));
    told(
        "rename below itself",
        fs::rename("trees/moved", "trees/moved/c/d"),
    );
    told(
        "rename a folder onto a file",
        fs::rename("trees/moved", "trees/a/n0"),
    );
    told(
        "rename a file onto a folder",
        fs::rename("trees/a/n0", "trees/moved"),
    );
    told("rename nothing", fs::rename("trees/none", "trees/some"));
    told(
        "remove a folder as a file",
        fs::remove_file("trees/moved").map_err(|_| io::ErrorKind::Other.into()),
    );
    told("remove a file as a folder", fs::remove_dir("trees/a/n0"));
    told("remove a full folder", fs::remove_dir("trees/a"));
    told(
        "remove a file with its tree",
        fs::remove_dir_all("trees/a/n0"),
    );
    told(
        "remove nothing with its tree",
        fs::remove_dir_all("trees/none"),
    );
    told("read a folder", fs::read("trees/a"));
    told("list a file", fs::read_dir("trees/a/nnn2").map(drop));
    told("list nothing", fs::read_dir("trees/none").map(drop));
    told("below a file", fs::metadata("trees/a/nnn2/x").map(drop));
    told("an empty path", fs::metadata("").map(drop));
    told("a NUL", fs::metadata("a\0b").map(drop));
    told("a long name", fs::write("x".repeat(300), ""));
    told("a long path", fs::metadata("y/".repeat(4000)).map(drop));
    told("copy", fs::copy("trees/a/nnn2", "trees/copy"));
    told("copy onto a folder", fs::copy("trees/copy", "trees/moved"));
    told("copy a folder", fs::copy("trees/moved", "trees/copied"));
    told("copy nothing", fs::copy("trees/none", "trees/copied"));
    told("exists", fs::exists("trees/none"));
    told("exists, dots", fs::exists("trees/moved/../copy"));
    told("removed", fs::remove_dir_all(root));
    told("gone", fs::metadata(root).map(drop));
}
