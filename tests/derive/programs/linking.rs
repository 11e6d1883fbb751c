//! Links, hard and symbolic, and paths through them: what each answers, and what is left.

use std::fs;
use std::io;
use std::path::Path;

#[cfg(target_os = "portwright")]
use std::os::portwright::fs::{MetadataExt, symlink};
#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, symlink};

fn kind<T: std::fmt::Debug>(answer: io::Result<T>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?}", error.kind()),
    }
}

/// A path below the directory in which the program started, without what differs from run to run.
fn below(start: &Path, answer: io::Result<std::path::PathBuf>) -> String {
    kind(answer.map(|path| {
        path.strip_prefix(start)
            .map(Path::to_path_buf)
            .unwrap_or(path)
    }))
}

fn entries(path: &str) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let mark = if kind.is_dir() {
                "/"
            } else if kind.is_symlink() {
                "@"
            } else {
                ""
            };
            format!("{}{mark}", entry.file_name().display())
        })
        .collect();
    found.sort();
    found
}

fn hard() -> io::Result<()> {
    fs::write("file", "content")?;
    fs::hard_link("file", "second")?;
    println!("names {}", fs::metadata("file")?.nlink());
    fs::write("second", "changed")?;
    println!("shared {:?}", fs::read_to_string("file")?);
    println!(
        "same {}",
        fs::metadata("file")?.ino() == fs::metadata("second")?.ino()
    );
    println!("again {}", kind(fs::hard_link("file", "second")));
    println!("none {}", kind(fs::hard_link("none", "third")));
    println!("no folder {}", kind(fs::hard_link("file", "none/third")));
    fs::remove_file("file")?;
    println!(
        "left {:?} {}",
        fs::read_to_string("second")?,
        fs::metadata("second")?.nlink()
    );
    Ok(())
}

fn symbolic(start: &Path) -> io::Result<()> {
    fs::create_dir_all("a/b/c")?;
    fs::write("a/b/file", "deep")?;
    symlink("b/file", "a/relative")?;
    symlink(start.join("a/b"), "absolute")?;
    symlink("../..", "a/b/up")?;
    symlink("nowhere", "dangling")?;
    symlink("loop-b", "loop-a")?;
    symlink("loop-a", "loop-b")?;
    symlink("self", "self")?;
    println!("again {}", kind(symlink("x", "dangling")));
    println!("no folder {}", kind(symlink("x", "none/link")));
    println!("empty {}", kind(symlink("", "empty")));
    for path in [
        "a/relative",
        "absolute",
        "absolute/file",
        "a/b/up",
        "a/b/up/a/b/file",
        "dangling",
        "loop-a",
        "self",
        "a/b/file",
        "a/b",
        "a/./b/../b/c/..",
        "a/relative/",
        "a/relative/..",
        "a/b/file/.",
        "none",
        "none/x",
        "a/b/file/x",
        "",
        "/",
        "/..",
        ".",
        "..",
        "absolute/../b/c",
        "dangling/x",
        "loop-a/x",
    ] {
        println!(
            "{path:?}: link {} canonical {} follow {} stay {} exists {}",
            below(start, fs::read_link(path)),
            if path == ".." {
                "-".into()
            } else {
                below(start, fs::canonicalize(path))
            },
            kind(fs::metadata(path).map(|data| (data.is_dir(), data.is_file()))),
            kind(fs::symlink_metadata(path).map(|data| (data.is_dir(), data.is_symlink()))),
            kind(fs::exists(path)),
        );
    }
    let long = "x".repeat(700);
    symlink(&long, "long")?;
    println!("long {}", fs::read_link("long")? == Path::new(&long));
    println!("read through {:?}", fs::read_to_string("a/relative")?);
    println!("copied {}", kind(fs::copy("a/relative", "copy")));
    println!(
        "write through dangling {}",
        kind(fs::write("dangling", "made"))
    );
    println!("made {:?}", fs::read_to_string("nowhere")?);
    println!("new at a link {}", kind(fs::File::create_new("dangling")));
    fs::hard_link("a/relative", "a/hard-to-link")?;
    println!(
        "a hard link to a link {}",
        fs::symlink_metadata("a/hard-to-link")?.is_symlink()
    );
    println!("rename a link {}", kind(fs::rename("dangling", "renamed")));
    println!(
        "{} and {}",
        below(start, fs::read_link("renamed")),
        kind(fs::remove_file("renamed"))
    );
    println!("kept {:?}", fs::read_to_string("nowhere")?);
    println!(
        "{:?} {:?} {:?}",
        entries("."),
        entries("a"),
        entries("absolute")
    );
    Ok(())
}

fn removing() -> io::Result<()> {
    fs::create_dir_all("outside/kept")?;
    fs::write("outside/file", "kept")?;
    fs::create_dir_all("tree/x/y/z")?;
    fs::write("tree/x/y/file", "")?;
    symlink("../outside", "tree/out")?;
    symlink("../../../outside/file", "tree/x/y/out")?;
    symlink("nowhere", "tree/x/dangling")?;
    symlink("tree", "to-tree")?;
    println!("a link {}", kind(fs::remove_dir_all("to-tree")));
    println!("the tree {:?}", entries("tree"));
    println!(
        "a directory as a file {}",
        kind(fs::remove_file("tree").map_err(|error| {
            // Linux says EISDIR, POSIX EPERM.
            if error.kind() == io::ErrorKind::PermissionDenied {
                io::ErrorKind::IsADirectory.into()
            } else {
                error
            }
        }))
    );
    println!("not empty {}", kind(fs::remove_dir("tree")));
    println!("all {}", kind(fs::remove_dir_all("tree")));
    println!("gone {}", kind(fs::symlink_metadata("tree").map(drop)));
    println!(
        "outside {:?} {:?}",
        entries("outside"),
        fs::read_to_string("outside/file")?
    );
    println!("none {}", kind(fs::remove_dir_all("tree")));
    println!(
        "a file {}",
        kind(
            fs::remove_dir_all("outside/file")
                .map_err(|error| error.kind())
                .is_err()
                .then_some(())
                .ok_or(io::ErrorKind::Other.into())
        )
    );
    println!("{:?}", fs::read_to_string("outside/file")?);
    Ok(())
}

fn main() -> io::Result<()> {
    let start = std::env::current_dir()?.canonicalize()?;
    hard()?;
    symbolic(&start)?;
    removing()?;
    std::env::set_current_dir("absolute")?;
    println!("{}", below(&start, std::env::current_dir()));
    println!("{}", below(&start, fs::canonicalize("up/a/b/c/..")));
    Ok(())
}
