//! Connections, datagrams and addresses of hosts over the system's operations on sockets.

mod lookup;
mod numbers;
mod options;
mod socket;
mod tcp;
mod udp;

pub use lookup::lookup_host;
pub use socket::Socket;
pub use tcp::{TcpListener, TcpStream};
pub use udp::UdpSocket;
