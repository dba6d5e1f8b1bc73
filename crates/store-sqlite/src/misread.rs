//! What is wrong with a record, without its content.

use std::fmt;

use serde_json::error::Category;

/// Why a record could not be read or written, fit for a log: an error of the parser may quote what
/// users wrote.
#[derive(Debug)]
pub struct Misread(String);

impl From<&serde_json::Error> for Misread {
    fn from(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let quotes_nothing =
            error.classify() != Category::Data || text.starts_with("missing field");
        if quotes_nothing {
            return Self(text);
        }
        let (line, column) = (error.line(), error.column());
        Self(format!("a value that does not fit at line {line} column {column}"))
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misread {}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::Misread;

    fn told<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> String {
        Misread::from(&serde_json::from_str::<T>(json).unwrap_err()).to_string()
    }

    #[test]
    fn no_value_is_quoted() {
        let wrong = told::<Vec<u64>>(r#"[1, "my secret"]"#);
        assert_eq!(wrong, "a value that does not fit at line 1 column 15");
        assert!(told::<Vec<u64>>("[1, ").starts_with("EOF"));
        assert!(told::<chatkit_protocol::ErrorEvent>(r#"{"code": 7}"#).contains("does not fit"));
        assert!(told::<chatkit_protocol::ThreadStatus>("{}").contains("missing field"));
    }
}
