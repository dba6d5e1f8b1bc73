//! A ChatKit server: what a turn does to a thread, whoever carries the bytes.
//!
//! An application implements [`ChatKitServer`], picks a [`Store`], and has a [`ChatKit`] answer
//! requests; `chatkit-http` puts it behind `POST /chatkit`.
//!
//! A request that is answered with a stream becomes a *run*: a task of its own that prepares the
//! thread, polls the application's response, keeps the rules of the protocol, and appends frames
//! to a log that any number of [`Subscription`]s read. The run does not depend on the connection
//! that asked for it, and it ends exactly once, with a reason.

mod chatkit;
mod client;
mod context;
mod coordinate;
mod id;
mod observe;
mod ops;
mod recover;
mod respond;
mod run;
mod spans;
mod store;
mod turn;
mod visible;

pub use async_trait::async_trait;
pub use chatkit_protocol as protocol;

pub use chatkit::{ChatKit, ChatKitBuilder, Response};
pub use client::ClientInfo;
pub use context::{Owner, RequestContext};
pub use coordinate::{
    Busy, Coordinator, Entry, Hold, Lease, LocalCoordinator, StopOutcome, ThreadKey,
};
pub use id::{IdKind, new_attachment_id, new_item_id, new_thread_id};
pub use observe::{Observer, StoreOutcome};
pub use ops::{OpError, OpErrorKind};
pub use respond::{
    CancelledTurn, ChatKitServer, Emitter, EventStream, MessageWriter, RespondError, ThreadHandle,
    Turn, WidgetWriter,
};
pub use run::{
    CancelReason, CancelToken, EndReason, EventId, Gaps, MultitaskStrategy, NotAnEventId,
    RunHandle, RunId, RunOptions, StreamStats, Subscription,
};
pub use store::{
    AttachmentError, AttachmentStore, Checkpoint, MemoryStore, ObservedStore, PageRequest,
    RecordKind, Store, StoreError, StoreResult, ThreadPatch, Visibility,
};
