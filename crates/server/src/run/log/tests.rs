use std::{
    sync::Arc,
    task::{Poll, Waker},
};

use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, ItemId, ThreadItem, ThreadItemUpdate,
    ThreadStreamEvent, Timestamp,
};
use proptest::prelude::*;

use super::{Log, LogWriter, TAIL_FRAMES};
use crate::EndReason;

fn log() -> (Arc<Log>, LogWriter) {
    let log = Arc::new(Log::default());
    (Arc::clone(&log), LogWriter::new(log))
}

fn read(log: &Log, reader: u64) -> Option<Vec<ThreadStreamEvent>> {
    match log.read(reader, Waker::noop()) {
        Poll::Pending => Some(Vec::new()),
        Poll::Ready(None) => None,
        Poll::Ready(Some(chunk)) => {
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            let frames = text.split_terminator("\n\n");
            let frames = frames.map(|frame| frame.strip_prefix("data: ").unwrap());
            Some(frames.map(|json| serde_json::from_str(json).unwrap()).collect())
        }
    }
}

fn read_all(log: &Log, reader: u64) -> Vec<ThreadStreamEvent> {
    let mut events = Vec::new();
    loop {
        match read(log, reader) {
            Some(more) if !more.is_empty() => events.extend(more),
            _ => return events,
        }
    }
}

fn message(id: &str, text: &str) -> ThreadItem {
    ThreadItem::AssistantMessage(AssistantMessageItem {
        id: id.into(),
        thread_id: "thr_1".into(),
        created_at: "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap(),
        content: vec![AssistantMessageContent::text(text)],
    })
}

fn delta(id: &str, delta: &str) -> ThreadStreamEvent {
    let delta = delta.to_owned();
    let update = ThreadItemUpdate::AssistantMessageContentPartTextDelta { content_index: 0, delta };
    ThreadStreamEvent::updated(id.into(), update)
}

/// The texts and progress that a client shows, whatever the events that brought them.
fn shown(events: &[ThreadStreamEvent]) -> Vec<(String, String)> {
    let mut items: Vec<(ItemId, String)> = Vec::new();
    let mut rest = Vec::new();
    for event in events {
        match event {
            ThreadStreamEvent::ThreadItemAdded { item }
            | ThreadStreamEvent::ThreadItemDone { item } => {
                let ThreadItem::AssistantMessage(message) = &**item else { continue };
                match items.iter_mut().find(|(id, _)| *id == message.id) {
                    Some((_, text)) => *text = message.text(),
                    None => items.push((message.id.clone(), message.text())),
                }
            }
            ThreadStreamEvent::ThreadItemUpdated {
                item_id,
                update: ThreadItemUpdate::AssistantMessageContentPartTextDelta { delta, .. },
            } => {
                if let Some((_, text)) = items.iter_mut().find(|(id, _)| id == item_id) {
                    text.push_str(delta);
                }
            }
            ThreadStreamEvent::ThreadItemRemoved { item_id } => {
                items.retain(|(id, _)| id != item_id);
            }
            ThreadStreamEvent::ProgressUpdate { text, .. } => rest = vec![text.clone()],
            _ => {}
        }
    }
    items.sort();
    let items = items.into_iter().map(|(id, text)| (id.to_string(), text));
    items.chain(rest.into_iter().map(|text| ("progress".to_owned(), text))).collect()
}

#[test]
fn a_reader_that_keeps_up_gets_every_event_as_it_was_sent() {
    let (log, mut writer) = log();
    let reader = log.join();
    let events = [
        ThreadStreamEvent::added(message("a", "")),
        delta("a", "x"),
        delta("a", "y"),
        ThreadStreamEvent::done(message("a", "xy")),
    ];
    for event in &events {
        writer.send(event.clone()).unwrap();
        assert_eq!(read(&log, reader).unwrap(), std::slice::from_ref(event));
    }
    writer.finish(EndReason::Completed);
    assert_eq!(read(&log, reader), None);
}

#[test]
fn frames_that_are_ready_come_as_one_chunk() {
    let (log, mut writer) = log();
    let reader = log.join();
    for n in 0..100 {
        writer.send(delta("a", &n.to_string())).unwrap();
    }
    assert_eq!(read(&log, reader).unwrap().len(), 100);
}

