//! What the parser makes of well-formed, odd and hostile streams.

use proptest::{collection::vec, prelude::*};

use crate::{Event, Frame, Parser, TooLarge};

fn event(name: Option<&str>, data: &str) -> Event {
    Event { id: None, event: name.map(str::to_owned), data: data.to_owned() }
}

/// The events of a stream that comes in these pieces.
fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut parser = Parser::new(1 << 20);
    let mut events = Vec::new();
    for piece in pieces {
        parser.push(piece);
        while let Some(event) = parser.next_event().unwrap() {
            events.push(event);
        }
    }
    events.extend(parser.finish().and_then(Frame::into_event));
    events
}

fn parse_whole(text: &str) -> Vec<Event> {
    parse([text.as_bytes()])
}

#[test]
fn names_and_data() {
    assert_eq!(
        parse_whole("event: a\ndata: 1\n\ndata: 2\n\n"),
        [event(Some("a"), "1"), event(None, "2")]
    );
}

#[test]
fn lines_of_data_are_joined() {
    assert_eq!(parse_whole("data: 1\ndata:\ndata\ndata: 2\n\n"), [event(None, "1\n\n\n2")]);
}

#[test]
fn one_space_behind_the_colon_is_left_out_and_may_be_missing() {
    assert_eq!(parse_whole("data:1\n\ndata:  2 \n\n"), [event(None, "1"), event(None, " 2 ")]);
}

#[test]
fn line_ends_of_all_kinds() {
    for end in ["\n", "\r\n", "\r"] {
        let text = "event: a\ndata: 1\ndata: 2\n\ndata: 3\n\n".replace('\n', end);
        assert_eq!(parse_whole(&text), [event(Some("a"), "1\n2"), event(None, "3")], "{end:?}");
    }
}

#[test]
fn an_event_is_not_held_back_until_the_line_feed_behind_its_carriage_return() {
    let mut parser = Parser::new(100);
    parser.push(b"data: 1\r\n\r");
    assert_eq!(parser.next_event(), Ok(Some(event(None, "1"))));
    parser.push(b"\ndata: 2\r\n\r\n");
    assert_eq!(parser.next_event(), Ok(Some(event(None, "2"))));
    assert_eq!(parser.next_event(), Ok(None));
}

#[test]
fn comments_and_unknown_fields_are_left_out() {
    let text = ": hi\n\nretry: 10\nevents: b\nids: 7\ndatum: 0\ndata: 1\n:\n\n";
    assert_eq!(parse_whole(text), [event(None, "1")]);
}

fn frames<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut parser = Parser::new(1 << 20).with_comments();
    let mut frames = Vec::new();
    for piece in pieces {
        parser.push(piece);
        while let Some(frame) = parser.next_frame().unwrap() {
            frames.push(frame);
        }
    }
    frames.extend(parser.finish());
    frames
}

#[test]
fn an_id_belongs_to_its_frame() {
    let ids = |text: &str| -> Vec<Option<String>> {
        parse_whole(text).into_iter().map(|event| event.id).collect()
    };
    assert_eq!(
        ids("id: a.1\ndata: 1\n\ndata: 2\n\nid\ndata: 3\n\nid: x\nid: y\ndata: 4\n\n"),
        [Some("a.1".to_owned()), None, Some(String::new()), Some("y".to_owned())]
    );
    assert_eq!(ids("id: a\0b\ndata: 1\n\n"), [None]);
    assert_eq!(ids("id: 1\n\ndata: 1\n\n"), [None], "the id of a frame without data");
}

#[test]
fn comments_are_given_to_whoever_asks() {
    let frame = |comments: &[&str]| Frame {
        comments: comments.iter().map(|&comment| comment.to_owned()).collect(),
        ..Frame::default()
    };
    let text = ": ping\n\n:\n:two\n\n\n: a\nid: 1\nevent: b\ndata: c\n:  d\n\nid: 2\n\n: end";
    assert_eq!(
        frames([text.as_bytes()]),
        [
            frame(&["ping"]),
            frame(&["", "two"]),
            Frame {
                id: Some("1".to_owned()),
                event: Some("b".to_owned()),
                data: Some("c".to_owned()),
                ..frame(&["a", " d"])
            },
            Frame { id: Some("2".to_owned()), ..Frame::default() },
            frame(&["end"]),
        ]
    );
    assert_eq!(frames([b": cut".as_slice(), b" within"]), [frame(&["cut within"])]);
}

