//! Streams of bytes between two sockets, and sockets that wait for others to connect.

use super::options::settable;
use super::socket::{Socket, Way};
use crate::fmt;
use crate::io::{self, BorrowedCursor, IoSlice, IoSliceMut};
use crate::net::{Shutdown, SocketAddr, ToSocketAddrs};
use crate::sys::FromInner;
use crate::sys::net::connection::each_addr;
use crate::sys::pal::abi;
use crate::time::Duration;

/// How many connections may wait to be accepted.
const BACKLOG: isize = 128;

pub struct TcpStream(Socket);

impl TcpStream {
    pub fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        each_addr(addr, |address| {
            let socket = Socket::new(address, abi::SOCK_STREAM)?;
            socket.connect(address)?;
            Ok(TcpStream(socket))
        })
    }

    pub fn connect_timeout(addr: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        let socket = Socket::new(addr, abi::SOCK_STREAM)?;
        socket.connect_timeout(addr, timeout)?;
        Ok(TcpStream(socket))
    }

    pub fn socket(&self) -> &Socket {
        &self.0
    }

    pub fn into_socket(self) -> Socket {
        self.0
    }

    pub fn set_read_timeout(&self, longest: Option<Duration>) -> io::Result<()> {
        self.0.set_timeout(Way::Reading, longest)
    }

    pub fn set_write_timeout(&self, longest: Option<Duration>) -> io::Result<()> {
        self.0.set_timeout(Way::Writing, longest)
    }

    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        self.0.timeout(Way::Reading)
    }

    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        self.0.timeout(Way::Writing)
    }

    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.peek(buf)
    }

    pub fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }

    pub fn read_buf(&self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        self.0.read_buf(cursor)
    }

    pub fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.read_vectored(bufs)
    }

    pub fn is_read_vectored(&self) -> bool {
        self.0.is_read_vectored()
    }

    pub fn write(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    pub fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(bufs)
    }

    pub fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    pub fn socket_addr(&self) -> io::Result<SocketAddr> {
        self.0.socket_addr()
    }

    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(match how {
            Shutdown::Read => abi::SHUT_RD,
            Shutdown::Write => abi::SHUT_WR,
            Shutdown::Both => abi::SHUT_RDWR,
        })
    }

    pub fn duplicate(&self) -> io::Result<TcpStream> {
        self.0.duplicate().map(TcpStream)
    }

    pub fn set_linger(&self, longest: Option<Duration>) -> io::Result<()> {
        self.0.set_linger(longest)
    }

    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.0.linger()
    }

    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.set_flag(abi::IPPROTO_TCP, abi::TCP_NODELAY, nodelay)
    }

    pub fn nodelay(&self) -> io::Result<bool> {
        self.0.flag(abi::IPPROTO_TCP, abi::TCP_NODELAY)
    }

    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.set_ttl(ttl)
    }

    pub fn ttl(&self) -> io::Result<u32> {
        self.0.ttl()
    }

    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }

    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }
}

impl FromInner<Socket> for TcpStream {
    fn from_inner(socket: Socket) -> TcpStream {
        TcpStream(socket)
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show("TcpStream", true, f)
    }
}

pub struct TcpListener(Socket);

impl TcpListener {
    /// Binds and listens. An address that connections of an earlier listener still have is taken over.
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        each_addr(addr, |address| {
            let socket = Socket::new(address, abi::SOCK_STREAM)?;
            if settable(abi::SOL_SOCKET, abi::SO_REUSEADDR) {
                socket.set_flag(abi::SOL_SOCKET, abi::SO_REUSEADDR, true)?;
            }
            socket.bind(address)?;
            socket.listen(BACKLOG)?;
            Ok(TcpListener(socket))
        })
    }

    pub fn socket(&self) -> &Socket {
        &self.0
    }

    pub fn into_socket(self) -> Socket {
        self.0
    }

    pub fn socket_addr(&self) -> io::Result<SocketAddr> {
        self.0.socket_addr()
    }

    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.0.accept().map(|(socket, address)| (TcpStream(socket), address))
    }

    pub fn duplicate(&self) -> io::Result<TcpListener> {
        self.0.duplicate().map(TcpListener)
    }

    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.set_ttl(ttl)
    }

    pub fn ttl(&self) -> io::Result<u32> {
        self.0.ttl()
    }

    pub fn set_only_v6(&self, only_v6: bool) -> io::Result<()> {
        self.0.set_flag(abi::IPPROTO_IPV6, abi::IPV6_V6ONLY, only_v6)
    }

    pub fn only_v6(&self) -> io::Result<bool> {
        self.0.flag(abi::IPPROTO_IPV6, abi::IPV6_V6ONLY)
    }

    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }

    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }
}

impl FromInner<Socket> for TcpListener {
    fn from_inner(socket: Socket) -> TcpListener {
        TcpListener(socket)
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show("TcpListener", false, f)
    }
}
