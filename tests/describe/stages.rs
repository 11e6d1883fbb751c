//! What each stage of a new kernel's system calls gives; the part is the first argument. Any failure is a panic.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, io, thread};

fn main() {
    let part = env::args().nth(1).expect("the part to do");
    match part.as_str() {
        "hello" => hello(),
        "tools" => tools(),
        "files" => files(),
        "directories" => directories(),
        "threads" => threads(),
        "processes" => processes(),
        "network" => network(),
        "child" => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).unwrap();
            print!("{} {text}", env::var("GIVEN").unwrap());
            std::process::exit(7)
        }
        _ => panic!("no such part"),
    }
    println!("{part} works");
}

fn hello() {
    let mut words: HashMap<String, usize> = HashMap::new();
    for word in "one two one".split(' ') {
        *words.entry(word.to_string()).or_default() += 1;
    }
    assert_eq!(words["one"], 2);
    let big = vec![1_u8; 1 << 20];
    assert_eq!(big.iter().map(|&each| each as usize).sum::<usize>(), 1 << 20);
    eprintln!("to standard error");
}

fn tools() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    assert_eq!(line, "a line\n");
    let before = Instant::now();
    thread::sleep(Duration::from_millis(20));
    assert!(before.elapsed() >= Duration::from_millis(20));
    assert!(SystemTime::now() > SystemTime::UNIX_EPOCH);
}

fn files() {
    let mut file = fs::File::create_new("/tmp/stage").unwrap();
    file.write_all(b"0123456789").unwrap();
    file.set_len(5).unwrap();
    drop(file);
    let mut file = fs::File::open("/tmp/stage").unwrap();
    assert_eq!(file.metadata().unwrap().len(), 5);
    file.seek(SeekFrom::Start(3)).unwrap();
    let mut rest = String::new();
    file.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "34");
    fs::rename("/tmp/stage", "/tmp/other").unwrap();
    assert!(fs::metadata("/tmp/other").unwrap().is_file() && fs::symlink_metadata("/tmp/stage").is_err());
    fs::remove_file("/tmp/other").unwrap();
}

fn directories() {
    fs::create_dir_all("/tmp/a/b/c").unwrap();
    fs::write("/tmp/a/b/file", "text").unwrap();
    let mut names: Vec<_> = fs::read_dir("/tmp/a/b").unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["c", "file"]);
    env::set_current_dir("/tmp/a").unwrap();
    assert_eq!(env::current_dir().unwrap(), std::path::Path::new("/tmp/a"));
    assert_eq!(fs::read_to_string("b/file").unwrap(), "text");
    fs::remove_dir_all("/tmp/a").unwrap();
    assert!(!fs::exists("/tmp/a").unwrap());
}

fn threads() {
    thread_local!(static OWN: std::cell::Cell<u32> = const { std::cell::Cell::new(1) });
    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let handles: Vec<_> = (0..4)
        .map(|number| {
            let pair = Arc::clone(&pair);
            thread::spawn(move || {
                OWN.set(OWN.get() + number);
                *pair.0.lock().unwrap() += OWN.get();
                pair.1.notify_all();
                number
            })
        })
        .collect();
    let mut sum = pair.0.lock().unwrap();
    while *sum < 10 {
        sum = pair.1.wait(sum).unwrap();
    }
    drop(sum);
    assert_eq!(handles.into_iter().map(|each| each.join().unwrap()).sum::<u32>(), 6);
    assert_eq!(OWN.get(), 1);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| sender.send(5).unwrap());
        assert_eq!(receiver.recv(), Ok(5));
    });
}

fn processes() {
    let program = env::args().next().unwrap();
    let mut child = Command::new(program)
        .arg("child")
        .env("GIVEN", "value")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"through a pipe").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(output.stdout, b"value through a pipe");
}

fn network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"over a socket").unwrap();
    });
    let (mut stream, peer) = listener.accept().unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), peer.ip()), ("over a socket", address.ip()));
    client.join().unwrap();
    let (first, second) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    first.send_to(b"datagram", second.local_addr().unwrap()).unwrap();
    let mut buffer = [0; 32];
    assert_eq!(second.recv_from(&mut buffer).unwrap(), (8, first.local_addr().unwrap()));
}
