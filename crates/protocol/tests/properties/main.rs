//! What holds for every request and every event.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod json;
mod requests;

use chatkit_protocol::{Request, RequestErrorKind, ThreadStreamEvent};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

/// A change to the bytes of a request.
#[derive(Debug, Clone)]
enum Mutation {
    Set(Index, u8),
    Remove(Index, Index),
    Insert(Index, Vec<u8>),
    Repeat(Index, Index),
    Swap(Index, Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    // Pieces that keep many mutants valid JSON, with another meaning.
    let piece = select(vec![
        &b"null"[..],
        b"[]",
        b"{}",
        b"\"\"",
        b"-1",
        b"1e9999",
        b",",
        b"\"type\":",
        b"\"params\":",
        b"\\ud800",
        b"\xf0\x9f",
    ]);
    let bytes = prop_oneof![vec(any::<u8>(), 1..5), piece.prop_map(<[u8]>::to_vec)];
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (at(), at()).prop_map(|(from, to)| Mutation::Remove(from, to)),
        (at(), bytes).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (at(), at()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
        (at(), at()).prop_map(|(from, to)| Mutation::Swap(from, to)),
    ]
}

impl Mutation {
    fn make(self, body: &mut Vec<u8>) {
        if body.is_empty() {
            return;
        }
        let place = |index: Index| index.index(body.len());
        let range = |from, to| {
            let (from, to) = (place(from), place(to));
            from.min(to)..from.max(to)
        };
        match self {
            Self::Set(at, byte) => {
                let at = place(at);
                body[at] = byte;
            }
            Self::Remove(from, to) => drop(body.drain(range(from, to))),
            Self::Insert(at, bytes) => {
                let at = place(at);
                body.splice(at..at, bytes);
            }
            Self::Repeat(from, to) => body.extend_from_within(range(from, to)),
            Self::Swap(from, to) => {
                let range = range(from, to);
                body.swap(range.start, range.end);
            }
        }
    }
}

/// Asserts that a body is read or refused with a text that a person can read.
fn assert_answered(body: &[u8]) {
    let Err(error) = Request::parse(body) else { return };
    let told = error.to_string();
    assert!((1..600).contains(&told.chars().count()), "{told}");
    for rust in ["struct ", "enum ", "variant", "a sequence", "u64", "a map"] {
        let quoted = String::from_utf8_lossy(body).contains(rust.trim());
        assert!(quoted || !told.contains(rust), "{told}");
    }
    let knows_the_op = matches!(error.kind, RequestErrorKind::Field { .. });
    assert_eq!(error.op.is_some(), knows_the_op, "{told}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bytes_are_answered(body in vec(any::<u8>(), 0..200)) {
        assert_answered(&body);
    }

    #[test]
    fn any_json_is_answered(kind in requests::op(), params in json::any(), metadata in json::any()) {
        let body = serde_json::json!({ "type": kind.as_str(), "params": params, "metadata": metadata });
        assert_answered(body.to_string().as_bytes());
        assert_answered(params.to_string().as_bytes());
    }

    #[test]
    fn any_request_is_read_as_it_was_written(request in requests::request()) {
        let body = serde_json::to_vec(&request).unwrap();
        prop_assert_eq!(Request::parse(&body), Ok(request));
    }

    #[test]
    fn any_damaged_request_is_answered(
        request in requests::request(),
        mutations in vec(mutation(), 1..4),
    ) {
        let mut body = serde_json::to_vec(&request).unwrap();
        for mutation in mutations {
            mutation.make(&mut body);
            assert_answered(&body);
        }
    }

    #[test]
    fn any_event_is_read_as_it_was_written(event in events::event()) {
        let mut bytes = Vec::new();
        event.encode(&mut bytes).unwrap();
        prop_assert!(!bytes.contains(&b'\n'));
        let read: ThreadStreamEvent = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(read, event);
    }
}
