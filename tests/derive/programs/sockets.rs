//! Sockets of one thread: both ends of streams and datagrams, what cannot be, options, waiting, names.

use std::fmt::Debug;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{
    Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket,
};
use std::time::{Duration, Instant};

const LOCAL: &str = "127.0.0.1:0";
const LOCAL6: &str = "[::1]:0";

fn main() -> io::Result<()> {
    for address in [LOCAL, LOCAL6] {
        println!("-- streams at {address}");
        streams(address)?;
        println!("-- datagrams at {address}");
        datagrams(address)?;
    }
    println!("-- nonblocking");
    nonblocking()?;
    println!("-- timeouts");
    timeouts()?;
    println!("-- options");
    options()?;
    println!("-- both families");
    both_families()?;
    println!("-- errors");
    errors()?;
    println!("-- names");
    names();
    Ok(())
}

fn show(what: &str, result: io::Result<impl Debug>) {
    match result {
        Ok(value) => println!("{what}: {value:?}"),
        Err(error) => match error.raw_os_error() {
            Some(number) => println!("{what}: {:?} {number}", error.kind()),
            None => println!("{what}: {:?}: {error}", error.kind()),
        },
    }
}

/// An address without its port, which the system chose.
fn host(address: io::Result<SocketAddr>) -> String {
    match address {
        Ok(address) => format!("{} {}", address.ip(), address.port() != 0),
        Err(error) => format!("{:?}", error.kind()),
    }
}

fn pair(address: &str) -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(address)?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, from) = listener.accept()?;
    assert_eq!(from, client.local_addr()?);
    assert_eq!(server.peer_addr()?, client.local_addr()?);
    assert_eq!(server.local_addr()?, client.peer_addr()?);
    Ok((client, server))
}

