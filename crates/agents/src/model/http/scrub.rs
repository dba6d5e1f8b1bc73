//! Texts of a provider, made fit to be shown.

use std::borrow::Cow;

use super::Secret;

/// A text is cut to so many characters.
const MAX_CHARS: usize = 500;

/// A shorter secret is not looked for: it would be found in words.
const MIN_SECRET: usize = 6;

const HIDDEN: &str = "[secret]";

/// How keys of well-known providers begin, and what stands before one.
const KEY_PREFIXES: [&str; 7] = ["sk-", "rk-", "pk-", "gsk_", "xai-", "AIza", "Bearer "];

/// Takes secrets out of texts.
#[derive(Debug, Clone, Default)]
pub(super) struct Scrubber {
    secrets: Vec<Secret>,
}

impl Scrubber {
    /// A scrubber that knows these secrets, and what keys look like.
    pub(super) fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut secrets: Vec<_> =
            secrets.into_iter().filter(|secret| secret.expose().len() >= MIN_SECRET).collect();
        // A secret may be part of a longer one, which must not be left in pieces.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Self { secrets }
    }

    /// The text on one line, without secrets, cut to a sane length.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.expose()) {
                text = Cow::Owned(text.replace(secret.expose(), HIDDEN));
            }
        }
        cut(&hide_keys(&one_line(&text)))
    }
}

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    line
}

/// Replaces what looks like a key.
fn hide_keys(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    let mut inside_word = false;
    while let Some(first) = rest.chars().next() {
        let key = if inside_word { None } else { key_at(rest) };
        let (written, read) = match key {
            Some((prefix, length)) => {
                shown.push_str(prefix);
                (HIDDEN, length)
            }
            None => (rest.get(..first.len_utf8()).unwrap_or_default(), first.len_utf8()),
        };
        shown.push_str(written);
        inside_word = first.is_alphanumeric();
        rest = rest.get(read..).unwrap_or_default();
    }
    shown
}

/// What of a key that the text begins with may be shown, and the key's length.
fn key_at(text: &str) -> Option<(&'static str, usize)> {
    let prefix = *KEY_PREFIXES.iter().find(|prefix| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })?;
    let rest = text.get(prefix.len()..)?;
    let length = rest.find(|c| !is_key_char(c)).unwrap_or(rest.len());
    let shown = if prefix == "Bearer " { prefix } else { "" };
    (length >= MIN_SECRET).then_some((shown, prefix.len() + length))
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.*+/=~…".contains(c)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Scrubber, Secret};

    fn clean(text: &str) -> String {
        Scrubber::new([Secret::new("tiny"), Secret::new("abc123"), Secret::new("abc123def")])
            .clean(text)
    }

    #[test]
    fn known_secrets_go_wherever_they_are() {
        assert_eq!(clean("key=abc123, or xabc123defx"), "key=[secret], or x[secret]x");
        assert_eq!(clean("a tiny text"), "a tiny text");
    }

    #[test]
    fn what_looks_like_a_key_goes() {
        assert_eq!(
            clean("Incorrect API key provided: sk-proj-****_9Z. Find yours at https://x.y/z"),
            "Incorrect API key provided: [secret] Find yours at https://x.y/z"
        );
        assert_eq!(clean("(authorization: bearer eyJ.a-b_c)"), "(authorization: Bearer [secret])");
        assert_eq!(clean("gsk_1234567 \"xai-1234567\""), "[secret] \"[secret]\"");
    }

    #[test]
    fn words_stay() {
        for text in
            ["a risk-averse desk-topping", "sk-1", "the bearer is", "Bearer: none", "ähm sk-"]
        {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn one_line_of_sane_length() {
        assert_eq!(clean("  a\r\n\tb\u{0}c "), "a b c");
        let cut = clean(&"ä".repeat(1000));
        assert_eq!(cut.chars().count(), 501);
        assert!(cut.ends_with("ä…"));
    }
}
