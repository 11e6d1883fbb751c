//! What a file's status says and how it is changed; open files as numbers; places, vectors, locks, lengths.

use std::fs::{self, File, FileTimes, OpenOptions, TryLockError};
use std::io::{self, IoSlice, IoSliceMut, IsTerminal, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(target_os = "portwright")]
use std::os::portwright::{ffi::OsStrExt, fs::*};
#[cfg(unix)]
use std::os::unix::{ffi::OsStrExt, fs::*};

fn kind<T: std::fmt::Debug>(answer: io::Result<T>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?}", error.kind()),
    }
}

fn mode(path: &str) -> io::Result<String> {
    let permissions = fs::symlink_metadata(path)?.permissions();
    Ok(format!(
        "{:o} {}",
        permissions.mode(),
        permissions.readonly()
    ))
}

fn permissions() -> io::Result<()> {
    fs::write("file", "content")?;
    for bits in [0o000, 0o400, 0o644, 0o755, 0o751, 0o1776, 0o222] {
        fs::set_permissions("file", fs::Permissions::from_mode(bits))?;
        println!("{}", mode("file")?);
    }
    let file = File::open("file")?;
    file.set_permissions(fs::Permissions::from_mode(0o640))?;
    println!("by number {}", mode("file")?);
    let mut readonly = file.metadata()?.permissions();
    readonly.set_readonly(true);
    fs::set_permissions("file", readonly)?;
    println!("read-only {}", mode("file")?);
    symlink("file", "link")?;
    fs::set_permissions("link", fs::Permissions::from_mode(0o600))?;
    println!("through a link {}", mode("file")?);
    println!(
        "none {}",
        kind(fs::set_permissions(
            "none",
            fs::Permissions::from_mode(0o600)
        ))
    );
    fs::set_permissions("file", fs::Permissions::from_mode(0o751))?;
    println!("copy {} {}", kind(fs::copy("file", "copy")), mode("copy")?);
    fs::set_permissions("copy", fs::Permissions::from_mode(0o600))?;
    println!("over {} {}", kind(fs::copy("file", "copy")), mode("copy")?);
    OpenOptions::new()
        .write(true)
        .create(true)
        .mode(0o711)
        .open("made")?;
    println!("made {}", mode("made")?);
    fs::DirBuilder::new().mode(0o700).create("folder")?;
    println!("folder {}", mode("folder")?);
    Ok(())
}

fn times() -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open("file")?;
    let told = |data: fs::Metadata| {
        let since = |time: SystemTime| match time.duration_since(UNIX_EPOCH) {
            Ok(after) => format!("{after:?}"),
            Err(before) => format!("-{:?}", before.duration()),
        };
        format!(
            "{} {}",
            since(data.accessed().unwrap()),
            since(data.modified().unwrap())
        )
    };
    let at = |seconds, nanoseconds| UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    file.set_times(
        FileTimes::new()
            .set_accessed(at(1, 1))
            .set_modified(at(1_234_567_890, 987_654_321)),
    )?;
    println!("{}", told(file.metadata()?));
    file.set_modified(at(2, 3))?;
    println!("{}", told(file.metadata()?));
    file.set_times(FileTimes::new().set_accessed(at(4, 999_999_999)))?;
    println!("{}", told(fs::metadata("link")?));
    file.set_times(FileTimes::new())?;
    println!("{}", told(fs::metadata("file")?));
    file.set_modified(UNIX_EPOCH - Duration::new(5, 250_000_000))?;
    println!("{}", told(fs::metadata("file")?));
    let data = file.metadata()?;
    println!("{} {} {}", data.mtime(), data.mtime_nsec(), data.atime());
    Ok(())
}

fn places() -> io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .open("places")?;
    println!("at {:?}", file.write_all_at(b"0123456789", 5));
    println!("offset {}", file.stream_position()?);
    let mut four = [0; 4];
    println!("{:?} {:?}", file.read_exact_at(&mut four, 7), four);
    println!("{}", kind(file.read_exact_at(&mut four, 13)));
    println!("{}", kind(file.read_at(&mut four, 100)));
    println!("{}", kind(file.read_at(&mut four, u64::MAX)));
    println!("{}", kind(file.write_at(b"x", u64::MAX)));
    println!("len {}", file.metadata()?.len());
    file.set_len(3)?;
    println!("len {} {}", file.metadata()?.len(), file.stream_position()?);
    file.set_len(20)?;
    println!("{:?}", fs::read("places")?);
    println!("{}", kind(file.set_len(u64::MAX)));
    println!("{}", kind(File::open("places")?.set_len(1)));
    let mut clone = file.try_clone()?;
    file.seek(SeekFrom::Start(7))?;
    println!("shared {}", clone.stream_position()?);
    clone.write_all(b"!")?;
    println!("shared {}", file.stream_position()?);
    drop(file);
    println!("after {}", clone.stream_position()?);
    println!("{} {}", kind(clone.sync_all()), kind(clone.sync_data()));
    let mut appended = OpenOptions::new().append(true).read(true).open("places")?;
    appended.rewind()?;
    appended.write_all(b"end")?;
    println!(
        "{} {}",
        appended.stream_position()?,
        fs::metadata("places")?.len()
    );
    Ok(())
}

