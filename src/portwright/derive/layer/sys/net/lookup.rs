//! The addresses of a host: numeric ones, those of the hosts file, and `localhost`. Nothing asks a name server.

use crate::io;
use crate::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use crate::sys::pal::abi;
use crate::vec;

pub struct LookupHost(vec::IntoIter<SocketAddr>);

impl Iterator for LookupHost {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        self.0.next()
    }
}

const UNKNOWN: io::Error = io::const_error!(
    io::ErrorKind::Uncategorized,
    "failed to lookup address information: the name is not in the hosts file, and nothing asks a name server"
);

pub fn lookup_host(host: &str, port: u16) -> io::Result<LookupHost> {
    let mut found = match numeric(host) {
        Some((address, scope)) => vec![with_port(address, scope, port)],
        None => named(host).into_iter().map(|(address, scope)| with_port(address, scope, port)).collect(),
    };
    if abi::AF_INET6.value.is_none() && found.iter().any(SocketAddr::is_ipv4) {
        found.retain(SocketAddr::is_ipv4);
    }
    if found.is_empty() { Err(UNKNOWN) } else { Ok(LookupHost(found.into_iter())) }
}

fn with_port(address: IpAddr, scope: u32, port: u16) -> SocketAddr {
    match address {
        IpAddr::V4(_) => SocketAddr::new(address, port),
        IpAddr::V6(address) => SocketAddrV6::new(address, port, 0, scope).into(),
    }
}

/// An address as it is written, with the number of its interface (`fe80::1%2`).
fn numeric(text: &str) -> Option<(IpAddr, u32)> {
    if let Ok(address) = text.parse() {
        return Some((address, 0));
    }
    let (address, scope) = text.split_once('%')?;
    Some((IpAddr::V6(address.parse().ok()?), scope.parse().ok()?))
}

/// The addresses that the hosts file has for a name, each once, in its order; `localhost` needs no file.
fn named(name: &str) -> Vec<(IpAddr, u32)> {
    let text = crate::fs::read(abi::HOSTS_FILE).unwrap_or_default();
    let mut found = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        let line = line.split(|&byte| byte == b'#').next().unwrap_or_default();
        let Ok(line) = str::from_utf8(line) else { continue };
        let mut words = line.split_ascii_whitespace();
        let Some(address) = words.next().and_then(numeric) else { continue };
        if words.any(|word| word.eq_ignore_ascii_case(name)) && !found.contains(&address) {
            found.push(address);
        }
    }
    if found.is_empty() && name.eq_ignore_ascii_case("localhost") {
        found = vec![(Ipv4Addr::LOCALHOST.into(), 0), (Ipv6Addr::LOCALHOST.into(), 0)];
    }
    found
}
