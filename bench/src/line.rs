//! What streams are asked for over: a connection of HTTP/1.1, or a share of one of HTTP/2.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use crate::{
    connection::Connection,
    exchange::{self, Failure},
    http2::{Http2, Shared},
    script::Post,
};

/// Carries one stream after the other.
#[derive(Debug)]
pub(crate) enum Line {
    Http1(Connection),
    Http2(Http2),
}

/// How lines are opened.
#[derive(Debug, Clone)]
pub(crate) enum Lines {
    /// A connection for each line. `small`: with a small buffer, for when there are many.
    Http1 { address: SocketAddr, small: bool },
    /// So many connections that the lines share.
    Http2 { connections: Vec<Arc<Shared>> },
}

/// From so many lines on, their buffers are small.
const MANY: u32 = 512;

impl Lines {
    /// `http2`: over how many connections; else each line has its own.
    pub(crate) fn new(address: SocketAddr, lines: u32, http2: Option<u32>) -> Self {
        match http2 {
            Some(connections) => Self::Http2 {
                connections: (0..connections).map(|_| Shared::new(address)).collect(),
            },
            None => Self::Http1 { address, small: lines >= MANY },
        }
    }

    /// Opens the n-th line.
    pub(crate) async fn open(&self, number: usize) -> Result<Line, Failure> {
        Ok(match self {
            Self::Http1 { address, small } => {
                Line::Http1(Connection::open(*address, *small).await?)
            }
            Self::Http2 { connections } => {
                let at = number.checked_rem(connections.len()).unwrap_or_default();
                let connection = connections.get(at).ok_or(Failure::Request)?;
                Line::Http2(Http2::new(Arc::clone(connection)))
            }
        })
    }
}

impl Line {
    /// Asks for a stream and reads the head of the response.
    pub(crate) async fn begin(&mut self, post: &Post) -> Result<(), Failure> {
        match self {
            Self::Http1(connection) => exchange::begin(connection, &post.http1).await,
            Self::Http2(stream) => stream.begin(post).await,
        }
    }

    /// Waits for more of the body and hands every piece of it to `on_data`. Returns whether the
    /// body goes on.
    pub(crate) async fn body(&mut self, on_data: impl FnMut(&[u8])) -> Result<bool, Failure> {
        match self {
            Self::Http1(connection) => Ok(connection.body(on_data).await?),
            Self::Http2(stream) => stream.body(on_data).await,
        }
    }

    /// When bytes were last read.
    pub(crate) fn read_at(&self) -> Instant {
        match self {
            Self::Http1(connection) => connection.read_at,
            Self::Http2(stream) => stream.read_at,
        }
    }

    /// Bytes read since it was opened.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Http1(connection) => connection.bytes,
            Self::Http2(stream) => stream.bytes,
        }
    }

    /// Whether another stream may follow one that was read to its end.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_open(),
            Self::Http2(_) => true,
        }
    }
}
