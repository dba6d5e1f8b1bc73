//! Server-sent events, wherever the bytes are split.

/// Takes the events out of a stream that arrives in pieces. Lines end with a line feed.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// The beginning of an event whose end has not arrived.
    unfinished: Vec<u8>,
}

impl Events {
    /// Hands the data of every event that `piece` completes to `on_data`.
    pub(crate) fn feed(&mut self, mut piece: &[u8], mut on_data: impl FnMut(&[u8])) {
        if !self.unfinished.is_empty() {
            let Some(end) = end_across(&self.unfinished, piece) else {
                self.unfinished.extend_from_slice(piece);
                return;
            };
            let (head, rest) = piece.split_at(end);
            self.unfinished.extend_from_slice(head);
            hand_over(&self.unfinished, &mut on_data);
            self.unfinished.clear();
            piece = rest;
        }
        while let Some(end) = end_of_event(piece) {
            let (event, rest) = piece.split_at(end);
            hand_over(event, &mut on_data);
            piece = rest;
        }
        self.unfinished.extend_from_slice(piece);
    }

    /// Whether the stream may end here.
    pub(crate) fn is_complete(&self) -> bool {
        self.unfinished.is_empty()
    }
}

/// How many bytes of `piece` belong to the event that begins with `unfinished`.
fn end_across(unfinished: &[u8], piece: &[u8]) -> Option<usize> {
    if unfinished.ends_with(b"\n") && piece.starts_with(b"\n") {
        return Some(1);
    }
    end_of_event(piece)
}

/// Where the first event ends, behind its empty line.
fn end_of_event(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).find(|&at| bytes.get(at + 1) == Some(&b'\n')).map(|at| at + 2)
}

/// The data of one event. Events without data, such as comments, are left out.
fn hand_over(event: &[u8], on_data: &mut impl FnMut(&[u8])) {
    let mut lines = event.split(|&byte| byte == b'\n').filter_map(data_of_line);
    let Some(first) = lines.next() else {
        return;
    };
    let mut more = lines.peekable();
    if more.peek().is_none() {
        on_data(first);
        return;
    }
    let mut whole = first.to_vec();
    for line in more {
        whole.push(b'\n');
        whole.extend_from_slice(line);
    }
    on_data(&whole);
}

fn data_of_line(line: &[u8]) -> Option<&[u8]> {
    let value = line.strip_prefix(b"data:")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(pieces: &[&[u8]]) -> (Vec<String>, bool) {
        let mut events = Events::default();
        let mut seen = Vec::new();
        for piece in pieces {
            events.feed(piece, |data| seen.push(String::from_utf8_lossy(data).into_owned()));
        }
        (seen, events.is_complete())
    }

    const STREAM: &[u8] =
        b"data: {\"a\":1}\n\n: ping\n\ndata:x\nid: 3\ndata: y\n\n\n\ndata: last\n\n";

    fn expected() -> (Vec<String>, bool) {
        (["{\"a\":1}", "x\ny", "last"].map(str::to_owned).to_vec(), true)
    }

    #[test]
    fn in_one_piece() {
        assert_eq!(events(&[STREAM]), expected());
    }

    #[test]
    fn split_twice_anywhere() {
        for first in 0..=STREAM.len() {
            for second in first..=STREAM.len() {
                let pieces = [&STREAM[..first], &STREAM[first..second], &STREAM[second..]];
                assert_eq!(events(&pieces), expected(), "split at {first} and {second}");
            }
        }
    }

    #[test]
    fn split_everywhere() {
        let pieces: Vec<&[u8]> = STREAM.chunks(1).collect();
        assert_eq!(events(&pieces), expected());
    }

    #[test]
    fn an_unfinished_event_is_not_handed_over() {
        assert_eq!(events(&[b"data: 1\n\ndata: 2\n"]), (vec!["1".to_owned()], false));
    }
}
