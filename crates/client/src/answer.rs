//! An answer as it comes.

use std::{fmt, time::Instant};

use bytes::Bytes;
use reqwest::Response;
use serde::de::DeserializeOwned;

use crate::{ClientError, address, decode::Decoder, glimpse};

/// The largest JSON document that is read, in bytes.
const MAX_JSON: usize = 64 * 1024 * 1024;
/// How much of an answer an error shows, in characters.
const SHOWN: usize = 200;

/// An answer whose head has come. Dropping it closes the connection, unless the body has ended.
pub struct Answer {
    /// When the client was told to send the request.
    pub sent_at: Instant,
    /// When the connection was there, with its TLS, if one had to be made for the request: it was
    /// sent only then.
    pub connected_at: Option<Instant>,
    /// When the head was there.
    pub headers_at: Instant,
    /// The status.
    pub status: u16,
    /// The version of HTTP: `HTTP/1.1`, `HTTP/2.0`.
    pub version: String,
    /// The headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    response: Response,
    decoder: Decoder,
}

/// The times of an answer whose head has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) sent_at: Instant,
    pub(crate) connected_at: Option<Instant>,
    pub(crate) headers_at: Instant,
}

/// Bytes of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// When they came.
    pub at: Instant,
    /// How many came, compressed ones if they were.
    pub wire_bytes: usize,
    /// What they are when decompressed. It may be nothing, when more has to come first.
    pub data: Bytes,
}

impl Answer {
    pub(crate) fn new(response: Response, times: Times) -> Self {
        let Times { sent_at, connected_at, headers_at } = times;
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        let encodings = headers.iter().filter(|(name, _)| name == "content-encoding");
        let decoder = Decoder::new(encodings.map(|(_, value)| value.as_str()));
        Self {
            sent_at,
            connected_at,
            headers_at,
            status: response.status().as_u16(),
            version: format!("{:?}", response.version()),
            headers,
            response,
            decoder,
        }
    }

    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether the body is called an event stream.
    pub fn is_event_stream(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/event-stream")
    }

    /// The next bytes of the body as they came; none at its end. Nothing is lost when the future is
    /// dropped before it is ready.
    ///
    /// # Errors
    ///
    /// [`ClientError::Broken`] when the connection ends before the body, [`ClientError::Encoding`]
    /// when it cannot be decompressed, [`ClientError::TooLarge`] when a piece would become
    /// unreasonably large thereby.
    pub async fn read(&mut self) -> Result<Option<Piece>, ClientError> {
        let read = self.response.chunk().await;
        let at = Instant::now();
        let piece = read.map_err(|error| ClientError::from_http(self.response.url(), error))?;
        let Some(piece) = piece else { return Ok(None) };
        let wire_bytes = piece.len();
        let data = self.decoder.decode(piece).map_err(|error| error.at(self.shown_url()))?;
        Ok(Some(Piece { at, wire_bytes, data }))
    }

    /// The body as text; what is no UTF-8 is replaced.
    ///
    /// # Errors
    ///
    /// [`ClientError::TooLarge`] when it has more than so many bytes; those of [`read`](Self::read).
    pub async fn text(mut self, limit: usize) -> Result<String, ClientError> {
        let body = self.read_all(limit).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// The first so many bytes of the body as text, and fewer if it breaks off.
    pub async fn start_of_text(mut self, most: usize) -> String {
        let mut body = Vec::new();
        while let Ok(Some(piece)) = self.read().await
            && body.len() < most
        {
            body.extend_from_slice(&piece.data);
        }
        body.truncate(most);
        String::from_utf8_lossy(&body).into_owned()
    }

    /// The body as JSON of at most 64 MiB, whatever the status is.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotJson`] when it is not what is expected; those of [`text`](Self::text).
    pub async fn json<T: DeserializeOwned>(mut self) -> Result<T, ClientError> {
        let body = self.read_all(MAX_JSON).await?;
        serde_json::from_slice(&body).map_err(|error| ClientError::NotJson {
            url: self.shown_url(),
            status: self.status,
            reason: error.to_string(),
            start: glimpse(&String::from_utf8_lossy(&body), SHOWN),
        })
    }

    async fn read_all(&mut self, limit: usize) -> Result<Vec<u8>, ClientError> {
        let mut body = Vec::new();
        while let Some(piece) = self.read().await? {
            if body.len() + piece.data.len() > limit {
                return Err(ClientError::TooLarge { url: self.shown_url(), limit });
            }
            body.extend_from_slice(&piece.data);
        }
        Ok(body)
    }

    pub(crate) fn shown_url(&self) -> String {
        address::shown(self.response.url())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("url", &self.shown_url())
            .field("status", &self.status)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
