//! Commands, pipes, ends and errors: what a process can do with others. It starts itself again, by name of a task.

use std::env;
use std::io::{self, ErrorKind, Read, Write};
use std::process::{Child, Command, ExitCode, Stdio, exit};
use std::thread;
use std::time::{Duration, Instant};

const LARGE: usize = 300_000;

fn me(task: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("the program has a path"));
    command.arg(task);
    command
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    match arguments.get(1).map(String::as_str) {
        None | Some("all") => {
            let tests: &[(&str, fn() -> io::Result<()>)] = &[
                ("statuses", statuses),
                ("outputs", outputs),
                ("inputs", inputs),
                ("large", large),
                ("environment", environment),
                ("directory", directory),
                ("failures", failures),
                ("waiting", waiting),
                ("signals", signals),
                ("streams", streams),
                ("chains", chains),
                ("many", many),
                ("nested", nested),
                ("pipes", pipes),
                ("search", search),
                ("shown", shown),
            ];
            let only = arguments.get(2);
            for (name, test) in tests.iter().filter(|(name, _)| only.is_none_or(|only| only == name)) {
                println!("-- {name}");
                test().unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            ExitCode::SUCCESS
        }
        Some("exit") => ExitCode::from(arguments[2].parse::<u8>().unwrap()),
        Some("say") => {
            print!("{}", arguments[2..].join("|"));
            eprint!("complaint");
            ExitCode::SUCCESS
        }
        Some("copy") => {
            io::copy(&mut io::stdin(), &mut io::stdout()).unwrap();
            ExitCode::SUCCESS
        }
        Some("both") => {
            let text = pattern(LARGE);
            for piece in text.chunks(7000) {
                io::stderr().write_all(piece).unwrap();
                io::stdout().write_all(piece).unwrap();
            }
            ExitCode::SUCCESS
        }
        Some("variables") => {
            let mut list: Vec<_> = env::vars().filter(|(name, _)| name != "PATH").collect();
            list.sort();
            print!("{list:?}");
            ExitCode::SUCCESS
        }
        Some("where") => {
            print!("{}", env::current_dir().unwrap().display());
            ExitCode::SUCCESS
        }
        Some("sleep") => {
            thread::sleep(Duration::from_millis(arguments[2].parse().unwrap()));
            ExitCode::SUCCESS
        }
        Some("abort") => std::process::abort(),
        Some("crash") => {
            let place = std::hint::black_box(8_usize);
            // SAFETY: none: this is meant to end the process.
            unsafe { std::ptr::without_provenance_mut::<u8>(place).write_volatile(1) };
            ExitCode::SUCCESS
        }
        Some("panic") => panic!("on purpose"),
        Some("nest") => {
            let depth: u32 = arguments[2].parse().unwrap();
            if depth == 0 {
                println!("the innermost");
                return ExitCode::SUCCESS;
            }
            let status = me("nest").arg((depth - 1).to_string()).status().unwrap();
            println!("depth {depth}: {status}");
            ExitCode::from(depth as u8)
        }
        Some(other) => {
            eprintln!("unknown task {other}");
            exit(99)
        }
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 7 % 251) as u8).collect()
}

fn statuses() -> io::Result<()> {
    for code in [0, 1, 7, 255] {
        let status = me("exit").arg(code.to_string()).status()?;
        println!("{status} {:?} {}", status.code(), status.success());
    }
    println!("{:?}", me("panic").stderr(Stdio::null()).status()?.code().is_some());
    println!("{:?}", me("no such task").stderr(Stdio::null()).status()?.code());
    Ok(())
}

fn outputs() -> io::Result<()> {
    let output = me("say").args(["a", "b c", "", "ä\"'$"]).output()?;
    println!("{} {:?}", output.status, String::from_utf8_lossy(&output.stdout));
    println!("{:?}", String::from_utf8_lossy(&output.stderr));
    let output = me("say").arg("x").stderr(Stdio::null()).output()?;
    println!("{:?} {:?}", output.stdout, output.stderr);
    Ok(())
}

fn inputs() -> io::Result<()> {
    let mut child = me("copy").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().unwrap().write_all(b"through and back")?;
    let output = child.wait_with_output()?;
    println!("{} {:?}", output.status, String::from_utf8_lossy(&output.stdout));
    println!("{:?}", me("copy").stdin(Stdio::null()).output()?.stdout);
    println!("{:?}", me("copy").output()?.stdout, /* output() gives no input */);
    Ok(())
}

