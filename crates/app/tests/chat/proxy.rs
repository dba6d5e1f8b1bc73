//! A proxy that cuts connections.

use std::{
    collections::VecDeque,
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::common::until;

/// A proxy in front of a server.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    /// After how many bytes the next answers are cut.
    cuts: Mutex<VecDeque<usize>>,
    /// Whether nobody gets through after the last cut.
    closes: bool,
    is_closed: AtomicBool,
}

impl Proxy {
    /// Cuts as many connections as there are numbers, each after so many bytes from the server.
    pub(crate) fn cutting(server: SocketAddr, cuts: &[usize]) -> Self {
        Self::new(server, cuts, false)
    }

    /// Cuts a connection, and lets nobody through from then on.
    pub(crate) fn closing(server: SocketAddr, cut: usize) -> Self {
        Self::new(server, &[cut], true)
    }

    fn new(server: SocketAddr, cuts: &[usize], closes: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let cuts = Mutex::new(cuts.iter().copied().collect());
        let is_closed = AtomicBool::new(false);
        let shared = Arc::new(Shared { server, cuts, closes, is_closed });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if serving.is_closed.load(Ordering::SeqCst) {
                    drop(client);
                } else {
                    serving.carry(&client);
                }
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets everybody through.
    pub(crate) fn reopen(&self) {
        self.shared.is_closed.store(false, Ordering::SeqCst);
    }

    /// Waits until all cuts were made.
    pub(crate) fn until_cut(&self) {
        until("all was cut", || self.shared.cuts.lock().unwrap().is_empty());
    }
}

impl Shared {
    fn carry(self: &Arc<Self>, client: &TcpStream) {
        let server = TcpStream::connect(self.server).unwrap();
        let (from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            let _ = std::io::copy(&mut &from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        let (shared, mut client) = (Arc::clone(self), client.try_clone().unwrap());
        thread::spawn(move || {
            shared.carry_back(&server, &mut client);
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        });
    }

    fn carry_back(&self, mut server: &TcpStream, client: &mut TcpStream) {
        let mut carried = 0;
        let mut bytes = [0; 64];
        while let Ok(read @ 1..) = server.read(&mut bytes) {
            if client.write_all(&bytes[..read]).is_err() {
                return;
            }
            carried += read;
            let mut cuts = self.cuts.lock().unwrap();
            if cuts.front().is_some_and(|cut| carried > *cut) {
                cuts.pop_front();
                if self.closes {
                    self.is_closed.store(true, Ordering::SeqCst);
                }
                return;
            }
        }
    }
}
