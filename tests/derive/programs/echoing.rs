//! Sockets of several threads: servers and clients at once, readers that wait, ends that come from elsewhere.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 6;
const LINES: usize = 5;

fn main() -> io::Result<()> {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        println!("-- lines at {address}");
        lines(address)?;
        println!("-- datagrams at {address}");
        datagrams(address)?;
    }
    println!("-- more than a buffer holds");
    flood()?;
    println!("-- waiting");
    waiting()?;
    println!("-- clones");
    clones()?;
    println!("-- a request of an old protocol");
    request()?;
    Ok(())
}

/// A server with a thread for each client, and clients that speak at once.
fn lines(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    let place = listener.local_addr()?;
    let server = thread::spawn(move || -> io::Result<usize> {
        let mut served = Vec::new();
        for stream in listener.incoming().take(CLIENTS) {
            let stream = stream?;
            served.push(thread::spawn(move || -> io::Result<usize> {
                let mut answers = stream.try_clone()?;
                let mut count = 0;
                for line in BufReader::new(stream).lines() {
                    let line: String = line?.chars().rev().collect();
                    answers.write_all(format!("{line}\n").as_bytes())?;
                    count += 1;
                }
                Ok(count)
            }));
        }
        served.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            thread::spawn(move || -> io::Result<Vec<String>> {
                let stream = TcpStream::connect(place)?;
                let mut answers = BufReader::new(stream.try_clone()?);
                let mut heard = Vec::new();
                for line in 0..LINES {
                    (&stream).write_all(format!("client {number} line {line}\n").as_bytes())?;
                    let mut answer = String::new();
                    answers.read_line(&mut answer)?;
                    heard.push(answer.trim_end().to_owned());
                }
                stream.shutdown(Shutdown::Write)?;
                let mut rest = String::new();
                answers.read_to_string(&mut rest)?;
                assert!(rest.is_empty());
                Ok(heard)
            })
        })
        .collect();
    for client in clients {
        println!("{:?}", client.join().unwrap()?);
    }
    println!("{} lines", server.join().unwrap()?);
    Ok(())
}

/// One socket that answers whoever asks, until it hears the end.
fn datagrams(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    let place = socket.local_addr()?;
    let server = thread::spawn(move || -> io::Result<HashMap<SocketAddr, usize>> {
        let mut heard = HashMap::new();
        let mut buffer = [0; 64];
        loop {
            let (count, from) = socket.recv_from(&mut buffer)?;
            if &buffer[..count] == b"end" {
                return Ok(heard);
            }
            buffer[..count].make_ascii_uppercase();
            socket.send_to(&buffer[..count], from)?;
            *heard.entry(from).or_insert(0) += 1;
        }
    });
    let clients: Vec<_> = (0..3)
        .map(|number| {
            let address = address.to_owned();
            thread::spawn(move || -> io::Result<String> {
                let socket = UdpSocket::bind(&address)?;
                socket.connect(place)?;
                let mut last = String::new();
                for line in 0..LINES {
                    socket.send(format!("datagram {line} of {number}").as_bytes())?;
                    let mut buffer = [0; 64];
                    let count = socket.recv(&mut buffer)?;
                    last = String::from_utf8_lossy(&buffer[..count]).into_owned();
                }
                Ok(last)
            })
        })
        .collect();
    for client in clients {
        println!("{}", client.join().unwrap()?);
    }
    UdpSocket::bind(address)?.send_to(b"end", place)?;
    let heard = server.join().unwrap()?;
    println!("{} askers, {:?} questions", heard.len(), heard.values().sum::<usize>());
    Ok(())
}

/// A writer that has to wait for its reader, again and again.
fn flood() -> io::Result<()> {
    const TOTAL: usize = 5_000_000;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let writer = thread::spawn(move || -> io::Result<u64> {
        let data: Vec<u8> = (0..TOTAL).map(|place| (place * 31 >> 3) as u8).collect();
        client.write_all(&data)?;
        Ok(data.iter().map(|&byte| u64::from(byte)).sum())
    });
    let (mut server, _) = listener.accept()?;
    let mut data = Vec::new();
    server.read_to_end(&mut data)?;
    let sum: u64 = data.iter().map(|&byte| u64::from(byte)).sum();
    println!("{} {}", data.len(), sum == writer.join().unwrap()?);
    Ok(())
}

fn waiting() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let place = listener.local_addr()?;
    let (told, telling) = mpsc::channel();
    let reader = thread::spawn(move || -> io::Result<usize> {
        let mut stream = TcpStream::connect(place)?;
        told.send(stream.try_clone()?).unwrap();
        loop {
            match stream.read(&mut [0; 8]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    });
    let (_server, _) = listener.accept()?;
    let stream = telling.recv().unwrap();
    thread::sleep(Duration::from_millis(50));
    stream.shutdown(Shutdown::Both)?;
    println!("a reader is woken by a shutdown: {}", reader.join().unwrap()?);

    let slow = TcpListener::bind("127.0.0.1:0")?;
    let place = slow.local_addr()?;
    let server = thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = slow.accept()?;
        thread::sleep(Duration::from_millis(300));
        stream.write_all(b"at last")
    });
    let mut stream = TcpStream::connect_timeout(&place, Duration::from_secs(30))?;
    stream.set_read_timeout(Some(Duration::from_millis(60)))?;
    let (began, mut tries) = (Instant::now(), 0);
    let count = loop {
        match stream.read(&mut [0; 64]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => tries += 1,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    server.join().unwrap()?;
    println!("patience {} {} {}", tries > 1, count > 0, began.elapsed() > Duration::from_millis(200));
    Ok(())
}

fn clones() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let place = listener.local_addr()?;
    let other = listener.try_clone()?;
    let threads = [listener, other].map(|listener| {
        thread::spawn(move || -> io::Result<Vec<u8>> {
            let (mut stream, _) = listener.accept()?;
            let mut data = Vec::new();
            stream.read_to_end(&mut data)?;
            Ok(data)
        })
    });
    for data in ["one", "two"] {
        let mut stream = TcpStream::connect(place)?;
        let mut again = stream.try_clone()?;
        stream.write_all(data.as_bytes())?;
        drop(stream);
        again.write_all(b" and again")?;
    }
    let mut heard = Vec::new();
    for thread in threads {
        heard.push(String::from_utf8_lossy(&thread.join().unwrap()?).into_owned());
    }
    heard.sort();
    println!("{heard:?}");
    println!("nobody listens: {:?}", TcpStream::connect(place).map_err(|error| error.kind()).err());
    Ok(())
}

fn request() -> io::Result<()> {
    let listener = TcpListener::bind("localhost:0")?;
    let place = listener.local_addr()?;
    let server = thread::spawn(move || -> io::Result<String> {
        let (stream, _) = listener.accept()?;
        let mut asked = Vec::new();
        for line in BufReader::new(&stream).lines() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            asked.push(line);
        }
        (&stream).write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
        Ok(asked.join("|"))
    });
    let mut stream = TcpStream::connect(("localhost", place.port()))?;
    stream.set_nodelay(true)?;
    write!(stream, "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    println!("{:?}", answer.lines().last());
    println!("{}", server.join().unwrap()?);
    Ok(())
}
