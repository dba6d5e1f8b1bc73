//! What a failure of the protocol's library means.

use std::{error::Error, io};

use rmcp::{
    ServiceError, service::ClientInitializeError,
    transport::streamable_http_client::StreamableHttpError,
};

/// What a failed request means for the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The server has not got the request, and the connection is of no more use.
    NotDelivered(String),
    /// The connection is of no more use; what became of the request is not known.
    Lost(String),
    /// The server has answered with an error of JSON-RPC.
    Refused { code: i32, message: String },
    /// The answer does not fit.
    Protocol,
}

/// Longest text of a server's that goes into an error, in bytes.
const LONGEST: usize = 400;

/// What the failure of a request means.
pub(super) fn of_request(error: ServiceError) -> Failure {
    match error {
        ServiceError::McpError(error) => {
            Failure::Refused { code: error.code.0, message: cut(&error.message) }
        }
        ServiceError::TransportClosed => Failure::Lost("the connection was closed".to_owned()),
        ServiceError::TransportSend(error) if is_undelivered(&error) => {
            Failure::NotDelivered(reason(&error))
        }
        ServiceError::TransportSend(error) => Failure::Lost(reason(&error)),
        ServiceError::Cancelled { .. } => Failure::Lost("the server has cancelled it".to_owned()),
        _ => Failure::Protocol,
    }
}

/// Why a server could not be talked to.
pub(super) fn of_connecting(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::JsonRpcError(error) => cut(&error.message),
        ClientInitializeError::TransportError { error, .. } => reason(error),
        ClientInitializeError::ConnectionClosed(_) => {
            "it closed the connection before it had answered".to_owned()
        }
        _ => "its answer is not that of an MCP server".to_owned(),
    }
}

/// Whether the server ended the connection before it had answered.
pub(super) fn is_closed(error: &ClientInitializeError) -> bool {
    match error {
        ClientInitializeError::ConnectionClosed(_) => true,
        ClientInitializeError::TransportError { error, .. } => is_undelivered(error),
        _ => false,
    }
}

fn is_undelivered(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|error| {
        if let Some(error) = error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
            return match error {
                StreamableHttpError::SessionExpired => true,
                StreamableHttpError::Client(error) => error.is_connect(),
                _ => false,
            };
        }
        error.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected)
        })
    })
}

/// The reason of a transport's failure, without the URL, which may hold secrets.
fn reason(error: &(dyn Error + 'static)) -> String {
    let http =
        chain(error).find_map(<dyn Error>::downcast_ref::<StreamableHttpError<reqwest::Error>>);
    match http {
        Some(error) => http_reason(error),
        None => innermost(error),
    }
}

fn http_reason(error: &StreamableHttpError<reqwest::Error>) -> String {
    match error {
        StreamableHttpError::Client(error) => match error.status() {
            Some(status) => format!("HTTP {status}"),
            None if error.is_timeout() => "no connection in time".to_owned(),
            None if error.source().is_none() => "the request could not be made".to_owned(),
            None => innermost(error),
        },
        StreamableHttpError::AuthRequired(_) => "HTTP 401: it wants authorization".to_owned(),
        StreamableHttpError::InsufficientScope(_) => {
            "HTTP 403: the authorization does not suffice".to_owned()
        }
        StreamableHttpError::UnexpectedServerResponse(text) => cut(text),
        StreamableHttpError::SessionExpired => "the session has expired".to_owned(),
        other => cut(&other.to_string()),
    }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(|error| cut(&error.to_string())).unwrap_or_default()
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn cut(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().map(|(at, _)| at).find(|at| *at >= LONGEST) {
        Some(at) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut(" short "), "short");
        let text = cut(&"ä".repeat(1000));
        assert_eq!(text, format!("{}…", "ä".repeat(200)));
    }
}
