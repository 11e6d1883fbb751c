//! Places in a file, lengths, and reading and writing at them.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

fn main() -> io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open("seeking")?;
    let seeks = [
        SeekFrom::Start(10),
        SeekFrom::Current(-3),
        SeekFrom::Current(-8),
        SeekFrom::End(0),
        SeekFrom::End(7),
        SeekFrom::End(-1),
        SeekFrom::Start(u64::MAX),
        SeekFrom::Start(i64::MAX as u64),
        SeekFrom::Current(i64::MIN),
        SeekFrom::Start(4),
    ];
    for seek in seeks {
        println!(
            "{seek:?}: {:?}",
            file.seek(seek).map_err(|error| error.kind())
        );
    }
    file.write_all(b"four")?;
    for length in [100, 6, 6, 0, 50] {
        file.set_len(length)?;
        println!(
            "length {} at {}",
            file.metadata()?.len(),
            file.stream_position()?
        );
    }
    println!(
        "huge {:?}",
        file.set_len(u64::MAX).map_err(|error| error.kind())
    );
    file.rewind()?;
    let mut writer = BufWriter::with_capacity(7, &mut file);
    for number in 0..1000 {
        writeln!(writer, "line {number}")?;
    }
    writer.flush()?;
    drop(writer);
    file.seek(SeekFrom::Start(5))?;
    let reader = BufReader::with_capacity(13, &file);
    let (mut lines, mut letters) = (0, 0);
    for line in reader.lines() {
        lines += 1;
        letters += line?.len();
    }
    println!("{lines} lines, {letters} letters");
    println!("at the end {:?}", file.read(&mut [0; 8])?);
    println!("nothing {:?} {:?}", file.read(&mut [])?, file.write(&[])?);
    println!("{:?}", std::fs::remove_file("seeking"));
    Ok(())
}
