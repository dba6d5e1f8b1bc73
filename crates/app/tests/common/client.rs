//! HTTP/1.1 with nothing between a test and the wire.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
};

use serde_json::Value;

use super::{Events, LONG};

/// A connection, kept alive between requests.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read and not used yet.
    buffer: Vec<u8>,
    framing: Framing,
}

/// How the body that is being read ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
    End,
}

/// The head of a response.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) version: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

/// A whole response.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        Self::try_open(address).expect("the server accepts a connection")
    }

    pub(crate) fn try_open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LONG))?;
        stream.set_write_timeout(Some(LONG))?;
        Ok(Self { stream, buffer: Vec::new(), framing: Framing::End })
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("the server takes what is sent");
    }

    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The same connection once more, to send while the other reads.
    pub(crate) fn second(&self) -> Self {
        let stream = self.stream.try_clone().unwrap();
        Self { stream, buffer: Vec::new(), framing: Framing::End }
    }

    /// Ends the sending side only.
    pub(crate) fn finish_sending(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Sends a request with a `Content-Length`.
    pub(crate) fn send_request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) {
        self.send(&request_bytes(method, path, headers, body));
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.send_request(method, path, headers, body);
        self.read_response(method)
    }

    /// Asks for an op and reads the whole answer.
    pub(crate) fn post(&mut self, request: &Value) -> Response {
        self.post_bytes(request.to_string().as_bytes())
    }

    /// Sends any body to the endpoint and reads the whole answer.
    pub(crate) fn post_bytes(&mut self, body: &[u8]) -> Response {
        self.request("POST", "/chatkit", &[("Content-Type", "application/json")], body)
    }

    /// Asks for a streaming op and reads it as it comes.
    pub(crate) fn stream(mut self, request: &Value) -> Events {
        self.send_op(request);
        self.into_events()
    }

    /// The same with more headers.
    pub(crate) fn stream_with(mut self, headers: &[(&str, &str)], request: &Value) -> Events {
        let body = request.to_string();
        let headers = [&JSON, headers].concat();
        self.send(&request_bytes("POST", "/chatkit", &headers, body.as_bytes()));
        self.into_events()
    }

    pub(crate) fn send_op(&mut self, request: &Value) {
        let body = request.to_string();
        self.send(&request_bytes("POST", "/chatkit", &JSON, body.as_bytes()));
    }

    /// Reads the head of a stream that was asked for.
    pub(crate) fn into_events(self) -> Events {
        self.try_into_events().expect("the server answers")
    }

    pub(crate) fn try_into_events(mut self) -> io::Result<Events> {
        let head = self.try_read_head("POST")?;
        assert_eq!(head.status, 200, "{head:?}");
        assert_eq!(head.header("content-type"), Some("text/event-stream"), "{head:?}");
        Ok(Events::new(self, head))
    }

    /// Reads the answer to a request of a method.
    pub(crate) fn read_response(&mut self, method: &str) -> Response {
        self.try_read_response(method).expect("the server answers")
    }

    pub(crate) fn try_read_response(&mut self, method: &str) -> io::Result<Response> {
        let head = self.try_read_head(method)?;
        let mut body = Vec::new();
        while let Some(piece) = self.try_read_some()? {
            body.extend_from_slice(&piece);
        }
        Ok(Response { head, body })
    }

    pub(crate) fn read_head(&mut self, method: &str) -> Head {
        self.try_read_head(method).expect("the server answers")
    }

    /// Reads the head of the answer to a request of a method, skipping `100 Continue`.
    pub(crate) fn try_read_head(&mut self, method: &str) -> io::Result<Head> {
        assert_eq!(self.framing, Framing::End, "the body before was not read to its end");
        loop {
            let end = loop {
                match find(&self.buffer, b"\r\n\r\n") {
                    Some(end) => break end,
                    None => self.fill()?,
                }
            };
            let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
            let head = Head::parse(&head)?;
            if head.status >= 200 {
                self.framing = head.framing(method)?;
                return Ok(head);
            }
        }
    }

    /// Reads the interim answer `100 Continue`.
    pub(crate) fn read_interim(&mut self) -> Head {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return Head::parse(&head).unwrap();
            }
            self.fill().expect("the server answers");
        }
    }

    /// Reads the next piece of the body: a chunk, or what has arrived. `None` at its end.
    pub(crate) fn try_read_some(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self.framing {
            Framing::End => Ok(None),
            Framing::Length(0) => {
                self.framing = Framing::End;
                Ok(None)
            }
            Framing::Length(left) => {
                if self.buffer.is_empty() {
                    self.fill()?;
                }
                let take = left.min(self.buffer.len());
                self.framing = Framing::Length(left - take);
                Ok(Some(self.buffer.drain(..take).collect()))
            }
            Framing::Chunked => {
                let size = self.line()?;
                let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16)
                    .map_err(|error| broken(format!("chunk size {size:?}: {error}")))?;
                while self.buffer.len() < size + 2 {
                    self.fill()?;
                }
                let chunk: Vec<u8> = self.buffer.drain(..size).collect();
                if self.buffer.drain(..2).as_slice() != b"\r\n" {
                    return Err(broken("a chunk without an end".to_owned()));
                }
                if size == 0 {
                    self.framing = Framing::End;
                    return Ok(None);
                }
                Ok(Some(chunk))
            }
            Framing::UntilClose => {
                if self.buffer.is_empty()
                    && let Err(error) = self.fill()
                {
                    self.framing = Framing::End;
                    return match error.kind() {
                        io::ErrorKind::UnexpectedEof => Ok(None),
                        _ => Err(error),
                    };
                }
                Ok(Some(std::mem::take(&mut self.buffer)))
            }
        }
    }

    /// Waits until the server closes the connection, and returns what it sent before.
    pub(crate) fn read_to_close(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.buffer);
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            Err(error) => panic!("the server does not close the connection: {error}"),
        }
        rest
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        let read = self.stream.read(&mut bytes)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.buffer.extend_from_slice(&bytes[..read]);
        Ok(())
    }
}

