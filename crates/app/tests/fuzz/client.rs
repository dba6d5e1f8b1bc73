//! One client with its connection.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde_json::json;

use super::{
    mutate, oracle,
    requests::{self, Known},
    values,
};
use crate::common::{Connection, Response, Rng, Server, op};

/// A client that asks for anything.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    seed: u64,
    number: u64,
    rng: Rng,
    known: Known,
    connection: Option<Connection>,
    asked: u64,
    pub(crate) tally: Tally,
}

/// How many answers there were of each kind.
pub(crate) type Tally = BTreeMap<String, u64>;

impl Client {
    pub(crate) fn new(address: SocketAddr, seed: u64, number: u64, threads: &[String]) -> Self {
        let rng = Rng::new(seed.wrapping_add(number.wrapping_mul(0x1234_5678_9abc_def1)));
        let known = Known::with_threads(threads);
        Self { address, seed, number, rng, known, connection: None, asked: 0, tally: Tally::new() }
    }

    /// Sends one request and checks the answer.
    pub(crate) fn ask(&mut self) {
        self.asked += 1;
        let body = self.body();
        let asked = catch_unwind(AssertUnwindSafe(|| self.send(&body)));
        // What panicked has said why.
        let asked = asked.unwrap_or_else(|_| Err("a check panicked".to_owned()));
        if let Err(problem) = asked {
            panic!("{problem}\n{}", self.place(&body));
        }
    }

    /// All threads can be read to their end, whatever was put into them.
    pub(crate) fn read_back(self, server: &Server) {
        for thread in &self.known.threads {
            let answer = server.post(&op("threads.get_by_id", json!({"thread_id": thread})));
            match answer.status() {
                200 => drop(server.items(thread)),
                404 => {}
                other => panic!("{thread}: {other} {}", answer.text()),
            }
        }
    }

    fn place(&self, body: &[u8]) -> String {
        let shown = String::from_utf8_lossy(body);
        let shown: String = shown.chars().take(4000).collect();
        format!(
            "CHATKIT_SEED={}, client {}, request {}: {shown}",
            self.seed, self.number, self.asked
        )
    }

    fn body(&mut self) -> Vec<u8> {
        let rng = &mut self.rng;
        match rng.below(14) {
            0..=5 => requests::request(rng, &self.known, true).to_string().into_bytes(),
            6..=10 => {
                let mut request = requests::request(rng, &self.known, false);
                mutate::json(rng, &mut request);
                values::text(&request).into_bytes()
            }
            11 | 12 => {
                let request = requests::request(rng, &self.known, false);
                let mut body = values::text(&request).into_bytes();
                mutate::bytes(rng, &mut body);
                body
            }
            _ if rng.one_in(2) => values::text(&values::value(rng)).into_bytes(),
            _ => mutate::noise(rng),
        }
    }

    fn send(&mut self, body: &[u8]) -> Result<(), String> {
        match self.rng.below(40) {
            0 => self.leave_early(body),
            1 => self.promise_too_much(body),
            2 => self.promise_too_little(body),
            3 => self.twofold_length(body),
            _ => {
                let request = self.request(body);
                let answer =
                    self.answer(&request).map_err(|error| format!("no answer: {error}"))?;
                if answer.header("connection") == Some("close") {
                    return Err("the connection was closed".to_owned());
                }
                self.learn(body, &answer)
            }
        }
    }

    fn learn(&mut self, body: &[u8], answer: &Response) -> Result<(), String> {
        let values = oracle::check(body, answer).map_err(|problem| {
            let start: String = answer.text().chars().take(500).collect();
            format!("{problem}: {start}")
        })?;
        let streams = answer.header("content-type") == Some("text/event-stream");
        let kind = match values.as_slice() {
            [] => format!("refused with {}", answer.status()),
            [_] if !streams => "JSON".to_owned(),
            [event] if event["type"] == "error" => "refused with an event".to_owned(),
            [.., last] if last.to_string().contains("not a playback script") => {
                "no script".to_owned()
            }
            [.., last] => format!("stream up to {}", last["type"]),
        };
        *self.tally.entry(kind).or_default() += 1;
        for value in values {
            self.known.learn(&mut self.rng, &value);
        }
        Ok(())
    }

