//! Widgets on the move: what changed between two states of a widget, how a client applies it, and
//! the events of a widget that is streamed.
//!
//! A widget is open JSON with a checked root ([`WidgetRoot`]); nothing here knows the single
//! components but `Text` and `Markdown`, whose `value` may grow piece by piece.
//!
//! ```
//! use chatkit_protocol::{ThreadItemUpdate, WidgetRoot};
//! use chatkit_widgets::{apply_widget_update, diff_widget};
//! use serde_json::json;
//!
//! let card = |text| {
//!     WidgetRoot::new(json!({
//!         "type": "Card",
//!         "children": [{ "type": "Text", "id": "story", "value": text, "streaming": true }],
//!     }))
//! };
//! let (mut shown, next) = (card("Once")?, card("Once upon a time")?);
//! let updates = diff_widget(&shown, &next);
//! assert_eq!(
//!     updates,
//!     [ThreadItemUpdate::WidgetStreamingTextValueDelta {
//!         component_id: "story".to_owned(),
//!         delta: " upon a time".to_owned(),
//!         done: false,
//!     }],
//! );
//!
//! assert!(updates.iter().all(|update| apply_widget_update(&mut shown, update)));
//! assert_eq!(shown, next);
//! # Ok::<(), chatkit_protocol::InvalidWidget>(())
//! ```
//!
//! [`WidgetRoot`]: chatkit_protocol::WidgetRoot

mod apply;
mod diff;
mod stream;
mod tree;

pub use apply::apply_widget_update;
pub use diff::diff_widget;
pub use stream::{WidgetStream, static_widget};
