//! `null` for what may as well be absent.

use serde::{Deserialize, Deserializer};

/// Reads a field that has a default, for `#[serde(default, deserialize_with)]`.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
