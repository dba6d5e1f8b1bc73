//! A server that takes no connections for a while.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use super::{Faults, Proxy};
use crate::common::until;

/// Far longer than a connection takes on this machine.
const TAKES_NONE: Duration = Duration::from_millis(300);

/// A proxy whose queue of connections is full until a client tries to get one. The client's system
/// tries again after a second.
pub(crate) fn crowded(upstream: SocketAddr) -> Proxy {
    let listener = short_listener();
    let address = listener.local_addr().unwrap();
    let connect = || TcpStream::connect_timeout(&address, TAKES_NONE).ok();
    let crowd: Vec<TcpStream> = std::iter::from_fn(connect).collect();
    let until_tried = move || {
        until("a client tries to connect", || is_tried(address));
        drop(crowd);
    };
    Proxy::start_after(until_tried, listener, upstream, Faults::none())
}

/// One whose queue has hardly a place.
fn short_listener() -> TcpListener {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let listener = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        socket.listen(1).unwrap().into_std().unwrap()
    });
    listener.set_nonblocking(false).unwrap();
    listener
}

/// Whether a socket of this machine waits for a connection to an address.
fn is_tried(address: SocketAddr) -> bool {
    /// `TCP_SYN_SENT` of Linux.
    const TRIES: &str = "02";
    let port = format!(":{:04X}", address.port());
    let sockets = fs::read_to_string("/proc/net/tcp").unwrap();
    sockets.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(2);
        fields.next().is_some_and(|to| to.ends_with(&port)) && fields.next() == Some(TRIES)
    })
}
