//! Whom a request comes from.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

/// Who owns threads, items and attachments: a user, a tenant, a session.
///
/// Every row of a store belongs to an owner; what belongs to another does not exist for a request.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Arc<str>);

impl Owner {
    /// An owner by the application's own id.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The application's own id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Owner {
    /// The one owner of an application without users.
    fn default() -> Self {
        // Each request asks for it, and all of them share it.
        static LOCAL: LazyLock<Owner> = LazyLock::new(|| Owner::new("local"));
        LOCAL.clone()
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What an application knows about a request: made once per request, handed to every method of
/// [`ChatKitServer`](crate::ChatKitServer).
///
/// `()` is the context of an application without users.
pub trait RequestContext: Clone + Send + Sync + 'static {
    /// Whose threads the request may see.
    fn owner(&self) -> Owner;
}

impl RequestContext for () {
    fn owner(&self) -> Owner {
        Owner::default()
    }
}

impl RequestContext for Owner {
    fn owner(&self) -> Owner {
        self.clone()
    }
}
