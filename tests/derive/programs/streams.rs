//! The streams of a child, pipes and sockets as open files by number, and back.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{ChildStdin, Command, Stdio};

fn main() -> std::io::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("child") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        println!("<{text}>");
        return Ok(());
    }
    let own = std::env::current_exe()?;
    let mut child = Command::new(&own).arg("child").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let stdin: OwnedFd = child.stdin.take().unwrap().into();
    println!("{}", stdin.as_raw_fd() > 2);
    ChildStdin::from(stdin).write_all(b"by a pipe")?;
    let stdout = child.stdout.take().unwrap();
    println!("{}", stdout.as_fd().as_raw_fd() == stdout.as_raw_fd());
    let mut text = String::new();
    File::from(OwnedFd::from(stdout)).read_to_string(&mut text)?;
    println!("{text:?} {}", child.wait()?);

    let (reader, mut writer) = std::io::pipe()?;
    writer.write_all(b"by a number")?;
    drop(writer);
    let child = Command::new(&own).arg("child").stdin(OwnedFd::from(reader)).output()?;
    println!("{:?}", String::from_utf8_lossy(&child.stdout));

    std::fs::write("input", "from a file")?;
    let output = File::create("output")?;
    let mut command = Command::new(&own);
    command.arg("child").stdin(File::open("input")?).stdout(OwnedFd::from(output.try_clone()?));
    println!("{}", command.status()?);
    println!("{:?}", std::fs::read_to_string("output")?);
    println!("{}", output.metadata()?.len());
    Ok(())
}
