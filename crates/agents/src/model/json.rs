//! JSON that providers write nearly right.

/// Half of a character outside the basic plane, written alone: `\ud83d` without `\ude00` behind it.
const HALVES: std::ops::Range<u16> = 0xD800..0xE000;
const FIRST_HALVES: std::ops::Range<u16> = 0xD800..0xDC00;

const REPLACEMENT: &str = "\\ufffd";

/// The document with the replacement character for each half of a character that stands alone;
/// `None` if there is none. No parser takes such a half, and there are servers that count text in
/// UTF-16 and cut it anywhere.
pub(super) fn with_halves_replaced(json: &str) -> Option<String> {
    let mut replaced: Option<String> = None;
    let mut written = 0;
    let mut at = 0;
    let next = |at| memchr::memchr(b'\\', json.as_bytes().get(at..).unwrap_or_default());
    while let Some(found) = next(at) {
        let escape = at + found;
        let Some(unit) = unit_at(json, escape) else {
            at = escape + 2;
            continue;
        };
        at = escape + REPLACEMENT.len();
        if !HALVES.contains(&unit) {
            continue;
        }
        let is_second = |unit| HALVES.contains(&unit) && !FIRST_HALVES.contains(&unit);
        if FIRST_HALVES.contains(&unit) && unit_at(json, at).is_some_and(is_second) {
            at += REPLACEMENT.len();
            continue;
        }
        let text = replaced.get_or_insert_default();
        text.push_str(json.get(written..escape)?);
        text.push_str(REPLACEMENT);
        written = at;
    }
    let mut replaced = replaced?;
    replaced.push_str(json.get(written..)?);
    Some(replaced)
}

/// The UTF-16 unit that an escape says, if one begins here that does.
fn unit_at(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + REPLACEMENT.len())?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::with_halves_replaced;

    #[test]
    fn halves_are_replaced_where_they_stand_alone() {
        for (json, expected) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""a\uDE00b\ud83dc\n""#, "a\u{fffd}b\u{fffd}c\n"),
            (r#""\ud83d\ud83d\ude00\ude00""#, "\u{fffd}😀\u{fffd}"),
            (r#""\ud83d\\ude00é""#, "\u{fffd}\\ude00é"),
        ] {
            let replaced = with_halves_replaced(json).unwrap();
            assert_eq!(serde_json::from_str::<String>(&replaced).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn what_has_none_is_left_alone() {
        for json in
            ["", "{}", r#""\ud83d\ude00""#, r#""\\ud83d""#, r#""\u00e9\"""#, "\\", "\\u", "\\é"]
        {
            assert_eq!(with_halves_replaced(json), None, "{json}");
        }
    }
}
