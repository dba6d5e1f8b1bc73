//! Which part of a list is wanted.

use chatkit_protocol::Order;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The largest number of records; at least one.
    pub limit: usize,
    /// The direction.
    pub order: Order,
    /// The id of the record that the page follows; none for the first page. It may name a record
    /// that is not visible. A store answers [`NotFound`](crate::StoreError::NotFound) when there is
    /// no such record.
    pub after: Option<String>,
}

impl PageRequest {
    /// The first page of a list.
    pub fn first(limit: usize, order: Order) -> Self {
        Self { limit, order, after: None }
    }
}

/// Which items of a thread are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// All, as the model needs them.
    All,
    /// Those that a client may see: all but [hidden ones](chatkit_protocol::ThreadItem::is_hidden).
    Visible,
}
