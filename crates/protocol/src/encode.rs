//! From an event to the bytes on the wire.

use crate::{ThreadItemUpdate, ThreadStreamEvent};

impl ThreadStreamEvent {
    /// Appends the event as JSON to `out`.
    ///
    /// Text deltas, by far the most frequent events, take a short way that writes the same bytes
    /// as serde.
    ///
    /// # Errors
    ///
    /// When a part of the event cannot be written as JSON; `out` is left as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        if let Self::ThreadItemUpdated {
            item_id,
            update: ThreadItemUpdate::AssistantMessageContentPartTextDelta { content_index, delta },
        } = self
        {
            encode_text_delta(item_id, *content_index, delta, out);
            return Ok(());
        }
        let start = out.len();
        serde_json::to_writer(&mut *out, self).inspect_err(|_| out.truncate(start))
    }
}

/// Appends the event of a text delta as JSON to `out`, without building the event.
pub fn encode_text_delta(item_id: &str, content_index: usize, delta: &str, out: &mut Vec<u8>) {
    out.reserve(item_id.len() + delta.len() + 160);
    encode_text_delta_start(item_id, content_index, out);
    encode_text_delta_end(delta, out);
}

/// Appends what the events of all text deltas of one part begin with: everything before the text.
/// [`encode_text_delta_end`] is to follow.
pub fn encode_text_delta_start(item_id: &str, content_index: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"type":"thread.item.updated","item_id":""#);
    escape(item_id, out);
    out.extend_from_slice(
        br#"","update":{"type":"assistant_message.content_part.text_delta","content_index":"#,
    );
    number(content_index, out);
    out.extend_from_slice(br#","delta":""#);
}

/// Appends the text of a delta and the end of its event.
pub fn encode_text_delta_end(delta: &str, out: &mut Vec<u8>) {
    escape(delta, out);
    out.extend_from_slice(br#""}}"#);
}

fn number(value: usize, out: &mut Vec<u8>) {
    if value >= 10 {
        number(value / 10, out);
    }
    out.push(DIGITS[value % 10]);
}

const DIGITS: [u8; 10] = *b"0123456789";
const HEX: [u8; 16] = *b"0123456789abcdef";

/// Appends a string's characters as they stand inside JSON quotes (RFC 8259, section 7).
fn escape(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let (chunks, rest) = bytes.as_chunks();
    let plain = chunks.iter().take_while(|chunk| is_plain(**chunk)).count();
    // Nearly all texts have nothing to escape.
    if plain == chunks.len() && rest.iter().all(|byte| ESCAPES[usize::from(*byte)] == 0) {
        out.extend_from_slice(bytes);
        return;
    }
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate().skip(plain * 8) {
        let escaped = ESCAPES[usize::from(byte)];
        if escaped == 0 {
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        if escaped == b'u' {
            out.extend_from_slice(b"\\u00");
            out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            out.extend([b'\\', escaped]);
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

/// Whether none of eight bytes is escaped, all at once.
fn is_plain(chunk: [u8; 8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let bytes = u64::from_le_bytes(chunk);
    // The high bit of a byte of `x - n` is set, and that of `x` is not, when the byte is below n.
    let below = |bytes: u64, n: u64| bytes.wrapping_sub(ONES * n) & !bytes & HIGH;
    let is = |byte: u8| below(bytes ^ (ONES * u64::from(byte)), 1);
    below(bytes, 0x20) | is(b'"') | is(b'\\') == 0
}

/// For each byte the letter after its backslash, `u` for a numeric escape, 0 for none.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[0x08] = b'b';
    table[b'\t' as usize] = b't';
    table[b'\n' as usize] = b'n';
    table[0x0c] = b'f';
    table[b'\r' as usize] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ItemId;

    fn assert_same_as_serde(item_id: &str, content_index: usize, delta: &str) {
        let event = ThreadStreamEvent::updated(
            ItemId::from(item_id),
            ThreadItemUpdate::AssistantMessageContentPartTextDelta {
                content_index,
                delta: delta.to_owned(),
            },
        );
        let mut short = b"before".to_vec();
        event.encode(&mut short).unwrap();
        assert_eq!(
            String::from_utf8(short).unwrap(),
            format!("before{}", serde_json::to_string(&event).unwrap()),
        );
    }

    #[test]
    fn every_character_that_json_escapes() {
        let all: String =
            (0..=0x2ff).filter_map(char::from_u32).chain("\u{2028}\u{1f600}".chars()).collect();
        assert_same_as_serde("msg_\"\\1", usize::MAX, &all);
        assert_same_as_serde("", 0, "");
    }

    proptest! {
        #[test]
        fn the_short_way_writes_what_serde_writes(id in ".*", index: usize, delta in "(?s).*") {
            assert_same_as_serde(&id, index, &delta);
        }
    }
}
