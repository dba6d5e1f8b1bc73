//! Which op an answer belongs to, for whoever counts answers.

use chatkit_protocol::Op;

/// Stands in the extensions of every answer to `POST /chatkit`, and of those to other methods and
/// to pages that may not use the server: which op was asked for, if it was known by then. A
/// middleware around [`router`](crate::router) tells by it the answers of the protocol from those
/// of other routes.
///
/// ```
/// use axum::response::Response;
/// use chatkit_http::AnsweredOp;
///
/// fn op_of(response: &Response) -> Option<&'static str> {
///     let AnsweredOp(op) = response.extensions().get()?;
///     Some(op.map_or("unknown", |op| op.as_str()))
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnsweredOp(pub Option<Op>);
