//! What streams, listeners and datagram sockets have in common: making, connecting, waiting, reading, writing.

use crate::fmt;
use crate::io::{self, BorrowedCursor, IoSlice, IoSliceMut};
use crate::net::SocketAddr;
use crate::os::fd::AsRawFd;
use crate::sync::Mutex;
use crate::sys::fd::FileDesc;
use crate::sys::pal::abi::{self, Constant, Failure};
use crate::sys::pal::descriptors::{self, Awaited};
use crate::sys::pal::files::Fd;
use crate::sys::pal::sockets::{self, Address};
use crate::sys::pal::uninterrupted;
use crate::time::{Duration, Instant};

/// What a thread waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Reading,
    Writing,
}

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    pub(super) file: FileDesc,
    /// How long reading and writing may wait where the system keeps no such times itself.
    waits: Mutex<[Option<Duration>; 2]>,
}

impl Socket {
    /// A socket of an address's family, or of a datagram's or a connection's kind.
    pub fn new(address: &SocketAddr, kind: Constant) -> io::Result<Socket> {
        let fd = sockets::socket(sockets::family(&address.ip()), kind)?;
        Ok(Socket::opened(fd, abi::SOCK_CLOEXEC.works()))
    }

    /// Owns a socket from now on. `stays`: programs that this one starts do not get it.
    fn opened(fd: Fd, stays: bool) -> Socket {
        let file = FileDesc::new(fd);
        if !stays {
            descriptors::stay_here(fd);
        }
        Socket::of(file)
    }

    pub(super) fn of(file: FileDesc) -> Socket {
        Socket { file, waits: Mutex::new([None; 2]) }
    }

    pub fn fd(&self) -> Fd {
        self.file.fd()
    }

    pub fn bind(&self, address: &SocketAddr) -> io::Result<()> {
        Ok(sockets::bind(self.fd(), &Address::new(address)?)?)
    }

    pub fn listen(&self, backlog: isize) -> io::Result<()> {
        Ok(sockets::listen(self.fd(), backlog)?)
    }

    pub fn accept(&self) -> io::Result<(Socket, SocketAddr)> {
        let (fd, address) = sockets::accept(self.fd())?;
        let new = Socket::opened(fd, abi::PASSES_ACCEPT_FLAGS && abi::SOCK_CLOEXEC.works());
        let told = abi::PASSES_ACCEPT_ADDRESS && abi::PASSES_ACCEPT_ADDRESS_LENGTH;
        let address = if told { understood(&address)? } else { new.peer_addr()? };
        Ok((new, address))
    }

    /// Connects, however often the call is interrupted.
    pub fn connect(&self, address: &SocketAddr) -> io::Result<()> {
        let address = Address::new(address)?;
        let mut interrupted = false;
        loop {
            match sockets::connect(self.fd(), &address) {
                Err(Failure::Os(number)) if Some(number) == abi::EINTR => interrupted = true,
                // The connection went its way while the call did not.
                Err(Failure::Os(number)) if interrupted && Some(number) == abi::EISCONN => return Ok(()),
                Err(Failure::Os(number)) if interrupted && Some(number) == abi::EALREADY => {
                    self.wait(Way::Writing, None)?;
                    return self.connected();
                }
                done => return Ok(done?),
            }
        }
    }

    pub fn connect_timeout(&self, address: &SocketAddr, timeout: Duration) -> io::Result<()> {
        if timeout.is_zero() {
            return Err(io::Error::ZERO_TIMEOUT);
        }
        let address = Address::new(address)?;
        self.set_nonblocking(true)?;
        let begun = sockets::connect(self.fd(), &address);
        self.set_nonblocking(false)?;
        match begun {
            Err(Failure::Os(number)) if under_way(number) => {}
            done => return Ok(done?),
        }
        if !self.wait(Way::Writing, Instant::now().checked_add(timeout))? {
            return Err(io::const_error!(io::ErrorKind::TimedOut, "connection timed out"));
        }
        self.connected()
    }

    /// What became of a connection that was under way.
    fn connected(&self) -> io::Result<()> {
        if let Some(error) = self.take_error()? {
            return Err(error);
        }
        self.peer_addr().map(drop)
    }