/// Says that the client finds its way back to a turn.
pub(crate) const RESUMABLE: (&str, &str) = ("chatkit-resumable", "1");

const JSON: [(&str, &str); 2] =
    [("Content-Type", "application/json"), ("Accept", "text/event-stream")];

/// A request with a `Content-Length`.
pub(crate) fn request_bytes(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    if !body.is_empty() || method != "GET" {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

impl Head {
    pub(crate) fn parse(bytes: &[u8]) -> io::Result<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let mut first = lines.next().unwrap_or_default().splitn(3, ' ');
        let version = first.next().unwrap_or_default().to_owned();
        let status = first.next().and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| broken(format!("no head: {text}")))?;
        let headers = lines
            .take_while(|line| !line.is_empty())
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                (name.to_ascii_lowercase(), value.trim().to_owned())
            })
            .collect();
        Ok(Self { version, status, headers })
    }

    /// The value of a header that stands there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other == name);
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "{name} stands there twice: {:?}", self.headers);
        Some(value)
    }

    fn framing(&self, method: &str) -> io::Result<Framing> {
        if method == "HEAD" || matches!(self.status, 204 | 304) {
            return Ok(Framing::End);
        }
        if self.header("transfer-encoding") == Some("chunked") {
            return Ok(Framing::Chunked);
        }
        match self.header("content-length") {
            Some(length) => length
                .parse()
                .map(Framing::Length)
                .map_err(|error| broken(format!("content-length {length}: {error}"))),
            None => Ok(Framing::UntilClose),
        }
    }
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.text());
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The `message` of a failed JSON op: its answer has nothing else.
    pub(crate) fn message(&self) -> String {
        let body = self.json();
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        body["message"].as_str().unwrap().to_owned()
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn broken(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
