//! A proxy that passes on everything but what a test wants otherwise.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{Client, Exchange, Request, exchange::send_on};
use crate::common::Response;

type OnStream = dyn Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync;
type OnAnswer = dyn Fn(&Request, &mut Response) + Send + Sync;

/// What a proxy does instead of passing things on.
pub(crate) struct Faults {
    stream: Box<OnStream>,
    answer: Box<OnAnswer>,
    delay: Duration,
}

/// A proxy, until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Faults {
    pub(crate) fn none() -> Self {
        Self { stream: Box::new(super::pass), answer: Box::new(|_, _| ()), delay: Duration::ZERO }
    }

    /// So long passes before anything is done for a request.
    pub(crate) fn delay(delay: Duration) -> Self {
        Self { delay, ..Self::none() }
    }

    /// Streams go as this says. An error is the client that has left.
    pub(crate) fn stream(
        stream: impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self { stream: Box::new(stream), ..Self::none() }
    }

    /// All other answers are changed so.
    pub(crate) fn answer(answer: impl Fn(&Request, &mut Response) + Send + Sync + 'static) -> Self {
        Self { answer: Box::new(answer), ..Self::none() }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").finish_non_exhaustive()
    }
}

impl Proxy {
    pub(crate) fn start(upstream: SocketAddr, faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::start_after(|| (), listener, upstream, faults)
    }

    /// One that takes connections only after something else.
    pub(super) fn start_after(
        before: impl FnOnce() + Send + 'static,
        listener: TcpListener,
        upstream: SocketAddr,
        faults: Faults,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let (faults, stop) = (Arc::new(faults), Arc::clone(&stopped));
        let thread = thread::spawn(move || {
            before();
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let faults = Arc::clone(&faults);
                // It ends when its client, a process of the test, has left.
                thread::spawn(move || stream.and_then(|stream| serve(upstream, &faults, stream)));
            }
        });
        Self { address, stopped, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes it.
        let woken = TcpStream::connect(self.address);
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

fn serve(upstream: SocketAddr, faults: &Faults, stream: TcpStream) -> io::Result<()> {
    let mut client = Client::new(stream)?;
    while let Some(request) = client.request()? {
        thread::sleep(faults.delay);
        if request.is_streaming() {
            (faults.stream)(&mut Exchange::start(upstream, &request, &mut client)?)?;
            // A fault may have left the client with half a response.
            return Ok(());
        }
        let mut response = send_on(upstream, &request)?.try_read_response(&request.method)?;
        (faults.answer)(&request, &mut response);
        client.respond(response.head.status, &response.head.headers, &response.body)?;
    }
    Ok(())
}
