//! A header as it is written on a command line.

use std::{fmt, str::FromStr};

/// A header as it is written on a command line, `NAME: VALUE`. Its value is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((name, value)) if !name.trim().is_empty() => {
                Ok(Self { name: name.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err("expected `NAME: VALUE`".to_owned()),
        }
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Header;

    #[test]
    fn a_header_has_a_name_and_a_value_that_is_not_shown() {
        let header: Header = "Authorization: Bearer hunter22:3".parse().unwrap();
        assert_eq!((&*header.name, &*header.value), ("Authorization", "Bearer hunter22:3"));
        assert!(!format!("{header:?}").contains("hunter22"));
        for wrong in ["", "hunter22", ": hunter22"] {
            assert!(!wrong.parse::<Header>().unwrap_err().contains("hunter22"));
        }
    }
}
