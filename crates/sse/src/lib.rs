//! A parser of event streams (`text/event-stream`) that takes bytes as they come.
//!
//! It reads what the HTML standard calls server-sent events, with two differences that those who
//! look closely want: the id belongs to the frame it stood in, and comments can be kept.
//!
//! ```
//! use chatkit_sse::Parser;
//!
//! let mut parser = Parser::new(1 << 20);
//! parser.push(b": ping\n\nid: 7\ndata: {\"a\"");
//! assert_eq!(parser.next_event()?, None);
//! parser.push(b": 1}\n\n");
//! let event = parser.next_event()?.expect("it is complete");
//! assert_eq!(event.id.as_deref(), Some("7"));
//! assert_eq!(event.data, r#"{"a": 1}"#);
//! # Ok::<(), chatkit_sse::TooLarge>(())
//! ```

mod frame;
mod parser;
#[cfg(test)]
mod tests;

pub use frame::{Event, Frame};
pub use parser::{Parser, TooLarge};