fn streams(address: &str) -> io::Result<()> {
    let (mut client, mut server) = pair(address)?;
    println!("client {} to {}", host(client.local_addr()), host(client.peer_addr()));
    client.write_all(b"question")?;
    let mut buffer = [0; 8];
    server.read_exact(&mut buffer[..4])?;
    println!("read {:?}", &buffer[..4]);
    println!("peek {:?}", server.peek(&mut buffer)?);
    println!("peek {:?}", server.peek(&mut buffer)?);
    server.read_exact(&mut buffer[4..])?;
    println!("read {:?}", &buffer);
    println!("written {}", server.write_vectored(&[IoSlice::new(b"an"), IoSlice::new(b"swer")])?);
    let (mut one, mut two) = ([0; 3], [0; 3]);
    let count = client.read_vectored(&mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)])?;
    println!("vectored {} {count} {one:?} {two:?}", client.is_write_vectored_now());
    let mut again = client.try_clone()?;
    again.write_all(b"clone")?;
    drop(again);
    client.shutdown(Shutdown::Write)?;
    let mut rest = String::new();
    server.read_to_string(&mut rest)?;
    println!("rest {rest:?}");
    show("write after shutdown", client.write(b"x"));
    server.write_all(b"half open")?;
    drop(server);
    let mut rest = String::new();
    client.read_to_string(&mut rest)?;
    println!("rest {rest:?}");
    show("shutdown both", client.shutdown(Shutdown::Both));
    println!("error {:?}", client.take_error()?);

    let (client, mut server) = pair(address)?;
    (&client).write_all(b"unread")?;
    server.read_exact(&mut [0; 1])?;
    drop(server);
    show("read after reset", (&client).read(&mut [0; 1]));
    show("read again", (&client).read(&mut [0; 1]));
    show("write after reset", (&client).write(b"x"));
    println!("peer {}", host(client.peer_addr()));

    let (mut client, mut server) = pair(address)?;
    let total = 3_000_000;
    let (mut sent, mut got, mut sum) = (0_usize, 0_usize, 0_u64);
    client.set_nonblocking(true)?;
    server.set_nonblocking(true)?;
    let mut room = vec![0; 10_000];
    while got < total {
        let data: Vec<u8> = (sent..(sent + 9_973).min(total)).map(|place| place as u8).collect();
        match client.write(&data) {
            Ok(count) => sent += count,
            Err(error) if sent < total => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            Err(error) => return Err(error),
        }
        match server.read(&mut room) {
            Ok(count) => {
                for (place, &byte) in room[..count].iter().enumerate() {
                    assert_eq!(byte, (got + place) as u8);
                    sum += u64::from(byte);
                }
                got += count;
            }
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
    println!("through a full buffer: {got} {sum}");
    Ok(())
}

trait Vectored {
    fn is_write_vectored_now(&self) -> bool;
}

impl Vectored for TcpStream {
    /// `is_write_vectored` is not stable: that vectored calls work is what can be seen.
    fn is_write_vectored_now(&self) -> bool {
        true
    }
}

fn datagrams(address: &str) -> io::Result<()> {
    let (one, two) = (UdpSocket::bind(address)?, UdpSocket::bind(address)?);
    let (first, second) = (one.local_addr()?, two.local_addr()?);
    println!("at {}", host(Ok(first)));
    println!("sent {}", one.send_to(b"hello", second)?);
    println!("sent {}", one.send_to(b"", second)?);
    println!("sent {}", one.send_to(b"too long for it", second)?);
    let mut buffer = [0; 8];
    let (count, from) = two.peek_from(&mut buffer)?;
    println!("peek {count} {:?} {}", &buffer[..count], from == first);
    let (count, from) = two.recv_from(&mut buffer)?;
    println!("received {count} {:?} {}", &buffer[..count], from == first);
    println!("received {:?}", two.recv_from(&mut buffer).map(|(count, from)| (count, from == first)));
    println!("received {:?}", two.recv_from(&mut buffer).map(|(count, from)| (count, from == first)));
    show("send without address", one.send(b"x"));
    println!("peer {}", host(one.peer_addr()));
    two.connect(first)?;
    println!("peer {}", two.peer_addr()? == first);
    two.send(b"connected")?;
    let clone = one.try_clone()?;
    println!("peek {}", clone.peek(&mut buffer)?);
    println!("received {}", clone.recv(&mut buffer)?);
    let stranger = UdpSocket::bind(address)?;
    stranger.send_to(b"stranger", second)?;
    one.send_to(b"friend", second)?;
    let count = two.recv(&mut buffer)?;
    println!("only {:?}", &buffer[..count]);
    two.set_nonblocking(true)?;
    show("nothing", two.recv(&mut buffer));
    show("too much", stranger.send_to(&vec![0; 70_000], second));
    drop((one, clone));
    show("to nobody", two.send(b"x"));
    show("refused", two.send(b"x"));
    show("after", two.send(b"x"));
    println!("error {:?}", two.take_error()?.map(|error| error.kind()));
    show("reconnect", two.connect(stranger.local_addr()?));
    show("received", two.recv(&mut buffer).map_err(|_| io::ErrorKind::WouldBlock.into()));
    Ok(())
}

fn nonblocking() -> io::Result<()> {
    let listener = TcpListener::bind(LOCAL)?;
    listener.set_nonblocking(true)?;
    show("accept", listener.accept());
    let client = TcpStream::connect_timeout(&listener.local_addr()?, Duration::from_secs(5))?;
    let server = loop {
        match listener.accept() {
            Ok((server, _)) => break server,
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    };
    client.set_nonblocking(true)?;
    show("read", (&client).read(&mut [0; 4]));
    show("peek", client.peek(&mut [0; 4]));
    (&server).write_all(b"come")?;
    let count = loop {
        match (&client).read(&mut [0; 4]) {
            Ok(count) => break count,
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    };
    println!("read {count}");
    let mut sent = 0_usize;
    let error = loop {
        match (&client).write(&[7; 1 << 16]) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
    };
    println!("full after {} bytes or more: {:?}", sent.min(4096), error.kind());
    server.set_nonblocking(false)?;
    let socket = UdpSocket::bind(LOCAL)?;
    socket.set_nonblocking(true)?;
    show("receive", socket.recv_from(&mut [0; 4]));
    Ok(())
}

fn timeouts() -> io::Result<()> {
    let (mut client, server) = pair(LOCAL)?;
    println!("{:?} {:?}", client.read_timeout()?, client.write_timeout()?);
    show("zero", client.set_read_timeout(Some(Duration::ZERO)));
    client.set_read_timeout(Some(Duration::from_millis(120)))?;
    client.set_write_timeout(Some(Duration::from_millis(80)))?;
    println!("{:?} {:?}", client.read_timeout()?, client.write_timeout()?);
    let began = Instant::now();
    show("read", client.read(&mut [0; 4]));
    println!("in time {}", began.elapsed() >= Duration::from_millis(100));
    let error = loop {
        if let Err(error) = client.write(&[7; 1 << 16]) {
            break error;
        }
    };
    println!("write {:?}", error.kind());
    client.set_read_timeout(None)?;
    println!("{:?}", client.read_timeout()?);
    drop(server);
    let socket = UdpSocket::bind(LOCAL)?;
    socket.set_read_timeout(Some(Duration::from_millis(60)))?;
    println!("{:?}", socket.read_timeout()?);
    show("receive", socket.recv_from(&mut [0; 4]));
    show("zero", TcpStream::connect_timeout(&socket.local_addr()?, Duration::ZERO));
    Ok(())
}

fn options() -> io::Result<()> {
    let (client, _server) = pair(LOCAL)?;
    println!("nodelay {}", client.nodelay()?);
    client.set_nodelay(true)?;
    println!("nodelay {}", client.nodelay()?);
    client.set_ttl(42)?;
    println!("ttl {}", client.ttl()?);
    show("ttl", client.set_ttl(0));
    show("ttl", client.set_ttl(256));
    let listener = TcpListener::bind(LOCAL)?;
    listener.set_ttl(43)?;
    println!("ttl {}", listener.ttl()?);
    println!("error {:?}", listener.take_error()?);
    let socket = UdpSocket::bind(LOCAL)?;
    println!("broadcast {}", socket.broadcast()?);
    socket.set_broadcast(true)?;
    println!("broadcast {}", socket.broadcast()?);
    println!("multicast {} {}", socket.multicast_loop_v4()?, socket.multicast_ttl_v4()?);
    socket.set_multicast_loop_v4(false)?;
    socket.set_multicast_ttl_v4(7)?;
    println!("multicast {} {}", socket.multicast_loop_v4()?, socket.multicast_ttl_v4()?);
    let group = Ipv4Addr::new(224, 0, 0, 123);
    show("join", socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST));
    show("join again", socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST));
    show("leave", socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST));
    show("leave again", socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST));
    show("no group", socket.join_multicast_v4(&Ipv4Addr::LOCALHOST, &Ipv4Addr::LOCALHOST));
    let socket = UdpSocket::bind(LOCAL6)?;
    println!("multicast {}", socket.multicast_loop_v6()?);
    socket.set_multicast_loop_v6(false)?;
    println!("multicast {}", socket.multicast_loop_v6()?);
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x123);
    show("join", socket.join_multicast_v6(&group, 1));
    show("leave", socket.leave_multicast_v6(&group, 1));
    show("leave again", socket.leave_multicast_v6(&group, 1));
    let debug = format!("{client:?}");
    println!("{}", debug.starts_with("TcpStream { addr: 127.0.0.1:") && debug.contains("peer: 127.0.0.1:"));
    Ok(())
}

