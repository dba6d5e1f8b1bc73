//! Something that is sent and never shown.

use std::{fmt, sync::Arc};

/// A key or another value that is sent to a provider and shown nowhere: neither `Debug` nor
/// `Display` prints it.
///
/// ```
/// use chatkit_agents::model::Secret;
///
/// let key = Secret::new("sk-123456");
/// assert_eq!(format!("{key} {key:?}"), "[secret] Secret([secret])");
/// assert_eq!(key.expose(), "sk-123456");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// A secret. White space around it, as files and shells leave it, is not part of it.
    pub fn new(value: impl AsRef<str>) -> Self {
        Self(value.as_ref().trim().into())
    }

    /// The value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([secret])")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
