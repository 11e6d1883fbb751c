//! A socket's options, by the ledger's names; one that the ledger does not have is `Unsupported`, and it alone.

use super::socket::{Socket, Way};
use crate::io;
use crate::net::{Ipv4Addr, Ipv6Addr};
use crate::sys::pal::abi::{self, Constant, Field, ip_mreq, ipv6_mreq, linger, timeval};
use crate::sys::pal::sockets;
use crate::time::Duration;

/// The largest struct that is an option.
const ROOM: usize = 64;
const MICROSECOND: u32 = 1_000;

/// Whether an option can be set.
pub const fn settable(level: Constant, option: Constant) -> bool {
    abi::OFFERS_SET_SOCKET_OPTION && level.works() && option.works()
}

/// A struct as the ledger lays it out.
struct Packed {
    bytes: [u8; ROOM],
    size: usize,
}

impl Packed {
    fn new(size: usize) -> Packed {
        Packed { bytes: [0; ROOM], size: size.min(ROOM) }
    }

    fn number(mut self, field: Option<Field>, value: i64) -> io::Result<Packed> {
        let written = field.is_some_and(|field| field.write(&mut self.bytes, value));
        if written { Ok(self) } else { Err(NO_LAYOUT) }
    }

    fn raw(mut self, field: Option<Field>, bytes: &[u8]) -> io::Result<Packed> {
        let written = field.is_some_and(|field| field.put(&mut self.bytes, bytes));
        if written { Ok(self) } else { Err(NO_LAYOUT) }
    }

    fn read(&self, field: Option<Field>) -> io::Result<i64> {
        field.and_then(|field| field.read(&self.bytes[..self.size])).ok_or(NO_LAYOUT)
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.size]
    }
}

const NO_LAYOUT: io::Error =
    io::const_error!(io::ErrorKind::Unsupported, "not offered: the layout of this socket option");

impl Socket {
    fn set_option(&self, level: Constant, option: Constant, value: &[u8]) -> io::Result<()> {
        Ok(sockets::set_socket_option(self.fd(), level, option, value)?)
    }

    /// Sets an option that is a C `int`.
    pub fn set_number(&self, level: Constant, option: Constant, value: i32) -> io::Result<()> {
        self.set_option(level, option, &value.to_ne_bytes())
    }

    /// Reads an option that is a C `int`, or on some systems a byte.
    pub fn number(&self, level: Constant, option: Constant) -> io::Result<i32> {
        let mut bytes = [0; size_of::<i32>()];
        let length = sockets::socket_option(self.fd(), level, option, &mut bytes)?;
        Ok(if length == 1 { bytes[0].into() } else { i32::from_ne_bytes(bytes) })
    }

    pub fn set_flag(&self, level: Constant, option: Constant, value: bool) -> io::Result<()> {
        self.set_number(level, option, value.into())
    }

    pub fn flag(&self, level: Constant, option: Constant) -> io::Result<bool> {
        Ok(self.number(level, option)? != 0)
    }

