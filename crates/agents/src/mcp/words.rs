//! A command line as words, as a shell reads it.

/// The words of a command line. Quotes keep words together; in double quotes and outside of
/// quotes a backslash takes the next character as it is, except on Windows, where it is part of
/// paths. Nothing is expanded.
///
/// # Errors
///
/// What is not closed.
pub(super) fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(char) => word.push(char),
                        None => return Err("a single quote is not closed"),
                    }
                }
            }
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            '\\' if !cfg!(windows) => {
                let escaped = chars.next().ok_or("nothing follows the last backslash")?;
                word.get_or_insert_default().push(escaped);
            }
            char if char.is_whitespace() => words.extend(word.take()),
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Ok(words)
}

fn double_quoted(
    chars: &mut impl Iterator<Item = char>,
    word: &mut String,
) -> Result<(), &'static str> {
    const OPEN: &str = "a double quote is not closed";
    loop {
        match chars.next().ok_or(OPEN)? {
            '"' => return Ok(()),
            '\\' if !cfg!(windows) => match chars.next().ok_or(OPEN)? {
                char @ ('"' | '\\' | '$' | '`') => word.push(char),
                char => word.extend(['\\', char]),
            },
            char => word.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_are_split_at_white_space_and_kept_together_by_quotes() {
        assert_eq!(split("npx  -y server\t/data\n").unwrap(), ["npx", "-y", "server", "/data"]);
        assert_eq!(split(r#"a 'b "c' d"e f"g"#).unwrap(), ["a", "b \"c", "de fg"]);
        assert_eq!(split("''  \"\"").unwrap(), ["", ""]);
        assert!(split(" ").unwrap().is_empty());
    }

    #[cfg(not(windows))]
    #[test]
    fn a_backslash_takes_the_next_character_as_it_is() {
        assert_eq!(split(r#"a\ b "c\"d" "e\n" '\'"#).unwrap(), ["a b", "c\"d", r"e\n", r"\"]);
        assert_eq!(split("a \\").unwrap_err(), "nothing follows the last backslash");
    }

    #[test]
    fn what_is_not_closed_is_named() {
        assert_eq!(split("a 'b").unwrap_err(), "a single quote is not closed");
        assert_eq!(split("a \"b").unwrap_err(), "a double quote is not closed");
    }
}
