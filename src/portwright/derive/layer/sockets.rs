//! Operations on sockets, with Rust types: addresses are packed and read as the ledger lays them out.

#![allow(dead_code)] // the family is whole; std calls what it needs

use super::abi::{self, Constant, Failure, Field, sockaddr_in, sockaddr_in6, utsname};
use super::files::Fd;
use super::uninterrupted;
use crate::io::{ErrorKind, SimpleMessage};
use crate::mem::MaybeUninit;
use crate::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

const V4_ROOM: usize = abi::sockaddr_in::SIZE;
const V6_ROOM: usize = abi::sockaddr_in6::SIZE;
/// Room for an address of any family, also of those that are not understood here.
const ROOM: usize = {
    let larger = if V4_ROOM > V6_ROOM { V4_ROOM } else { V6_ROOM };
    if larger > 128 { larger } else { 128 }
};

/// A socket's address as the system has it.
#[repr(align(16))]
pub struct Address {
    bytes: [u8; ROOM],
    length: u32,
}

impl Address {
    /// An address for the system to read; fails where the system's addresses cannot say it.
    pub fn new(address: &SocketAddr) -> Result<Address, Failure> {
        let mut new = Address { bytes: [0; ROOM], length: 0 };
        match address {
            SocketAddr::V4(address) => new.put_v4(address)?,
            SocketAddr::V6(address) => new.put_v6(address)?,
        }
        Ok(new)
    }

    /// Room for an address that the system writes.
    fn room() -> Address {
        Address { bytes: [0; ROOM], length: ROOM as u32 }
    }

    fn put_v4(&mut self, address: &SocketAddrV4) -> Result<(), Failure> {
        use sockaddr_in::*;

        self.length = SIZE as u32;
        self.number(SIN_FAMILY, abi::AF_INET.get()? as i64)?;
        self.optional(SIN_LEN, SIZE as i64)?;
        self.raw(SIN_PORT, &address.port().to_be_bytes())?;
        self.raw(SIN_ADDR, &address.ip().octets())
    }

    fn put_v6(&mut self, address: &SocketAddrV6) -> Result<(), Failure> {
        use sockaddr_in6::*;

        self.length = SIZE as u32;
        self.number(SIN6_FAMILY, abi::AF_INET6.get()? as i64)?;
        self.optional(SIN6_LEN, SIZE as i64)?;
        self.raw(SIN6_PORT, &address.port().to_be_bytes())?;
        self.raw(SIN6_ADDR, &address.ip().octets())?;
        self.optional(SIN6_FLOWINFO, address.flowinfo().into())?;
        self.optional(SIN6_SCOPE_ID, address.scope_id().into())
    }

    fn number(&mut self, field: Option<Field>, value: i64) -> Result<(), Failure> {
        let field = field.ok_or(NO_LAYOUT)?;
        if field.write(&mut self.bytes, value) { Ok(()) } else { Err(Failure::TooLarge) }
    }

    /// A field that the system's struct may lack.
    fn optional(&mut self, field: Option<Field>, value: i64) -> Result<(), Failure> {
        if field.is_some() { self.number(field, value) } else { Ok(()) }
    }

    fn raw(&mut self, field: Option<Field>, bytes: &[u8]) -> Result<(), Failure> {
        let field = field.ok_or(NO_LAYOUT)?;
        if field.put(&mut self.bytes, bytes) { Ok(()) } else { Err(Failure::TooLarge) }
    }

    /// The address as std has it; None where it is of another family, or of none.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        let bytes = &self.bytes[..ROOM.min(self.length as usize)];
        let is = |family: Option<Field>, constant: Constant| {
            let found = family.and_then(|field| field.read(bytes));
            found.is_some() && found == constant.value.map(|value| value as i64)
        };
        if is(sockaddr_in::SIN_FAMILY, abi::AF_INET) {
            return read_v4(bytes).map(SocketAddr::V4);
        }
        if is(sockaddr_in6::SIN6_FAMILY, abi::AF_INET6) {
            return read_v6(bytes).map(SocketAddr::V6);
        }
        None
    }

    fn address(&self) -> usize {
        self.bytes.as_ptr().expose_provenance()
    }

    /// Where a call writes the address and its length.
    fn places(&mut self) -> (usize, usize) {
        (self.bytes.as_mut_ptr().expose_provenance(), (&raw mut self.length).expose_provenance())
    }
}

