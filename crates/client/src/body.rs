//! What a request says.

use bytes::Bytes;
use serde_json::Value;

/// The body of a request.
#[derive(Debug, Clone)]
pub struct Body(pub(crate) Bytes);

impl From<&Value> for Body {
    fn from(value: &Value) -> Self {
        Self(value.to_string().into())
    }
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        (&value).into()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}
