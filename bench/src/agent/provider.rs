//! A model's provider whose replies tell when they were sent.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use super::wire::{Api, LAST_CHUNK};
use crate::stamp::{Clock, Stamper};

/// What every request is answered with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Provider {
    pub(crate) api: Api,
    pub(crate) deltas: u32,
    /// Between the beginnings of two deltas; zero: as fast as they are taken.
    pub(crate) gap: Duration,
    pub(crate) clock: Clock,
}

const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\
    Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\
    Content-Length: 44\r\n\r\n{\"error\":{\"message\":\"there is no such API\"}}";

impl Provider {
    /// Answers on threads of its own for as long as the process lives. Blocking threads, because
    /// nothing then stands between the clock and the write.
    pub(crate) fn serve(self, listen: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(listen)?;
        let address = listener.local_addr()?;
        thread::Builder::new().name("provider".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that leaves ends its thread, nothing else.
                let connection = move || drop(self.connection(stream));
                // Without a thread the connection is closed, which fails the stream.
                drop(thread::Builder::new().spawn(connection));
            }
        })?;
        Ok(address)
    }

    fn connection(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut unused = Vec::new();
        while let Some(path) = request(&mut stream, &mut unused)? {
            if path.ends_with(self.api.path()) {
                self.reply(&mut stream)?;
            } else {
                stream.write_all(NOT_FOUND)?;
            }
        }
        Ok(())
    }

    fn reply(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.write_all(STREAM)?;
        stream.write_all(&self.api.opening())?;
        let begun = Instant::now();
        let mut text = String::new();
        let mut stamper = Stamper::new(self.clock);
        for number in 0..self.deltas {
            let mut delta = self.api.delta(number);
            if !self.gap.is_zero() {
                thread::sleep((self.gap * (number + 1)).saturating_sub(begun.elapsed()));
            }
            let stamp = stamper.now();
            delta.stamp(&stamp);
            stream.write_all(&delta.bytes)?;
            text.extend(stamp.map(char::from));
        }
        stream.write_all(&self.api.closing(self.deltas, &text))?;
        stream.write_all(LAST_CHUNK)
    }
}

/// Reads a request to its end and returns its path; `None` when there is no further one.
fn request(stream: &mut TcpStream, unused: &mut Vec<u8>) -> io::Result<Option<String>> {
    let mut buffer = [0; 16 * 1024];
    loop {
        if let Some((path, bytes)) = parsed(unused)?
            && unused.len() >= bytes
        {
            unused.drain(..bytes);
            return Ok(Some(path));
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(None);
        }
        unused.extend_from_slice(buffer.get(..count).unwrap_or_default());
    }
}

/// The path of a request and its length in bytes with its body, when its head is whole.
fn parsed(bytes: &[u8]) -> io::Result<Option<(String, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let status = request.parse(bytes).map_err(io::Error::other)?;
    let httparse::Status::Complete(head) = status else {
        return Ok(None);
    };
    let length = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| str::from_utf8(header.value).ok()?.parse::<usize>().ok());
    Ok(Some((request.path.unwrap_or_default().to_owned(), head + length.unwrap_or_default())))
}