fn read_v4(bytes: &[u8]) -> Option<SocketAddrV4> {
    use sockaddr_in::*;

    let octets: [u8; 4] = SIN_ADDR?.bytes(bytes)?.try_into().ok()?;
    let port: [u8; 2] = SIN_PORT?.bytes(bytes)?.try_into().ok()?;
    Some(SocketAddrV4::new(Ipv4Addr::from(octets), u16::from_be_bytes(port)))
}

fn read_v6(bytes: &[u8]) -> Option<SocketAddrV6> {
    use sockaddr_in6::*;

    let octets: [u8; 16] = SIN6_ADDR?.bytes(bytes)?.try_into().ok()?;
    let port: [u8; 2] = SIN6_PORT?.bytes(bytes)?.try_into().ok()?;
    let word = |field: Option<Field>| field.and_then(|field| field.read(bytes)).unwrap_or(0) as u32;
    let (flow, scope) = (word(SIN6_FLOWINFO), word(SIN6_SCOPE_ID));
    Some(SocketAddrV6::new(Ipv6Addr::from(octets), u16::from_be_bytes(port), flow, scope))
}

/// What answers where the ledger does not lay an address out.
const NO_LAYOUT: Failure = Failure::NotOffered(&SimpleMessage {
    kind: ErrorKind::Unsupported,
    message: "not offered: the layout of this family's addresses",
});

/// The family of an address.
pub fn family(address: &IpAddr) -> Constant {
    if address.is_ipv4() { abi::AF_INET } else { abi::AF_INET6 }
}

/// Makes a socket that programs which this one starts do not get, where the system can make such a one.
pub fn socket(family: Constant, kind: Constant) -> Result<Fd, Failure> {
    let kind = kind.get()? | abi::SOCK_CLOEXEC.or_none();
    // SAFETY: no memory is passed.
    unsafe { abi::socket(family.get()?, kind, 0) }
}

pub fn bind(fd: Fd, address: &Address) -> Result<(), Failure> {
    // SAFETY: the call reads the address, which outlives it.
    unsafe { abi::bind(fd, address.address(), address.length as usize) }.map(drop)
}

pub fn listen(fd: Fd, backlog: isize) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::listen(fd, backlog) }.map(drop)
}

/// Connects; an interrupted connect is not repeated, since the connection may be on its way.
pub fn connect(fd: Fd, address: &Address) -> Result<(), Failure> {
    // SAFETY: the call reads the address, which outlives it.
    unsafe { abi::connect(fd, address.address(), address.length as usize) }.map(drop)
}

/// Takes a connection; where the call does not tell from whom, the new socket is asked.
pub fn accept(fd: Fd) -> Result<(Fd, Address), Failure> {
    let mut address = Address::room();
    let new = uninterrupted(|| {
        address.length = ROOM as u32;
        let (place, length) = address.places();
        // SAFETY: the call writes at most as many bytes of the address as the length says.
        unsafe { abi::accept(fd, place, length, abi::SOCK_CLOEXEC.or_none()) }
    })?;
    Ok((new, address))
}

pub fn send(fd: Fd, bytes: &[u8]) -> Result<usize, Failure> {
    let start = bytes.as_ptr().expose_provenance();
    // SAFETY: the call reads at most `len` bytes.
    let count = unsafe { abi::send(fd, start, bytes.len(), abi::MSG_NOSIGNAL.or_none()) }?;
    Ok(count.min(bytes.len()))
}