fn both_families() -> io::Result<()> {
    let listener = TcpListener::bind("[::]:0")?;
    let port = listener.local_addr()?.port();
    let client = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let (server, from) = listener.accept()?;
    println!("from {} at {}", from.ip(), server.local_addr()?.ip());
    println!("client {} to {}", host(client.local_addr()), host(client.peer_addr()));
    show("taken", TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    let socket = UdpSocket::bind("[::]:0")?;
    let port = socket.local_addr()?.port();
    let four = UdpSocket::bind(LOCAL)?;
    four.send_to(b"4", (Ipv4Addr::LOCALHOST, port))?;
    let (_, from) = socket.recv_from(&mut [0; 4])?;
    println!("from {}", from.ip());
    socket.send_to(b"6", from)?;
    println!("received {}", four.recv(&mut [0; 4])?);
    show("wrong family", four.send_to(b"6", (Ipv6Addr::LOCALHOST, port)));
    Ok(())
}

fn errors() -> io::Result<()> {
    let free = TcpListener::bind(LOCAL)?.local_addr()?;
    show("refused", TcpStream::connect(free));
    show("refused in time", TcpStream::connect_timeout(&free, Duration::from_secs(5)));
    let listener = TcpListener::bind(LOCAL)?;
    show("in use", TcpListener::bind(listener.local_addr()?));
    let socket = UdpSocket::bind(LOCAL)?;
    show("in use", UdpSocket::bind(socket.local_addr()?));
    show("not here", TcpListener::bind("192.0.2.7:0"));
    show("not here", UdpSocket::bind("[2001:db8::7]:0"));
    let several: &[SocketAddr] = &[free, listener.local_addr()?];
    println!("one of several: {}", TcpStream::connect(several)?.peer_addr()? == listener.local_addr()?);
    show("no addresses", TcpStream::connect::<&[SocketAddr]>(&[]));
    show("no port", TcpStream::connect("127.0.0.1"));
    Ok(())
}

fn names() {
    for name in ["127.0.0.1:80", "[::1]:80", "localhost:http", "localhost"] {
        show(name, name.to_socket_addrs().map(|found| found.collect::<Vec<_>>()));
    }
    for name in ["localhost", "10.1.2.3", "::2"] {
        let found = (name, 7).to_socket_addrs().map(|found| {
            let mut found: Vec<_> = found.filter(|address| address.is_ipv4() || name != "localhost").collect();
            found.sort();
            found
        });
        show(name, found);
    }
    let unknown = ("no-such-host.invalid", 7).to_socket_addrs();
    println!("unknown {}", unknown.is_err());
}