/// More on each stream than a pipe holds, in both directions at once.
fn large() -> io::Result<()> {
    let output = me("both").output()?;
    println!("{}", output.stdout == pattern(LARGE) && output.stderr == pattern(LARGE));
    let mut child = me("copy").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().unwrap();
    let feeder = thread::spawn(move || stdin.write_all(&pattern(LARGE)));
    let mut back = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut back)?;
    feeder.join().unwrap()?;
    println!("{} {}", child.wait()?, back == pattern(LARGE));
    Ok(())
}

fn environment() -> io::Result<()> {
    let text = |command: &mut Command| -> io::Result<String> {
        Ok(String::from_utf8_lossy(&command.output()?.stdout).into_owned())
    };
    println!("{}", text(me("variables").env_clear())?);
    println!("{}", text(me("variables").env_clear().env("ONE", "1").env("TWO", "2=3").env("THREE", ""))?);
    println!("{}", text(me("variables").env_clear().env("ONE", "1").env_remove("ONE"))?);
    // SAFETY: there is one thread.
    unsafe { env::set_var("INHERITED", "yes") };
    println!("{}", text(&mut me("variables"))?.contains("(\"INHERITED\", \"yes\")"));
    println!("{}", text(me("variables").env_remove("INHERITED"))?.contains("INHERITED"));
    Ok(())
}

fn directory() -> io::Result<()> {
    let folder = env::temp_dir().join("a folder");
    std::fs::create_dir_all(&folder)?;
    let output = me("where").current_dir(&folder).output()?;
    println!("{}", String::from_utf8_lossy(&output.stdout).ends_with("a folder"));
    let error = me("where").current_dir(folder.join("missing")).output().unwrap_err();
    println!("{:?}", error.kind());
    Ok(())
}

fn failures() -> io::Result<()> {
    let folder = env::temp_dir().join("failures");
    std::fs::create_dir_all(&folder)?;
    let plain = folder.join("plain");
    std::fs::write(&plain, "text")?;
    let kind = |command: &mut Command| command.spawn().map(drop).unwrap_err().kind();
    println!("{:?}", kind(&mut Command::new(folder.join("missing"))));
    println!("{:?}", kind(&mut Command::new("no-such-program-anywhere")));
    println!("{:?}", kind(&mut Command::new("")));
    println!("{:?}", kind(&mut Command::new(&plain)));
    println!("{:?}", kind(&mut Command::new(&folder)));
    println!("{:?}", kind(&mut Command::new(plain.join("below"))));
    println!("{:?}", kind(&mut Command::new("a\0b")));
    println!("{:?}", kind(me("exit").arg("a\0b")));
    println!("{:?}", kind(me("exit").env("A", "b\0c")));
    println!("{:?}", kind(me("exit").current_dir("a\0b")));
    Ok(())
}

fn waiting() -> io::Result<()> {
    let began = Instant::now();
    let mut child = me("sleep").arg("300").spawn()?;
    let mut asked = 0;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None => asked += 1,
        }
        thread::sleep(Duration::from_millis(20));
    };
    println!("{status} {} {}", asked > 0, began.elapsed() >= Duration::from_millis(300));
    println!("{:?} {}", child.try_wait()?.map(|status| status.success()), child.wait()?);
    println!("{:?}", child.kill().is_ok());
    let children: Vec<Child> = [1, 2, 3].map(|code| me("exit").arg(code.to_string()).spawn().unwrap()).into();
    for mut child in children.into_iter().rev() {
        println!("{}", child.wait()?);
    }
    Ok(())
}

fn signals() -> io::Result<()> {
    let mut child = me("sleep").arg("100000").spawn()?;
    child.kill()?;
    let status = child.wait()?;
    println!("{status} {:?} {}", status.code(), status.success());
    for task in ["abort", "crash"] {
        let status = me(task).stderr(Stdio::null()).status()?;
        println!("{task} {status} {:?}", status.code());
    }
    let (reader, mut writer) = io::pipe()?;
    drop(reader);
    println!("{:?}", writer.write(b"x").unwrap_err().kind());
    Ok(())
}