    /// The request with its head, in one of several ways that all are right.
    fn request(&mut self, body: &[u8]) -> Vec<u8> {
        let rng = &mut self.rng;
        let content_type = *rng.pick(&[
            "Content-Type: application/json\r\n",
            "Content-Type: application/json\r\n",
            "Content-Type: text/plain; charset=utf-16\r\n",
            "Content-Type: multipart/form-data\r\n",
            "Content-Type: \u{e9}\u{2028}\r\n",
            "",
        ]);
        let mut request =
            format!("POST /chatkit HTTP/1.1\r\nHost: h\r\n{content_type}").into_bytes();
        if rng.one_in(8) {
            request.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            let mut rest = body;
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(1 + rng.below(rest.len()));
                request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                request.extend_from_slice(chunk);
                request.extend_from_slice(b"\r\n");
                rest = after;
            }
            request.extend_from_slice(b"0\r\n\r\n");
        } else {
            request.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            request.extend_from_slice(body);
        }
        request
    }

    fn answer(&mut self, request: &[u8]) -> io::Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) if !self.rng.one_in(50) => connection,
            _ => Connection::try_open(self.address)?,
        };
        if self.rng.one_in(10) {
            let (first, second) = request.split_at(self.rng.below(request.len()));
            connection.try_send(first)?;
            connection.try_send(second)?;
        } else {
            connection.try_send(request)?;
        }
        let answer = connection.try_read_response("POST")?;
        self.connection = Some(connection);
        Ok(answer)
    }

    /// Goes away without reading.
    fn leave_early(&mut self, body: &[u8]) -> Result<(), String> {
        let request = self.request(body);
        let end = if self.rng.one_in(2) { request.len() } else { self.rng.below(request.len()) };
        let mut connection = self.new_connection();
        connection.send(&request[..end]);
        Ok(())
    }

    /// Announces more than it sends: HTTP leaves nothing but to close the connection.
    fn promise_too_much(&mut self, body: &[u8]) -> Result<(), String> {
        let mut connection = self.new_connection();
        let promised = body.len() + 1 + self.rng.below(1000);
        connection.send(
            format!("POST /chatkit HTTP/1.1\r\nContent-Length: {promised}\r\n\r\n").as_bytes(),
        );
        connection.send(body);
        connection.finish_sending();
        let answer = connection.read_to_close();
        acceptable(&String::from_utf8_lossy(&answer))
    }

    /// Announces less than it sends: what is left over is no request.
    fn promise_too_little(&mut self, body: &[u8]) -> Result<(), String> {
        let mut connection = self.new_connection();
        let promised = self.rng.below(body.len() + 1);
        connection.send(
            format!("POST /chatkit HTTP/1.1\r\nContent-Length: {promised}\r\n\r\n").as_bytes(),
        );
        connection.send(body);
        let answer = connection.try_read_response("POST").map_err(|error| error.to_string())?;
        oracle::check(&body[..promised], &answer).map(drop)
    }

    /// Announces the length in two ways at once (RFC 9112, section 6.3).
    fn twofold_length(&mut self, body: &[u8]) -> Result<(), String> {
        let mut connection = self.new_connection();
        let head = "POST /chatkit HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
        connection.send(head.as_bytes());
        // The server may have refused it by now.
        let _ = connection.try_send(format!("{:x}\r\n", body.len()).as_bytes());
        let _ = connection.try_send(body);
        let _ = connection.try_send(b"\r\n0\r\n\r\n");
        match connection.try_read_response("POST") {
            Ok(answer) if answer.status() < 500 => Ok(()),
            Ok(answer) => Err(format!("the status {}", answer.status())),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err("no answer".to_owned()),
            Err(_) => Ok(()),
        }
    }

    fn new_connection(&self) -> Connection {
        Connection::open(self.address)
    }
}

/// Whatever came before the connection was closed is no failure of the server.
fn acceptable(answer: &str) -> Result<(), String> {
    if answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 2") {
        Ok(())
    } else {
        Err(format!("an answer to half a request: {answer}"))
    }
}
