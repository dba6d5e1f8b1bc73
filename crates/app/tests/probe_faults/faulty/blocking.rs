//! A server on one thread, some of whose work blocks it.

use std::{
    io,
    net::SocketAddr,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
    time::sleep,
};

use super::{Request, exchange::send_on, http::chunk};

/// What the server does before each frame.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Busy {
    /// Work that keeps its only thread, such as a model's client that is not async.
    Blocks(Duration),
    /// The same time, spent waiting as it should be.
    Waits(Duration),
    /// Keeps the only thread from the first frame of a stream to the last.
    BlocksForAll(Duration),
}

/// The server, until it is dropped. Its streams are those of a good server.
#[derive(Debug)]
pub(crate) struct Blocking {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Blocking {
    pub(crate) fn start(upstream: SocketAddr, busy: Busy) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                let accept = async {
                    while let Ok((stream, _)) = listener.accept().await {
                        tokio::spawn(serve(upstream, busy, stream));
                    }
                };
                tokio::select! {
                    () = accept => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(upstream: SocketAddr, busy: Busy, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await? {
        // The good server answers at once: the time this takes is nothing beside what comes.
        let response = send_on(upstream, &request)?.try_read_response(&request.method)?;
        let mut head = format!("HTTP/1.1 {} As Told\r\n", response.head.status);
        for (name, value) in &response.head.headers {
            if !["transfer-encoding", "content-length", "connection"].contains(&name.as_str()) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        if !request.is_streaming() {
            head.push_str(&format!("content-length: {}\r\n\r\n", response.body.len()));
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&response.body).await?;
            continue;
        }
        head.push_str("transfer-encoding: chunked\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        for frame in response.text().split_inclusive("\n\n") {
            match busy {
                Busy::Blocks(time) => {
                    thread::sleep(time);
                    stream.write_all(&chunk(frame.as_bytes())).await?;
                    // The others get their turn.
                    tokio::task::yield_now().await;
                }
                Busy::Waits(time) => {
                    sleep(time).await;
                    stream.write_all(&chunk(frame.as_bytes())).await?;
                }
                Busy::BlocksForAll(time) => {
                    thread::sleep(time);
                    // There is room for it: it does not wait.
                    stream.write_all(&chunk(frame.as_bytes())).await?;
                }
            }
        }
        stream.write_all(b"0\r\n\r\n").await?;
    }
    Ok(())
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let mut request = Request::parse_head(&buffer[..end]);
            let whole = end + 4 + request.length();
            if buffer.len() >= whole {
                request.body = buffer[end + 4..whole].to_vec();
                buffer.drain(..whole);
                return Ok(Some(request));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}