#[test]
fn readers_have_their_own_positions() {
    let (log, mut writer) = log();
    let (first, second) = (log.join(), log.join());
    writer.send(delta("a", "1")).unwrap();
    assert_eq!(read(&log, first).unwrap().len(), 1);
    writer.send(delta("a", "2")).unwrap();
    assert_eq!(read(&log, second).unwrap(), [delta("a", "1"), delta("a", "2")]);
    assert_eq!(read(&log, first).unwrap(), [delta("a", "2")]);
}

#[test]
fn a_slow_reader_gets_few_large_deltas_and_costs_little() {
    let (log, mut writer) = log();
    let slow = log.join();
    let deltas = TAIL_FRAMES * 20;
    writer.send(ThreadStreamEvent::added(message("a", ""))).unwrap();
    for n in 0..deltas {
        writer.send(delta("a", &format!("{n} "))).unwrap();
    }
    assert!(log.state().tail.len() <= TAIL_FRAMES);
    let events = read_all(&log, slow);
    assert!(events.len() <= TAIL_FRAMES + 2, "{} events", events.len());
    let text: String = (0..deltas).map(|n| format!("{n} ")).collect();
    assert_eq!(shown(&events), [("a".to_owned(), text)]);
}

#[test]
fn a_finished_item_needs_only_its_last_event() {
    let (log, mut writer) = log();
    writer.send(ThreadStreamEvent::added(message("a", ""))).unwrap();
    for _ in 0..1000 {
        writer.send(delta("a", "x")).unwrap();
    }
    let done = ThreadStreamEvent::done(message("a", &"x".repeat(1000)));
    writer.send(done.clone()).unwrap();
    let late = log.join();
    assert_eq!(read_all(&log, late), [done]);
}

#[test]
fn progress_is_replaced_by_the_next() {
    let (log, mut writer) = log();
    for text in ["one", "two", "three"] {
        writer.send(ThreadStreamEvent::progress(None, text)).unwrap();
    }
    let late = log.join();
    assert_eq!(read_all(&log, late), [ThreadStreamEvent::progress(None, "three")]);
}

#[test]
fn a_reader_beyond_what_is_kept_is_told_and_ends() {
    let (log, mut writer) = log();
    let slow = log.join();
    let megabyte = "x".repeat(1 << 20);
    for n in 0..32 {
        writer.send(ThreadStreamEvent::done(message(&format!("m{n}"), &megabyte))).unwrap();
    }
    assert!(matches!(&read(&log, slow).unwrap()[..], [ThreadStreamEvent::Error(_)]));
    assert_eq!(read(&log, slow), None);
    assert!(log.state().folded.bytes() < 10 << 20);
}

#[test]
fn a_writer_that_vanishes_leaves_an_error() {
    let (log, writer) = log();
    let reader = log.join();
    drop(writer);
    assert!(matches!(&read(&log, reader).unwrap()[..], [ThreadStreamEvent::Error(_)]));
    assert_eq!(read(&log, reader), None);
}

fn any_event() -> impl Strategy<Value = ThreadStreamEvent> {
    let id = prop_oneof![Just("a"), Just("b"), Just("c")];
    (id, 0..12_u8, "[a-z\u{e9}]{0,3}").prop_map(|(id, kind, text)| match kind {
        0 => ThreadStreamEvent::added(message(id, &text)),
        1 => ThreadStreamEvent::done(message(id, &text)),
        2 => ThreadStreamEvent::ThreadItemRemoved { item_id: id.into() },
        3 => ThreadStreamEvent::progress(None, text),
        _ => delta(id, &text),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whoever reads, whenever: at the end every reader shows what the sent events show.
    #[test]
    fn every_reader_ends_with_the_same_view(
        steps in prop::collection::vec((any_event(), 0..8_u8), 0..400),
    ) {
        let (log, mut writer) = log();
        let readers = [log.join(), log.join(), log.join()];
        let mut seen = [Vec::new(), Vec::new(), Vec::new()];
        let mut sent = Vec::new();
        for (event, who) in steps {
            writer.send(event.clone()).unwrap();
            sent.push(event);
            if let Some(reader) = readers.get(usize::from(who)) {
                seen[usize::from(who)].extend(read(&log, *reader).unwrap());
            }
        }
        let late = log.join();
        writer.finish(EndReason::Completed);
        for (reader, seen) in readers.iter().zip(&mut seen) {
            seen.extend(read_all(&log, *reader));
            prop_assert_eq!(shown(seen), shown(&sent));
        }
        // Deltas of an item that was never added are nobody's to show, so the late view is compared
        // as well.
        prop_assert_eq!(shown(&read_all(&log, late)), shown(&sent));
    }
}
