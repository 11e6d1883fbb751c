//! Datagrams between sockets.

use super::socket::{Socket, Way, peeking};
use crate::fmt;
use crate::io;
use crate::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use crate::sys::FromInner;
use crate::sys::net::connection::each_addr;
use crate::sys::pal::abi;
use crate::time::Duration;

pub struct UdpSocket(Socket);

impl UdpSocket {
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        each_addr(addr, |address| {
            let socket = Socket::new(address, abi::SOCK_DGRAM)?;
            socket.bind(address)?;
            Ok(UdpSocket(socket))
        })
    }

    pub fn socket(&self) -> &Socket {
        &self.0
    }

    pub fn into_socket(self) -> Socket {
        self.0
    }

    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    pub fn socket_addr(&self) -> io::Result<SocketAddr> {
        self.0.socket_addr()
    }

    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.receive_from(buf, 0)
    }

    pub fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.receive_from(buf, peeking()?)
    }

    pub fn send_to(&self, buf: &[u8], address: &SocketAddr) -> io::Result<usize> {
        self.0.send_to(buf, address)
    }

    pub fn duplicate(&self) -> io::Result<UdpSocket> {
        self.0.duplicate().map(UdpSocket)
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

    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.0.set_flag(abi::SOL_SOCKET, abi::SO_BROADCAST, broadcast)
    }

    pub fn broadcast(&self) -> io::Result<bool> {
        self.0.flag(abi::SOL_SOCKET, abi::SO_BROADCAST)
    }

    pub fn set_multicast_loop_v4(&self, own: bool) -> io::Result<()> {
        self.0.set_flag(abi::IPPROTO_IP, abi::IP_MULTICAST_LOOP, own)
    }

    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.0.flag(abi::IPPROTO_IP, abi::IP_MULTICAST_LOOP)
    }

    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.0.set_number(abi::IPPROTO_IP, abi::IP_MULTICAST_TTL, ttl as i32)
    }

    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        Ok(self.0.number(abi::IPPROTO_IP, abi::IP_MULTICAST_TTL)? as u32)
    }

    pub fn set_multicast_loop_v6(&self, own: bool) -> io::Result<()> {
        self.0.set_flag(abi::IPPROTO_IPV6, abi::IPV6_MULTICAST_LOOP, own)
    }

    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.0.flag(abi::IPPROTO_IPV6, abi::IPV6_MULTICAST_LOOP)
    }

    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.0.set_group_v4(abi::IP_ADD_MEMBERSHIP, group, interface)
    }

    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.set_group_v6(abi::IPV6_ADD_MEMBERSHIP, group, interface)
    }

    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.0.set_group_v4(abi::IP_DROP_MEMBERSHIP, group, interface)
    }

    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.set_group_v6(abi::IPV6_DROP_MEMBERSHIP, group, interface)
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

    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.receive(buf, 0)
    }

    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.peek(buf)
    }

    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.send(buf)
    }

    pub fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        each_addr(addr, |address| self.0.connect(address))
    }
}

impl FromInner<Socket> for UdpSocket {
    fn from_inner(socket: Socket) -> UdpSocket {
        UdpSocket(socket)
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show("UdpSocket", false, f)
    }
}
