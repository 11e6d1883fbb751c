//! Says of everything that it does to files what must be true afterwards, so that whoever makes its calls fail can
//! hold what it said against the files. A step that fails is told, and the next one is taken; the status is then 3.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::ExitCode;

/// The 64-bit FNV-1a hash.
fn fnv(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ byte as u64).wrapping_mul(0x100_0000_01b3)
    })
}

/// Bytes that differ from place to place and from seed to seed.
fn pattern(seed: u32, length: u32) -> Vec<u8> {
    (0..length).map(|n| ((n + seed) * 37 % 253) as u8).collect()
}

/// What has been printed so far, and the steps that failed.
#[derive(Default)]
struct Teller {
    printed: usize,
    failed: Vec<&'static str>,
}

impl Teller {
    fn say(&mut self, line: &str) {
        println!("{line}");
        self.printed += line.len() + 1;
    }

    fn holds(&mut self, path: &Path, data: &[u8]) {
        let (path, length) = (path.display(), data.len());
        self.say(&format!("claim file {path} {length} {:016x}", fnv(data)));
    }

    fn folder(&mut self, path: &Path) {
        self.say(&format!("claim folder {}", path.display()));
    }

    fn gone(&mut self, path: &Path) {
        self.say(&format!("claim gone {}", path.display()));
    }

    /// Said before a path is changed: from here on nothing is sure of it.
    fn withdraw(&mut self, path: &Path) {
        self.say(&format!("withdraw {}", path.display()));
    }

    fn step(&mut self, name: &'static str, step: impl FnOnce(&mut Teller) -> io::Result<()>) {
        if let Err(error) = step(self) {
            eprintln!("failed: {name}: {error}");
            self.failed.push(name);
        }
    }
}

fn written(root: &Path, tell: &mut Teller) -> io::Result<()> {
    let path = root.join("log");
    let mut file = File::create(&path)?;
    let mut all = Vec::new();
    for part in 0..8 {
        let data = pattern(part, 1000);
        file.write_all(&data)?;
        all.extend(data);
        tell.holds(&path, &all);
    }
    Ok(())
}

fn buffered(root: &Path, tell: &mut Teller) -> io::Result<()> {
    let path = root.join("buffered");
    let mut file = BufWriter::new(File::create(&path)?);
    let all = pattern(100, 20_000);
    for part in all.chunks(7) {
        file.write_all(part)?;
    }
    file.flush()?;
    tell.holds(&path, &all);
    Ok(())
}

fn appended(root: &Path, tell: &mut Teller) -> io::Result<()> {
    let path = root.join("appended");
    let mut all = pattern(7, 300);
    fs::write(&path, &all)?;
    tell.holds(&path, &all);
    OpenOptions::new()
        .append(true)
        .open(&path)?
        .write_all(b"and this")?;
    all.extend(b"and this");
    tell.holds(&path, &all);
    Ok(())
}

fn changed(root: &Path, tell: &mut Teller) -> io::Result<()> {
    let path = root.join("changed");
    let mut all = pattern(9, 500);
    fs::write(&path, &all)?;
    tell.holds(&path, &all);
    tell.withdraw(&path);
    let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
    file.seek(SeekFrom::Start(100))?;
    file.write_all(b"in the middle")?;
    all[100..113].copy_from_slice(b"in the middle");
    tell.holds(&path, &all);
    tell.withdraw(&path);
    file.set_len(200)?;
    tell.holds(&path, &all[..200]);
    file.seek(SeekFrom::Start(0))?;
    let mut seen = Vec::new();
    file.read_to_end(&mut seen)?;
    assert!(seen == all[..200], "the file reads otherwise");
    Ok(())
}

fn moved(root: &Path, tell: &mut Teller) -> io::Result<()> {
    let (first, second, third) = (root.join("first"), root.join("second"), root.join("third"));
    let all = pattern(11, 9000);
    fs::write(&first, &all)?;
    tell.holds(&first, &all);
    let count = fs::copy(&first, &second)? as usize;
    tell.holds(&second, &all[..count]);
    assert_eq!(count, all.len());
    tell.withdraw(&first);
    fs::rename(&first, &third)?;
    tell.gone(&first);
    tell.holds(&third, &all);
    tell.withdraw(&second);
    fs::remove_file(&second)?;
    tell.gone(&second);
    Ok(())
}

fn folders(root: &Path, tell: &mut Teller) -> io::Result<()> {
    let top = root.join("top");
    fs::create_dir_all(top.join("inner"))?;
    tell.folder(&top.join("inner"));
    for number in 0..12 {
        fs::write(top.join(format!("inner/{number}")), b"x")?;
    }
    let mut names = fs::read_dir(top.join("inner"))?
        .map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    assert_eq!(names.len(), 12, "{names:?}");
    tell.withdraw(&top.join("inner"));
    fs::remove_dir_all(&top)?;
    tell.gone(&top);
    Ok(())
}

fn main() -> ExitCode {
    let root = std::env::temp_dir().join("claims");
    let mut tell = Teller::default();
    tell.step("making the folder", |tell| {
        fs::create_dir(&root)?;
        tell.folder(&root);
        Ok(())
    });
    tell.step("writing", |tell| written(&root, tell));
    tell.step("buffering", |tell| buffered(&root, tell));
    tell.step("appending", |tell| appended(&root, tell));
    tell.step("changing", |tell| changed(&root, tell));
    tell.step("moving", |tell| moved(&root, tell));
    tell.step("folders", |tell| folders(&root, tell));
    tell.step("printing", |tell| {
        print!("the last words, ");
        tell.printed += 16;
        io::stdout().flush()?;
        eprintln!("claim stdout {}", tell.printed);
        Ok(())
    });
    println!("and {} failures", tell.failed.len());
    ExitCode::from(if tell.failed.is_empty() { 0 } else { 3 })
}
