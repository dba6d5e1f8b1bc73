//! One keep-alive connection: a request, and the response piece by piece.

use std::{io, net::SocketAddr, time::Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    chunked::{Chunked, ChunkedError, Part},
    head::{Framing, Head},
};

/// As much as a server is likely to have ready at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// A connection that asks for one thing at a time.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
    /// What of the buffer has been read and not been used: `start..end`.
    start: usize,
    end: usize,
    body: Body,
    keep_alive: bool,
    /// Bytes read since the connection was opened.
    pub(crate) bytes: u64,
    /// When bytes were last read.
    pub(crate) read_at: Instant,
}

#[derive(Debug)]
enum Body {
    Chunked(Chunked),
    Length(u64),
    Close,
    None,
}

/// Why there is no whole response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the connection was closed before the end of the response")]
    Closed,
    #[error("the head of the response is malformed: {0}")]
    Head(#[from] httparse::Error),
    #[error("the head of the response is too long")]
    LongHead,
    #[error("{0}")]
    Chunked(#[from] ChunkedError),
}

impl Connection {
    /// Opens a connection that sends without delay. `small`: with a small buffer, for when there
    /// are many of them.
    pub(crate) async fn open(address: SocketAddr, small: bool) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let bytes = if small { 16 * 1024 } else { BUFFER_BYTES };
        Ok(Self {
            stream,
            buffer: vec![0; bytes].into(),
            start: 0,
            end: 0,
            body: Body::None,
            keep_alive: true,
            bytes: 0,
            read_at: Instant::now(),
        })
    }

    /// Whether another request may follow a response that was read to its end.
    pub(crate) fn is_open(&self) -> bool {
        self.keep_alive
    }

    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request).await
    }

    /// Reads the head of the response.
    pub(crate) async fn head(&mut self) -> Result<Head, ConnectionError> {
        loop {
            if let Some((head, length)) = Head::parse(self.unused())? {
                self.start += length;
                self.keep_alive = head.keep_alive;
                self.body = match head.framing {
                    Framing::Chunked => Body::Chunked(Chunked::new()),
                    Framing::Length(0) => Body::None,
                    Framing::Length(length) => Body::Length(length),
                    Framing::Close => Body::Close,
                };
                return Ok(head);
            }
            self.make_room()?;
            if self.read().await? == 0 {
                return Err(ConnectionError::Closed);
            }
        }
    }

    /// Waits for more of the body and hands every piece of it to `on_data`. Returns whether the
    /// body goes on.
    pub(crate) async fn body(
        &mut self,
        mut on_data: impl FnMut(&[u8]),
    ) -> Result<bool, ConnectionError> {
        if self.start == self.end && !matches!(self.body, Body::None) {
            (self.start, self.end) = (0, 0);
            if self.read().await? == 0 {
                let is_end = matches!(self.body, Body::Close);
                self.body = Body::None;
                return if is_end { Ok(false) } else { Err(ConnectionError::Closed) };
            }
        }
        self.use_up(&mut on_data)?;
        Ok(!matches!(self.body, Body::None))
    }

    /// Takes the body out of what has been read.
    fn use_up(&mut self, on_data: &mut impl FnMut(&[u8])) -> Result<(), ChunkedError> {
        let mut input = self.buffer.get(self.start..self.end).unwrap_or_default();
        match &mut self.body {
            Body::None => return Ok(()),
            Body::Close => {
                on_data(input);
                input = &[];
            }
            Body::Length(left) => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                let (data, rest) = input.split_at(take);
                on_data(data);
                input = rest;
                *left -= take as u64;
                if *left == 0 {
                    self.body = Body::None;
                }
            }
            Body::Chunked(chunked) => loop {
                match chunked.next(&mut input)? {
                    Part::Data(data) => on_data(data),
                    Part::More => break,
                    Part::End => {
                        self.body = Body::None;
                        break;
                    }
                }
            },
        }
        self.start = self.end - input.len();
        Ok(())
    }

    fn unused(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn make_room(&mut self) -> Result<(), ConnectionError> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end == self.buffer.len() { Err(ConnectionError::LongHead) } else { Ok(()) }
    }

    async fn read(&mut self) -> io::Result<usize> {
        let free = self.buffer.get_mut(self.end..).unwrap_or_default();
        let count = self.stream.read(free).await?;
        self.read_at = Instant::now();
        self.end += count;
        self.bytes += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Serves one connection: answers the n-th request with the n-th response, in pieces.
    async fn serve(listener: TcpListener, responses: Vec<Vec<u8>>, piece: usize) {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = [0; 4];
        for response in responses {
            stream.read_exact(&mut request).await.unwrap();
            for part in response.chunks(piece) {
                stream.write_all(part).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    }

    async fn ask(connection: &mut Connection) -> Result<(u16, String), ConnectionError> {
        connection.send(b"ask!").await?;
        let head = connection.head().await?;
        let mut content = Vec::new();
        while connection.body(|data| content.extend_from_slice(data)).await? {}
        Ok((head.status, String::from_utf8_lossy(&content).into_owned()))
    }

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
    }

    #[test]
    fn responses_follow_each_other_however_they_are_cut() {
        let responses = [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\nnope",
            "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nto the end",
        ];
        let expected = [(200, "abcde"), (404, "nope"), (204, ""), (200, "to the end")];
        for piece in [1, 2, 7, 1000] {
            run(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let responses = responses.map(|text| text.as_bytes().to_vec()).to_vec();
                let server = tokio::spawn(serve(listener, responses, piece));
                let mut connection = Connection::open(address, true).await.unwrap();
                for (status, text) in expected {
                    assert!(connection.is_open());
                    let answer = ask(&mut connection).await.unwrap();
                    assert_eq!(answer, (status, text.to_owned()), "pieces of {piece}");
                }
                assert!(!connection.is_open());
                server.await.unwrap();
            });
        }
    }

    #[test]
    fn a_response_that_is_cut_short_is_an_error() {
        for response in
            ["HTTP/1.1 200", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na"]
        {
            run(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let server =
                    tokio::spawn(serve(listener, vec![response.as_bytes().to_vec()], 1000));
                let mut connection = Connection::open(address, true).await.unwrap();
                let answer = ask(&mut connection).await;
                assert!(matches!(answer, Err(ConnectionError::Closed)), "{answer:?}");
                server.await.unwrap();
            });
        }
    }
}
