//! An HTTP client for ChatKit servers, of any make.
//!
//! [`Client`] sends requests to one server and gives an [`Answer`] as soon as its head is there.
//! The body is read piece by piece, each with the time at which it came.
//!
//! The ops of the protocol are methods of the client. What a server sends is given as JSON, since a
//! client of any server has to live with what is new or wrong.
//!
//! ```no_run
//! use chatkit_client::Client;
//! use serde_json::{Value, json};
//!
//! # async fn ask() -> Result<(), chatkit_client::ClientError> {
//! let client = Client::builder("http://localhost:8000").build()?;
//! let request = json!({"type": "threads.list", "params": {"limit": 10}});
//! let threads: Value = client.send(&request, false).await?.json().await?;
//! println!("{threads}");
//! # Ok(())
//! # }
//! ```

mod address;
mod answer;
mod body;
mod client;
mod connecting;
mod decode;
mod error;
mod events;
mod glimpse;
mod header;
mod ops;
mod upload;

pub use answer::{Answer, Piece};
pub use body::Body;
pub use client::{Client, ClientBuilder};
pub use error::ClientError;
pub use events::EventStream;
pub use glimpse::glimpse;
pub use header::Header;
pub use upload::Upload;

pub use chatkit_sse::Event;