fn vectors() -> io::Result<()> {
    let mut file = File::create("vectors")?;
    let parts: Vec<Vec<u8>> = (0..200_u8).map(|n| vec![n; n as usize % 7]).collect();
    let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let mut left = &mut slices[..];
    while !left.is_empty() {
        let count = file.write_vectored(left)?;
        if count == 0 {
            break;
        }
        IoSlice::advance_slices(&mut left, count);
    }
    println!("{}", fs::read("vectors")? == parts.concat());
    println!("{}", kind(file.write_vectored(&[])));
    println!(
        "{}",
        kind(file.write_vectored(&[IoSlice::new(b""), IoSlice::new(b"")]))
    );
    let mut file = File::open("vectors")?;
    let (mut first, mut second) = ([0; 10], [0; 2000]);
    let mut read = 0;
    while read < 10 {
        read += file.read(&mut first[read..])?;
    }
    read = 0;
    loop {
        let (near, far) = second[read..].split_at_mut(5);
        let count = file.read_vectored(&mut [
            IoSliceMut::new(near),
            IoSliceMut::new(&mut []),
            IoSliceMut::new(far),
        ])?;
        if count == 0 {
            break;
        }
        read += count;
    }
    println!(
        "{read} {}",
        [&first[..], &second[..read]].concat() == parts.concat()
    );
    println!(
        "{}",
        kind(file.write_vectored(&[IoSlice::new(b"x")])).contains("Ok")
    );
    Ok(())
}

fn locks() -> io::Result<()> {
    let told = |answer: Result<(), TryLockError>| match answer {
        Ok(()) => "held".to_string(),
        Err(TryLockError::WouldBlock) => "busy".to_string(),
        Err(TryLockError::Error(error)) => format!("{:?}", error.kind()),
    };
    let (one, two) = (File::create("lock")?, File::open("lock")?);
    one.lock()?;
    println!("{} {}", told(two.try_lock()), told(two.try_lock_shared()));
    let clone = one.try_clone()?;
    println!("a clone {}", told(clone.try_lock()));
    one.unlock()?;
    println!("{}", told(two.try_lock_shared()));
    println!("{} {}", told(one.try_lock_shared()), told(one.try_lock()));
    two.unlock()?;
    println!("{}", told(one.try_lock()));
    drop(one);
    println!("the clone holds it {}", told(two.try_lock()));
    drop(clone);
    println!("{}", told(two.try_lock()));
    two.lock_shared()?;
    println!("{}", told(File::open("lock")?.try_lock_shared()));
    Ok(())
}

fn numbers() -> io::Result<()> {
    let file = File::create("number")?;
    println!(
        "{}",
        file.as_raw_fd() > 2 && file.as_fd().as_raw_fd() == file.as_raw_fd()
    );
    let owned: OwnedFd = file.into();
    let mut second = File::from(owned.try_clone()?);
    second.write_all(b"by a second number")?;
    drop(second);
    let raw = owned.into_raw_fd();
    // SAFETY: the number was given up the line before.
    let mut file = unsafe { File::from_raw_fd(raw) };
    file.write_all(b", and the first")?;
    println!("{:?}", fs::read_to_string("number")?);
    println!(
        "{} {}",
        file.is_terminal(),
        File::open("/dev/null")?.is_terminal()
    );
    println!(
        "{} {} {}",
        io::stdin().as_raw_fd(),
        io::stdout().as_raw_fd(),
        io::stderr().as_raw_fd()
    );
    println!(
        "{} {}",
        io::stdin().is_terminal(),
        io::stdout().is_terminal()
    );
    let device = fs::metadata("/dev/null")?;
    println!(
        "{} {} {}",
        device.file_type().is_char_device(),
        device.is_file(),
        device.len()
    );
    let data = fs::metadata("number")?;
    println!(
        "{} {} {:o}",
        data.size(),
        data.nlink(),
        data.mode() & 0o170000
    );
    println!(
        "{} {}",
        data.ino() != 0,
        data.dev() == fs::metadata(".")?.dev()
    );
    for entry in fs::read_dir("folder")?.chain(fs::read_dir(".")?) {
        let entry = entry?;
        if entry.file_name().as_bytes() == b"number" {
            println!("{}", entry.ino() == data.ino());
        }
    }
    println!(
        "{}",
        kind(
            OpenOptions::new()
                .write(true)
                .custom_flags(0)
                .open("number")
                .map(drop)
        )
    );
    let closed = unsafe { File::from_raw_fd(987) };
    println!("{:?}", closed.metadata().unwrap_err().kind());
    std::mem::forget(closed);
    Ok(())
}

fn main() -> io::Result<()> {
    permissions()?;
    times()?;
    places()?;
    vectors()?;
    locks()?;
    numbers()?;
    Ok(())
}