    /// Waits until the socket can be read or written; false where the deadline came first.
    fn wait(&self, way: Way, deadline: Option<Instant>) -> io::Result<bool> {
        let awaited = match way {
            Way::Reading => Awaited::reading(self.fd()),
            Way::Writing => Awaited::writing(self.fd()),
        };
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let mut list = [awaited];
            if uninterrupted(|| descriptors::poll(&mut list, left))? > 0 {
                return Ok(true);
            }
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(false);
            }
        }
    }

    /// Waits no longer than the socket may, where that is not the system's affair.
    fn allow(&self, way: Way) -> io::Result<()> {
        let Some(longest) = self.own_wait(way) else { return Ok(()) };
        if self.wait(way, Instant::now().checked_add(longest))? {
            return Ok(());
        }
        Err(match abi::EAGAIN {
            Some(number) => io::Error::from_raw_os_error(number),
            None => io::const_error!(io::ErrorKind::WouldBlock, "the socket's time to wait is over"),
        })
    }

    pub fn own_wait(&self, way: Way) -> Option<Duration> {
        let waits = self.waits.lock().unwrap_or_else(|error| error.into_inner());
        waits[(way == Way::Writing) as usize]
    }

    pub fn set_own_wait(&self, way: Way, longest: Option<Duration>) {
        let mut waits = self.waits.lock().unwrap_or_else(|error| error.into_inner());
        waits[(way == Way::Writing) as usize] = longest;
    }

    pub fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buffer = io::BorrowedBuf::from(buf);
        let mut cursor = buffer.unfilled();
        self.read_buf(cursor.reborrow())?;
        Ok(cursor.written())
    }

    pub fn read_buf(&self, mut cursor: BorrowedCursor<'_>) -> io::Result<()> {
        self.allow(Way::Reading)?;
        // SAFETY: only what the call filled counts as filled.
        unsafe {
            let count = sockets::receive(self.fd(), cursor.as_mut(), 0)?;
            cursor.advance(count);
        }
        Ok(())
    }

    /// Receives, and calls again where it was interrupted: whoever wants a datagram does not read on.
    pub fn receive(&self, buf: &mut [u8], flags: usize) -> io::Result<usize> {
        self.allow(Way::Reading)?;
        let mut buffer = io::BorrowedBuf::from(buf);
        let mut cursor = buffer.unfilled();
        // SAFETY: nothing is made uninitialised, and what the call filled counts as filled.
        unsafe {
            let count = uninterrupted(|| sockets::receive(self.fd(), cursor.as_mut(), flags))?;
            cursor.advance(count);
        }
        Ok(cursor.written())
    }

    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.receive(buf, peeking()?)
    }

    pub fn receive_from(&self, buf: &mut [u8], flags: usize) -> io::Result<(usize, SocketAddr)> {
        self.allow(Way::Reading)?;
        let (count, address) = sockets::receive_from(self.fd(), buf, flags)?;
        Ok((count, understood(&address)?))
    }

    pub fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.allow(Way::Reading)?;
        self.file.read_vectored(bufs)
    }

    pub fn is_read_vectored(&self) -> bool {
        self.file.is_read_vectored()
    }

    pub fn write(&self, buf: &[u8]) -> io::Result<usize> {
        self.allow(Way::Writing)?;
        Ok(sockets::send(self.fd(), buf)?)
    }

    /// Sends, and calls again where it was interrupted: a datagram goes as a whole or not at all.
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.allow(Way::Writing)?;
        Ok(uninterrupted(|| sockets::send(self.fd(), buf))?)
    }

    pub fn send_to(&self, buf: &[u8], address: &SocketAddr) -> io::Result<usize> {
        self.allow(Way::Writing)?;
        Ok(sockets::send_to(self.fd(), buf, &Address::new(address)?)?)
    }

    pub fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.allow(Way::Writing)?;
        self.file.write_vectored(bufs)
    }

    pub fn is_write_vectored(&self) -> bool {
        self.file.is_write_vectored()
    }

    pub fn socket_addr(&self) -> io::Result<SocketAddr> {
        understood(&sockets::socket_name(self.fd())?)
    }

    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        understood(&sockets::peer_name(self.fd())?)
    }

    pub fn shutdown(&self, how: Constant) -> io::Result<()> {
        Ok(sockets::shutdown(self.fd(), how)?)
    }

    /// The same socket by one more number.
    pub fn duplicate(&self) -> io::Result<Socket> {
        let new = Socket::of(self.file.duplicate()?);
        for way in [Way::Reading, Way::Writing] {
            new.set_own_wait(way, self.own_wait(way));
        }
        Ok(new)
    }

    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        Ok(descriptors::set_nonblocking(self.fd(), nonblocking)?)
    }

    /// Shows the socket as std shows its own.
    pub fn show(&self, name: &str, peer: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(name);
        if let Ok(address) = self.socket_addr() {
            shown.field("addr", &address);
        }
        if peer && let Ok(address) = self.peer_addr() {
            shown.field("peer", &address);
        }
        shown.field("fd", &self.as_raw_fd()).finish()
    }
}

/// The flag for receiving what stays there to be received again.
pub fn peeking() -> Result<usize, Failure> {
    const MISSING: &io::SimpleMessage = &io::SimpleMessage {
        kind: io::ErrorKind::Unsupported,
        message: "not offered: the flags of receive",
    };
    if abi::OFFERS_RECEIVE && !abi::PASSES_RECEIVE_FLAGS {
        return Err(Failure::NotOffered(MISSING));
    }
    abi::MSG_PEEK.get()
}

/// An address that the system told.
fn understood(address: &Address) -> io::Result<SocketAddr> {
    const UNKNOWN: io::Error =
        io::const_error!(io::ErrorKind::InvalidInput, "an address that is neither IPv4 nor IPv6");
    address.socket_addr().ok_or(UNKNOWN)
}

/// Whether an error of a connect that does not wait says that it goes on.
fn under_way(number: i32) -> bool {
    [abi::EINPROGRESS, abi::EINTR, abi::EAGAIN].contains(&Some(number))
}
