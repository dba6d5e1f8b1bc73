//! What tests of a ChatKit server have in common.
//!
//! [`provider`] has a model's provider that answers as a test wants it.
//!
//! [`spans`] takes note of the spans and lines of the code under test.
//!
//! [`wire`] has requests and events as they stand on the wire.
//!
//! [`exposition`] reads what `/metrics` shows, and refuses what is not exactly right.
//!
//! [`mod@store_conformance`] holds the rules that every [`Store`](chatkit_server::Store) keeps, and
//! [`store_conformance!`](crate::store_conformance!) turns them into tests of yours:
//!
//! ```
//! use chatkit_server::MemoryStore;
//!
//! chatkit_testkit::store_conformance!(|| async { MemoryStore::new() });
//! ```

pub mod exposition;
pub mod provider;
pub mod spans;
pub mod store_conformance;
pub mod wire;
