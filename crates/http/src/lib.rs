//! ChatKit over HTTP.
//!
//! [`router`] puts a [`ChatKit`](chatkit_server::ChatKit) behind `POST /chatkit`, to be mounted in
//! any axum application, and [`serve`] is an accept loop made for long streams: no Nagle delay, a
//! limit on how long a request may take to arrive, dead peers noticed, a graceful end.
//!
//! ```no_run
//! use chatkit_server::{ChatKit, ChatKitServer, EventStream, MemoryStore, Turn};
//!
//! struct Hello;
//!
//! impl ChatKitServer for Hello {
//!     type Context = ();
//!
//!     fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
//!         turn.stream(async move |turn, events| {
//!             events.message(format!("Hello, {}!", turn.input_text())).await
//!         })
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let chatkit = ChatKit::new(Hello, MemoryStore::new());
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
//!     let app = chatkit_http::router(chatkit, chatkit_http::Options::default());
//!     chatkit_http::serve(listener, app, std::future::pending()).await
//! }
//! ```
//!
//! The request's context is taken from the request by an axum extractor: implement
//! `FromRequestParts<()>` for the context of your server, and refuse there who may not come in.

mod answered;
mod body;
mod error;
mod http2;
mod options;
mod origins;
mod request;
mod router;
mod serve;
mod takeover;

pub use answered::AnsweredOp;
pub use body::EventBody;
pub use error::HttpError;
pub use options::{AllowedOrigins, Options};
pub use origins::allow_origins;
pub use request::read_body;
pub use router::router;
pub use serve::{ServeOptions, serve, serve_with};
