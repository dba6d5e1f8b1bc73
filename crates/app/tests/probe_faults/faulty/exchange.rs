//! One streaming request: the stream as the good server sends it, and the client that waits for it.

use std::{
    io,
    net::SocketAddr,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use super::{Client, Request};
use crate::common::Connection;

/// A streaming request between its client and a server that does all well.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) request: &'a Request,
    pub(crate) client: &'a mut Client,
    /// The status and the headers of the good server.
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pieces: Receiver<Vec<u8>>,
    /// What has come and is not a whole frame yet.
    text: Vec<u8>,
}

/// What came of waiting for the good server.
#[derive(Debug)]
pub(crate) enum Wait {
    Piece(Vec<u8>),
    Nothing,
    End,
}

impl<'a> Exchange<'a> {
    /// Sends the request on to a server.
    pub(super) fn start(
        upstream: SocketAddr,
        request: &'a Request,
        client: &'a mut Client,
    ) -> io::Result<Self> {
        let mut server = send_on(upstream, request)?;
        let head = server.try_read_head(&request.method)?;
        let (sender, pieces) = mpsc::channel();
        thread::spawn(move || {
            while let Ok(Some(piece)) = server.try_read_some() {
                if sender.send(piece).is_err() {
                    break;
                }
            }
        });
        let (status, headers) = (head.status, head.headers);
        Ok(Self { request, client, status, headers, pieces, text: Vec::new() })
    }

    /// Answers with the head that the good server sent.
    pub(crate) fn send_head(&mut self) -> io::Result<()> {
        self.client.chunked_head(self.status, &self.headers)
    }

    /// Gives a header of the answer another value, or none.
    pub(crate) fn set_header(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|(other, _)| other != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// What the good server sends next.
    pub(crate) fn piece(&self) -> Option<Vec<u8>> {
        self.pieces.recv().ok()
    }

    /// The same, waiting only so long.
    pub(crate) fn piece_within(&self, time: Duration) -> Wait {
        match self.pieces.recv_timeout(time) {
            Ok(piece) => Wait::Piece(piece),
            Err(RecvTimeoutError::Timeout) => Wait::Nothing,
            Err(RecvTimeoutError::Disconnected) => Wait::End,
        }
    }

    /// The next frame, with the empty line behind it.
    pub(crate) fn frame(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.text.windows(2).position(|window| window == b"\n\n") {
                return Some(self.text.drain(..end + 2).collect());
            }
            self.text.extend(self.piece()?);
        }
    }

    /// Sends frames on, each as it comes: so many, or all there are.
    pub(crate) fn send_frames(&mut self, count: usize) -> io::Result<()> {
        for _ in 0..count {
            match self.frame() {
                Some(frame) => self.client.chunk(&frame)?,
                None => break,
            }
        }
        Ok(())
    }
}

/// Sends a request to a server.
pub(super) fn send_on(upstream: SocketAddr, request: &Request) -> io::Result<Connection> {
    let mut server = Connection::try_open(upstream)?;
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .filter(|(name, _)| !["host", "content-length", "connection"].contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    server.send_request(&request.method, &request.path, &headers, &request.body);
    Ok(server)
}