    fn packed(&self, level: Constant, option: Constant, size: usize) -> io::Result<Packed> {
        let mut packed = Packed::new(size);
        sockets::socket_option(self.fd(), level, option, &mut packed.bytes[..packed.size])?;
        Ok(packed)
    }

    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let number = self.number(abi::SOL_SOCKET, abi::SO_ERROR)?;
        Ok(if number == 0 { None } else { Some(io::Error::from_raw_os_error(number)) })
    }

    /// How long reading or writing may wait. A time that the system cannot say becomes the nearest that it can.
    pub fn set_timeout(&self, way: Way, longest: Option<Duration>) -> io::Result<()> {
        if longest.is_some_and(|longest| longest.is_zero()) {
            return Err(io::Error::ZERO_TIMEOUT);
        }
        if !system_waits(way) {
            if longest.is_some() && !abi::OFFERS_POLL {
                return Err(io::const_error!(
                    io::ErrorKind::Unsupported,
                    "not offered: timeouts of sockets, nor poll, which would do instead"
                ));
            }
            self.set_own_wait(way, longest);
            return Ok(());
        }
        let longest = longest.unwrap_or(Duration::ZERO);
        let room = timeval::TV_SEC.map_or(1, |field| field.size);
        let most = i64::MAX >> (64 - 8 * room.clamp(1, 8) as u32);
        let seconds = i64::try_from(longest.as_secs()).unwrap_or(most).min(most);
        // A wait of less than a microsecond is not one without end, which 0 would say.
        let micros = longest.subsec_nanos().div_ceil(MICROSECOND).min(999_999);
        let value = Packed::new(timeval::SIZE).number(timeval::TV_SEC, seconds)?;
        let value = value.number(timeval::TV_USEC, micros.into())?;
        self.set_option(abi::SOL_SOCKET, timeout_option(way), value.bytes())
    }

    pub fn timeout(&self, way: Way) -> io::Result<Option<Duration>> {
        if !system_waits(way) {
            return Ok(self.own_wait(way));
        }
        let value = self.packed(abi::SOL_SOCKET, timeout_option(way), timeval::SIZE)?;
        let (seconds, micros) = (value.read(timeval::TV_SEC)?, value.read(timeval::TV_USEC)?);
        let micros = micros.clamp(0, 999_999) as u32;
        let longest = Duration::new(seconds.max(0) as u64, micros * MICROSECOND);
        Ok(if longest.is_zero() { None } else { Some(longest) })
    }

    pub fn set_linger(&self, longest: Option<Duration>) -> io::Result<()> {
        let seconds = longest.map_or(0, |longest| longest.as_secs().min(i32::MAX as u64)) as i64;
        let value = Packed::new(linger::SIZE).number(linger::L_ONOFF, longest.is_some().into())?;
        let value = value.number(linger::L_LINGER, seconds)?;
        self.set_option(abi::SOL_SOCKET, abi::SO_LINGER, value.bytes())
    }

    pub fn linger(&self) -> io::Result<Option<Duration>> {
        let value = self.packed(abi::SOL_SOCKET, abi::SO_LINGER, linger::SIZE)?;
        let seconds = value.read(linger::L_LINGER)?.max(0) as u64;
        Ok(if value.read(linger::L_ONOFF)? == 0 { None } else { Some(Duration::from_secs(seconds)) })
    }

    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.set_number(abi::IPPROTO_IP, abi::IP_TTL, ttl as i32)
    }

    pub fn ttl(&self) -> io::Result<u32> {
        Ok(self.number(abi::IPPROTO_IP, abi::IP_TTL)? as u32)
    }

    /// Joins a group of IPv4 hosts, or leaves it.
    pub fn set_group_v4(&self, option: Constant, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        let value = Packed::new(ip_mreq::SIZE).raw(ip_mreq::IMR_MULTIADDR, &group.octets())?;
        let value = value.raw(ip_mreq::IMR_INTERFACE, &interface.octets())?;
        self.set_option(abi::IPPROTO_IP, option, value.bytes())
    }

    /// Joins a group of IPv6 hosts, or leaves it.
    pub fn set_group_v6(&self, option: Constant, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        let value = Packed::new(ipv6_mreq::SIZE).raw(ipv6_mreq::IPV6MR_MULTIADDR, &group.octets())?;
        let value = value.number(ipv6_mreq::IPV6MR_INTERFACE, interface.into())?;
        self.set_option(abi::IPPROTO_IPV6, option, value.bytes())
    }
}

const fn timeout_option(way: Way) -> Constant {
    match way {
        Way::Reading => abi::SO_RCVTIMEO,
        Way::Writing => abi::SO_SNDTIMEO,
    }
}

/// Whether the system itself keeps the times that a socket may wait.
const fn system_waits(way: Way) -> bool {
    let laid_out = timeval::TV_SEC.is_some() && timeval::TV_USEC.is_some();
    laid_out && settable(abi::SOL_SOCKET, timeout_option(way))
}
