//! What can go wrong between a client and a server.

use std::{error::Error, io};

use reqwest::Url;

use crate::address;

/// Said of a server that answers to TLS with something else.
const NO_TLS: &str = "the server does not speak TLS at this port; try http://";

/// What went wrong. No message has a header, a password or the query of a URL in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The URL cannot be used.
    #[error("the server's URL is wrong: {reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// A header cannot be sent.
    #[error("the header `{name}` has characters that cannot be sent")]
    Header {
        /// Its name.
        name: String,
    },
    /// No HTTP client could be made on this machine.
    #[error("no HTTP client: {reason}")]
    Setup {
        /// Why.
        reason: String,
    },
    /// There is no connection.
    #[error("could not connect to {url}: {reason}")]
    NotConnected {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// There is a connection, but it could not be made a secure one.
    #[error("no secure connection to {url}: {reason}")]
    Tls {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// The connection broke before the answer was complete.
    #[error("the connection to {url} broke off: {reason}")]
    Broken {
        /// Where.
        url: String,
        /// How.
        reason: String,
    },
    /// The answer is compressed in a way that cannot be undone.
    #[error("the answer of {url} cannot be decompressed: {reason}")]
    Encoding {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// The answer is larger than it may be.
    #[error("the answer of {url} is larger than {limit} bytes")]
    TooLarge {
        /// Where.
        url: String,
        /// How large it may be.
        limit: usize,
    },
    /// The answer is not the JSON that was expected.
    #[error(
        "the answer of {url} (status {status}) is not the expected JSON: {reason}{}",
        behind(start)
    )]
    NotJson {
        /// Where.
        url: String,
        /// The answer's status.
        status: u16,
        /// Why.
        reason: String,
        /// How the answer begins, or what it is.
        start: String,
    },
    /// The server refused a request.
    #[error("{url} refused it (status {status}): {message}")]
    Refused {
        /// Where.
        url: String,
        /// The answer's status.
        status: u16,
        /// What the server says, or how the answer begins.
        message: String,
    },
    /// A streaming op was not answered with an event stream.
    #[error(
        "{url} answered with status {status} and {found}, not with an event stream{}",
        behind(start)
    )]
    NotAStream {
        /// Where.
        url: String,
        /// The answer's status.
        status: u16,
        /// The answer's content type.
        found: String,
        /// How the answer begins, or what it is.
        start: String,
    },
}

/// What is told of an answer, if there is anything.
fn behind(start: &str) -> String {
    if start.is_empty() { String::new() } else { format!(": {start}") }
}

impl ClientError {
    /// What an error of the HTTP client means.
    pub(crate) fn from_http(url: &Url, error: reqwest::Error) -> Self {
        let url = address::shown(url);
        let error = error.without_url();
        let tls = chain(&error).find_map(|error| error.downcast_ref::<rustls::Error>());
        let reason = describe(&error);
        if let Some(tls) = tls {
            let reason = if speaks_no_tls(tls) { NO_TLS.to_owned() } else { reason };
            Self::Tls { url, reason }
        } else if error.is_connect() {
            Self::NotConnected { url, reason }
        } else if error.is_builder() {
            Self::Setup { reason }
        } else {
            Self::Broken { url, reason }
        }
    }
}

/// What the innermost cause of an error says: those around it only say where it happened.
fn describe(error: &reqwest::Error) -> String {
    let reason = chain(error).last().map_or_else(|| error.to_string(), ToString::to_string);
    // The number of an I/O error says nothing that its text does not say.
    match reason.split_once(" (os error ") {
        Some((text, _)) => text.to_owned(),
        None => reason,
    }
}

/// An error and its causes, those in an I/O error's pocket too.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| cause(error))
}

fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// Whether what came is none of TLS: most often the answer of a server that speaks plain HTTP.
fn speaks_no_tls(error: &rustls::Error) -> bool {
    use rustls::{Error::InvalidMessage, InvalidMessage::InvalidContentType};
    matches!(error, InvalidMessage(InvalidContentType))
}