fn streams() -> io::Result<()> {
    let path = env::temp_dir().join("streams");
    let file = std::fs::File::create(&path)?;
    let status = me("say").arg("to a file").stdout(file.try_clone()?).stderr(file).status()?;
    println!("{status} {:?}", std::fs::read_to_string(&path)?);
    let status = me("copy").stdin(std::fs::File::open(&path)?).stdout(Stdio::inherit()).status()?;
    println!(" {status}");
    println!("{}", me("say").arg("inherited ").stderr(io::stdout()).status()?);
    Ok(())
}

/// One child's output is the next one's input.
fn chains() -> io::Result<()> {
    let mut first = me("say").arg("from one to the next").stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let middle = me("copy").stdin(first.stdout.take().unwrap()).stdout(Stdio::piped()).spawn()?;
    let last = me("copy").stdin(middle.stdout.unwrap()).output()?;
    println!("{:?} {}", String::from_utf8_lossy(&last.stdout), first.wait()?);
    Ok(())
}

fn many() -> io::Result<()> {
    let mut sum = 0;
    for number in 0..50 {
        let output = me("say").arg(number.to_string()).output()?;
        sum += String::from_utf8_lossy(&output.stdout).parse::<u32>().unwrap();
    }
    let children: Vec<Child> =
        (0..20).map(|code| me("exit").arg(code.to_string()).spawn().unwrap()).collect();
    let codes: i32 = children.into_iter().map(|mut child| child.wait().unwrap().code().unwrap()).sum();
    println!("{sum} {codes}");
    Ok(())
}

fn nested() -> io::Result<()> {
    let output = me("nest").arg("3").output()?;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    println!("{}", output.status);
    Ok(())
}

fn pipes() -> io::Result<()> {
    let (mut reader, mut writer) = io::pipe()?;
    let mut second = writer.try_clone()?;
    let feeder = thread::spawn(move || {
        writer.write_all(&pattern(LARGE)).unwrap();
    });
    let mut start = vec![0; LARGE];
    reader.read_exact(&mut start)?;
    feeder.join().unwrap();
    second.write_all(b" and the rest")?;
    drop(second);
    let mut rest = String::new();
    reader.read_to_string(&mut rest)?;
    println!("{} {rest:?}", start == pattern(LARGE));
    let (mut reader, writer) = io::pipe()?;
    let mut child = me("say").arg("through one's own pipe").stdout(writer).stderr(Stdio::null()).spawn()?;
    let mut text = String::new();
    reader.read_to_string(&mut text)?;
    println!("{text:?} {}", child.wait()?);
    Ok(())
}

/// A name without a slash is looked for in the directories of PATH: the child's, where it has one of its own.
fn search() -> io::Result<()> {
    let program = env::current_exe()?;
    let (folder, name) = (program.parent().unwrap(), program.file_name().unwrap());
    let path = env::join_paths([env::temp_dir().as_path(), folder]).unwrap();
    println!("{}", Command::new(name).args(["exit", "5"]).env("PATH", &path).status()?);
    let missing = Command::new(name).args(["exit", "5"]).env("PATH", env::temp_dir()).status();
    println!("{:?}", missing.map_err(|error| error.kind()));
    // A file of that name that may not be executed does not hide the one behind it.
    std::fs::write(env::temp_dir().join(name), "text")?;
    println!("{}", Command::new(name).args(["exit", "6"]).env("PATH", &path).status()?);
    let refused = Command::new(name).env("PATH", env::temp_dir()).status();
    println!("{:?}", refused.map_err(|error| error.kind()));
    // SAFETY: there is one thread.
    unsafe { env::set_var("PATH", &path) };
    println!("{}", Command::new(name).args(["exit", "7"]).status()?);
    Ok(())
}

fn shown() -> io::Result<()> {
    let mut command = Command::new("ls");
    command.arg("-l").arg("a b").env("A", "1").env_remove("B").current_dir("/tmp");
    println!("{command:?}");
    println!("{:?}", command.get_args().collect::<Vec<_>>());
    println!("{:?} {:?}", command.get_program(), command.get_current_dir());
    println!("{:?}", command.get_envs().collect::<Vec<_>>());
    println!("{:?}", Command::new("x").env_clear().env("C", "3"));
    println!("{:?} {}", ErrorKind::BrokenPipe, std::process::id() > 0);
    Ok(())
}