pub fn receive(fd: Fd, buffer: &mut [MaybeUninit<u8>], flags: usize) -> Result<usize, Failure> {
    let start = buffer.as_mut_ptr().expose_provenance();
    // SAFETY: the call writes at most `len` bytes into the buffer.
    let count = unsafe { abi::receive(fd, start, buffer.len(), flags) }?;
    Ok(count.min(buffer.len()))
}

pub fn send_to(fd: Fd, bytes: &[u8], address: &Address) -> Result<usize, Failure> {
    let (start, flags) = (bytes.as_ptr().expose_provenance(), abi::MSG_NOSIGNAL.or_none());
    let (place, length) = (address.address(), address.length as usize);
    // SAFETY: the call reads at most `len` bytes, and the address.
    let call = || unsafe { abi::send_to(fd, start, bytes.len(), flags, place, length) };
    Ok(uninterrupted(call)?.min(bytes.len()))
}

pub fn receive_from(fd: Fd, buffer: &mut [u8], flags: usize) -> Result<(usize, Address), Failure> {
    let mut address = Address::room();
    let count = uninterrupted(|| {
        address.length = ROOM as u32;
        let (place, length) = address.places();
        let start = buffer.as_mut_ptr().expose_provenance();
        // SAFETY: the call writes at most `len` bytes into the buffer, and the address into its room.
        unsafe { abi::receive_from(fd, start, buffer.len(), flags, place, length) }
    })?;
    Ok((count.min(buffer.len()), address))
}

pub fn shutdown(fd: Fd, how: Constant) -> Result<(), Failure> {
    // SAFETY: no memory is passed.
    unsafe { abi::shutdown(fd, how.get()?) }.map(drop)
}

pub fn socket_name(fd: Fd) -> Result<Address, Failure> {
    // SAFETY: the places are those of room for an address.
    name_of(|place, length| unsafe { abi::socket_name(fd, place, length) })
}

pub fn peer_name(fd: Fd) -> Result<Address, Failure> {
    // SAFETY: the places are those of room for an address.
    name_of(|place, length| unsafe { abi::peer_name(fd, place, length) })
}

fn name_of(call: impl Fn(usize, usize) -> Result<usize, Failure>) -> Result<Address, Failure> {
    let mut address = Address::room();
    let (place, length) = address.places();
    uninterrupted(|| call(place, length))?;
    Ok(address)
}

pub fn set_socket_option(fd: Fd, level: Constant, option: Constant, value: &[u8]) -> Result<(), Failure> {
    let (level, option, start) = (level.get()?, option.get()?, value.as_ptr().expose_provenance());
    // SAFETY: the call reads at most `len` bytes.
    unsafe { abi::set_socket_option(fd, level, option, start, value.len()) }.map(drop)
}

/// Reads an option; answers how many bytes it has, where the call tells.
pub fn socket_option(fd: Fd, level: Constant, option: Constant, value: &mut [u8]) -> Result<usize, Failure> {
    let (level, option, start) = (level.get()?, option.get()?, value.as_mut_ptr().expose_provenance());
    let mut length = value.len() as u32;
    let place = (&raw mut length).expose_provenance();
    // SAFETY: the call writes at most as many bytes as `length` says, and then the length.
    unsafe { abi::socket_option(fd, level, option, start, place) }?;
    Ok(value.len().min(length as usize))
}

/// What the system calls this host.
pub fn system_name() -> Result<Vec<u8>, Failure> {
    #[repr(align(16))]
    struct Aligned([u8; utsname::SIZE]);

    let mut buffer = Aligned([0; utsname::SIZE]);
    // SAFETY: the call writes at most the struct, which the buffer is.
    unsafe { abi::system_name(buffer.0.as_mut_ptr().expose_provenance()) }?;
    let name = utsname::NODENAME.and_then(|field| field.bytes(&buffer.0)).unwrap_or_default();
    Ok(name.split(|&byte| byte == 0).next().unwrap_or_default().to_vec())
}
