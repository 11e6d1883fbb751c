//! Files and directories: every way to open, read, write, seek, cut, rename, list, copy and remove.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

fn kind<T>(result: io::Result<T>) -> ErrorKind {
    result.err().expect("this must fail").kind()
}

fn opening(root: &Path) -> io::Result<()> {
    let path = root.join("one.txt");
    assert_eq!(kind(File::open(&path)), ErrorKind::NotFound);
    assert_eq!(
        kind(OpenOptions::new().open(&path)),
        ErrorKind::InvalidInput
    );
    assert_eq!(
        kind(OpenOptions::new().read(true).create(true).open(&path)),
        ErrorKind::InvalidInput
    );
    assert_eq!(
        kind(OpenOptions::new().append(true).truncate(true).open(&path)),
        ErrorKind::InvalidInput
    );
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)?
        .write_all(b"first\n")?;
    assert_eq!(
        kind(OpenOptions::new().write(true).create_new(true).open(&path)),
        ErrorKind::AlreadyExists
    );
    OpenOptions::new()
        .append(true)
        .open(&path)?
        .write_all(b"second\n")?;
    assert_eq!(fs::read_to_string(&path)?, "first\nsecond\n");
    OpenOptions::new()
        .write(true)
        .open(&path)?
        .write_all(b"FIRST")?;
    assert_eq!(fs::read_to_string(&path)?, "FIRST\nsecond\n");
    File::create(&path)?;
    assert_eq!(fs::metadata(&path)?.len(), 0);
    assert_eq!(kind(File::open("a\0b")), ErrorKind::InvalidInput);
    println!("opening: right");
    Ok(())
}

fn contents(root: &Path) -> io::Result<()> {
    let path = root.join("two.bin");
    let data: Vec<u8> = (0..100_000_u32).map(|n| (n * 31 % 251) as u8).collect();
    fs::write(&path, &data)?;
    assert!(fs::read(&path)? == data);
    let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
    assert_eq!(file.seek(SeekFrom::End(-3))?, 99_997);
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    assert_eq!(tail, data[99_997..]);
    assert_eq!(file.seek(SeekFrom::Start(10))?, 10);
    file.write_all(b"in the middle")?;
    assert_eq!(file.stream_position()?, 23);
    assert_eq!(
        kind(file.seek(SeekFrom::Current(-100))),
        ErrorKind::InvalidInput
    );
    file.set_len(50)?;
    assert_eq!(file.metadata()?.len(), 50);
    file.set_len(60)?;
    let all = fs::read(&path)?;
    assert_eq!(
        (&all[10..23], &all[50..]),
        (&b"in the middle"[..], &[0; 10][..])
    );
    println!("contents: right");
    Ok(())
}

fn names(root: &Path) -> io::Result<()> {
    let (old, new) = (root.join("two.bin"), root.join("three.bin"));
    fs::rename(&old, &new)?;
    assert!(!old.exists() && new.exists());
    assert_eq!(fs::copy(&new, &old)?, 60);
    assert_eq!(fs::read(&old)?, fs::read(&new)?);
    fs::remove_file(&new)?;
    assert_eq!(kind(fs::remove_file(&new)), ErrorKind::NotFound);
    assert_eq!(kind(fs::rename(&new, &old)), ErrorKind::NotFound);
    let about = fs::metadata(&old)?;
    assert!(about.is_file() && !about.is_dir() && !about.permissions().readonly());
    println!("names: right");
    Ok(())
}

fn directories(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root.join("deep/deeper/deepest"))?;
    assert_eq!(
        kind(fs::create_dir(root.join("deep"))),
        ErrorKind::AlreadyExists
    );
    assert_eq!(
        kind(fs::create_dir(root.join("no/way"))),
        ErrorKind::NotFound
    );
    assert_eq!(
        kind(fs::remove_dir(root.join("deep"))),
        ErrorKind::DirectoryNotEmpty
    );
    for number in 0..200 {
        fs::write(
            root.join(format!("deep/deeper/file-{number:03}")),
            number.to_string(),
        )?;
    }
    let mut files = 0;
    let mut folders = 0;
    for entry in fs::read_dir(root.join("deep/deeper"))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders += 1;
        } else {
            assert_eq!(
                entry.metadata()?.len(),
                fs::read(entry.path())?.len() as u64
            );
            files += 1;
        }
    }
    println!("directories: {files} files and {folders} folder");
    assert_eq!(fs::read_dir(root.join("deep/deeper/deepest"))?.count(), 0);
    fs::remove_dir_all(root.join("deep"))?;
    assert!(!root.join("deep").exists());
    Ok(())
}

fn main() -> io::Result<()> {
    let root = std::env::temp_dir().join("portwright-files");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    fs::create_dir(&root)?;
    opening(&root)?;
    contents(&root)?;
    names(&root)?;
    directories(&root)?;
    fs::remove_dir_all(&root)?;
    println!("all removed: {}", !root.exists());
    Ok(())
}
