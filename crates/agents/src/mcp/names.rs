//! Names that every provider takes.

use std::collections::HashSet;

/// The longest name that providers take, in bytes.
const LONGEST: usize = 64;

/// Gives the tools of a server their names for models.
#[derive(Debug, Default)]
pub(super) struct Names {
    prefix: String,
    given: HashSet<String>,
}

impl Names {
    /// Names that begin with a prefix, if there is one.
    pub(super) fn new(prefix: Option<&str>) -> Self {
        let prefix = prefix.filter(|prefix| !prefix.is_empty());
        Self {
            prefix: prefix.map(|prefix| format!("{prefix}_")).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// A name like the server's, of letters, digits, `_` and `-`, at most 64 of them, that no
    /// tool before has got.
    pub(super) fn give(&mut self, name: &str) -> String {
        let valid = |char: char| {
            if char.is_ascii_alphanumeric() || char == '-' { char } else { '_' }
        };
        let full: String =
            self.prefix.chars().chain(name.chars()).take(LONGEST).map(valid).collect();
        let full = if full.is_empty() { "_".to_owned() } else { full };
        let mut given = full.clone();
        let mut number = 2_usize;
        while !self.given.insert(given.clone()) {
            let suffix = format!("_{number}");
            let kept = full.len().min(LONGEST - suffix.len());
            given = format!("{}{suffix}", full.get(..kept).unwrap_or_default());
            number += 1;
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_valid_and_kept_apart() {
        let mut names = Names::new(None);
        assert_eq!(names.give("read_file-2"), "read_file-2");
        assert_eq!(names.give("fs.read/fïle"), "fs_read_f_le");
        assert_eq!(names.give("fs/read.f le"), "fs_read_f_le_2");
        assert_eq!(names.give(""), "_");
        assert_eq!(names.give(""), "__2");
        assert_eq!(Names::new(Some("git hub")).give("search"), "git_hub_search");
    }

    #[test]
    fn long_names_are_cut_and_kept_apart() {
        let mut names = Names::new(Some("p"));
        let (one, two) = (names.give(&"x".repeat(70)), names.give(&"x".repeat(80)));
        assert_eq!(one, format!("p_{}", "x".repeat(62)));
        assert_eq!(two, format!("p_{}_2", "x".repeat(60)));
    }
}