#[test]
fn comments_count_for_the_size_only_if_they_are_kept() {
    let text = ": 123\n".repeat(100);
    let mut parser = Parser::new(200);
    parser.push(text.as_bytes());
    assert_eq!(parser.next_frame(), Ok(None));

    let mut parser = Parser::new(200).with_comments();
    parser.push(text.as_bytes());
    assert_eq!(parser.next_frame(), Err(TooLarge));
}

#[test]
fn an_event_without_data_is_none_and_its_name_is_forgotten() {
    assert_eq!(parse_whole("event: a\n\ndata: 1\n\n"), [event(None, "1")]);
    assert_eq!(parse_whole("data\n\n"), [event(None, "")]);
}

#[test]
fn a_byte_order_mark_is_left_out() {
    assert_eq!(parse_whole("\u{feff}data: 1\n\ndata: \u{feff}\n\n").len(), 2);
    assert_eq!(parse_whole("\u{feff}data: 1\n\n"), [event(None, "1")]);
}

#[test]
fn the_last_event_needs_no_empty_line() {
    assert_eq!(parse_whole("data: 1\n\ndata: 2"), [event(None, "1"), event(None, "2")]);
    assert_eq!(parse_whole("data: 1\n\ndata: 2\n"), [event(None, "1"), event(None, "2")]);
    assert_eq!(parse_whole("data: 1\n\nevent: a"), [event(None, "1")]);
}

#[test]
fn wrong_utf8_is_replaced() {
    assert_eq!(parse([b"data: a\xffb\n\n".as_slice()]), [event(None, "a\u{fffd}b")]);
}

#[test]
fn an_event_that_is_too_large_is_refused_before_it_is_complete() {
    let mut line = Parser::new(10);
    line.push(b"data: 123456");
    assert_eq!(line.next_event(), Err(TooLarge));

    let mut lines = Parser::new(10);
    lines.push(b"data: 1234\ndata: 5678\n");
    assert_eq!(lines.next_event(), Err(TooLarge));

    let mut many = Parser::new(10);
    for _ in 0..100 {
        many.push(b"data: 1\n\n");
        assert_eq!(many.next_event(), Ok(Some(event(None, "1"))));
    }
}

#[test]
fn a_large_event_in_small_pieces_costs_linear_time_and_its_memory_is_given_back() {
    let text = "x".repeat(10 << 20);
    let mut parser = Parser::new(11 << 20);
    parser.push(b"data: ");
    // A search that began anew with each piece would look at 10 TB.
    for piece in text.as_bytes().chunks(5) {
        parser.push(piece);
        assert_eq!(parser.next_event(), Ok(None));
    }
    parser.push(b"\n\n");
    assert_eq!(parser.next_event(), Ok(Some(event(None, &text))));
    parser.push(b":");
    assert!(parser.buffer.capacity() < 1 << 20);
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        lines in vec(
            prop_oneof![
                Just(String::new()),
                "(data|event|id|:|retry|da)?:? ?[a-z\u{e9}\u{1f600}: ]{0,9}",
            ],
            0..30,
        ),
        ends in vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], 30),
        cuts in vec(1_usize..9, 1..40),
        bom: bool,
    ) {
        let mut text = if bom { "\u{feff}".to_owned() } else { String::new() };
        for (line, end) in lines.iter().zip(ends) {
            text.push_str(line);
            text.push_str(end);
        }
        let mut rest = text.as_bytes();
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = more;
        }
        prop_assert_eq!(parse(pieces.iter().copied()), parse_whole(&text));
        prop_assert_eq!(frames(pieces), frames([text.as_bytes()]));
    }

    #[test]
    fn any_bytes_in_any_split_give_the_same_events(
        bytes in vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b'd'), any::<u8>()], 0..200),
        size in 1_usize..20,
    ) {
        prop_assert_eq!(parse(bytes.chunks(size)), parse([bytes.as_slice()]));
    }
}
