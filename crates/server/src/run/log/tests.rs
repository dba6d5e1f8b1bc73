use std::task::{Poll, Waker};

use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, GeneratedImage, GeneratedImageItem, Page,
    Thread, ThreadItem, ThreadItemUpdate, ThreadMetadata, ThreadStreamEvent, Timestamp,
};
use proptest::prelude::*;
use serde_json::json;

use super::{Log, LogWriter, TAIL_FRAMES};
use crate::{EndReason, EventId, RunHandle, turn::PendingItems};

/// A run whose log is written, and read by hand.
struct Run(RunHandle);

impl std::ops::Deref for Run {
    type Target = Log;

    fn deref(&self) -> &Log {
        self.0.log()
    }
}

fn log() -> (Run, LogWriter) {
    let run = RunHandle::new(false);
    (Run(run.clone()), LogWriter::new(run))
}

fn read(log: &Log, reader: u64) -> Option<Vec<ThreadStreamEvent>> {
    let frames = read_frames(log, reader)?;
    Some(frames.into_iter().map(|(_, event)| event).collect())
}

/// The events that are ready, with the numbers in their ids.
fn read_frames(log: &Log, reader: u64) -> Option<Vec<(u64, ThreadStreamEvent)>> {
    match log.read(reader, Waker::noop()) {
        Poll::Pending => Some(Vec::new()),
        Poll::Ready(None) => None,
        Poll::Ready(Some(chunk)) => {
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            let frames = text.split_terminator("\n\n").map(|frame| {
                let (id, event) = frame.split_once("\ndata: ").unwrap();
                let id: EventId = id.strip_prefix("id: ").unwrap().parse().unwrap();
                assert_eq!(id.run, log.run);
                (id.number, serde_json::from_str(event).unwrap())
            });
            Some(frames.collect())
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

/// Frames that begin like the one before are written by copying it: they are the same bytes.
#[test]
fn deltas_that_wait_together_are_written_like_any_other() {
    let (log, mut writer) = log();
    let reader = log.join(0);
    let parts = [("a", 0), ("a", 0), ("b", 0), ("b", 7), ("b", 7), ("b", 7), ("\"q\"", 7)];
    let events = (0..240).map(|number| {
        let (id, content_index) = parts[number / 13 % parts.len()];
        if number % 31 == 30 {
            return ThreadStreamEvent::progress(None, "thinking");
        }
        let delta = ["", "word ", "\"\n\u{1}", "🦀"][number % 4].to_owned();
        let update =
            ThreadItemUpdate::AssistantMessageContentPartTextDelta { content_index, delta };
        ThreadStreamEvent::updated(id.into(), update)
    });
    let mut expected = String::new();
    for (event, number) in events.zip(1..) {
        let json = serde_json::to_string(&event).unwrap();
        expected.push_str(&format!("id: {}.{number}\ndata: {json}\n\n", log.run));
        writer.send(event).unwrap();
    }
    let Poll::Ready(Some(chunk)) = log.read(reader, Waker::noop()) else { panic!("no frames") };
    assert_eq!(String::from_utf8(chunk.to_vec()).unwrap(), expected);
}

/// What a client shows after some events.
fn shown(events: &[ThreadStreamEvent]) -> View {
    let mut view = View::default();
    events.iter().cloned().for_each(|event| view.apply(event));
    view
}

/// A client's view: the items in their order, as they stand, and the last progress and title.
#[derive(Debug, Default)]
struct View {
    items: PendingItems,
    progress: Option<String>,
    title: Option<String>,
}

impl View {
    fn apply(&mut self, event: ThreadStreamEvent) {
        match event {
            ThreadStreamEvent::ThreadItemAdded { item }
            | ThreadStreamEvent::ThreadItemDone { item }
            | ThreadStreamEvent::ThreadItemReplaced { item } => self.items.insert(*item),
            ThreadStreamEvent::ThreadItemUpdated { item_id, update } => {
                self.items.update(&item_id, &update);
            }
            ThreadStreamEvent::ThreadItemRemoved { item_id } => self.items.remove(&item_id),
            ThreadStreamEvent::ProgressUpdate { text, .. } => self.progress = Some(text),
            ThreadStreamEvent::ThreadUpdated { thread } => self.title = thread.title,
            _ => {}
        }
    }
}

impl PartialEq for View {
    fn eq(&self, other: &Self) -> bool {
        self.items.items() == other.items.items()
            && (&self.progress, &self.title) == (&other.progress, &other.title)
    }
}

#[test]
fn a_reader_that_keeps_up_gets_every_event_as_it_was_sent() {
    let (log, mut writer) = log();
    let reader = log.join(0);
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
    writer.end(EndReason::Completed);
    assert_eq!(read(&log, reader), None);
}

#[test]
fn frames_that_are_ready_come_as_one_chunk() {
    let (log, mut writer) = log();
    let reader = log.join(0);
    for n in 0..100 {
        writer.send(delta("a", &n.to_string())).unwrap();
    }
    assert_eq!(read(&log, reader).unwrap().len(), 100);
}

#[test]
fn readers_have_their_own_positions() {
    let (log, mut writer) = log();
    let (first, second) = (log.join(0), log.join(0));
    writer.send(delta("a", "1")).unwrap();
    assert_eq!(read(&log, first).unwrap().len(), 1);
    writer.send(delta("a", "2")).unwrap();
    assert_eq!(read(&log, second).unwrap(), [delta("a", "1"), delta("a", "2")]);
    assert_eq!(read(&log, first).unwrap(), [delta("a", "2")]);
}

#[test]
fn a_slow_reader_gets_few_large_deltas_and_costs_little() {
    let (log, mut writer) = log();
    let slow = log.join(0);
    let deltas = TAIL_FRAMES * 20;
    writer.send(ThreadStreamEvent::added(message("a", ""))).unwrap();
    for n in 0..deltas {
        writer.send(delta("a", &format!("{n} "))).unwrap();
    }
    assert!(log.state().tail.len() <= TAIL_FRAMES);
    let events = read_all(&log, slow);
    assert!(events.len() <= TAIL_FRAMES + 2, "{} events", events.len());
    let text: String = (0..deltas).map(|n| format!("{n} ")).collect();
    assert_eq!(shown(&events), shown(&[ThreadStreamEvent::done(message("a", &text))]));
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
    let late = log.join(0);
    let place = ThreadStreamEvent::added(message("a", ""));
    assert_eq!(read_all(&log, late), [place, done]);
}

#[test]
fn progress_is_replaced_by_the_next() {
    let (log, mut writer) = log();
    for text in ["one", "two", "three"] {
        writer.send(ThreadStreamEvent::progress(None, text)).unwrap();
    }
    let late = log.join(0);
    assert_eq!(read_all(&log, late), [ThreadStreamEvent::progress(None, "three")]);
}

#[test]
fn a_reader_beyond_what_is_kept_is_told_and_ends() {
    let (log, mut writer) = log();
    let slow = log.join(0);
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
    let reader = log.join(0);
    drop(writer);
    assert!(matches!(&read(&log, reader).unwrap()[..], [ThreadStreamEvent::Error(_)]));
    assert_eq!(read(&log, reader), None);
}

/// An item of any kind that changes while it is shown.
fn any_item(id: &str, kind: u8, text: &str) -> ThreadItem {
    match kind % 3 {
        0 => message(id, text),
        1 => {
            let task = json!({"type": "custom", "title": text});
            serde_json::from_value(json!({
                "type": "workflow", "id": id, "thread_id": "thr_1",
                "created_at": "2026-01-01T00:00:00Z",
                "workflow": {"type": "custom", "tasks": [task], "expanded": false},
            }))
            .unwrap()
        }
        _ => ThreadItem::GeneratedImage(GeneratedImageItem {
            id: id.into(),
            thread_id: "thr_1".into(),
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            image: Some(GeneratedImage { id: id.to_owned(), url: text.to_owned() }),
        }),
    }
}

fn any_update() -> impl Strategy<Value = ThreadItemUpdate> {
    (0..10_u8, 0..2_usize, "[a-z\u{e9}]{0,3}").prop_map(|(kind, index, text)| {
        let json = match kind {
            0 => json!({"type": "assistant_message.content_part.added", "content_index": index,
                        "content": {"type": "output_text", "text": text, "annotations": []}}),
            1 => json!({"type": "assistant_message.content_part.done", "content_index": index,
                        "content": {"type": "output_text", "text": text, "annotations": []}}),
            2 => json!({"type": "workflow.task.added", "task_index": index,
                        "task": {"type": "custom", "title": text}}),
            3 => json!({"type": "workflow.task.updated", "task_index": index,
                        "task": {"type": "custom", "title": text}}),
            4 => json!({"type": "generated_image.updated", "image": {"id": "i", "url": text}}),
            5 => json!({"type": "assistant_message.content_part.annotation_added",
                        "content_index": index, "annotation_index": 0,
                        "annotation": {"type": "annotation",
                                       "source": {"type": "url", "title": text, "url": text}}}),
            _ => json!({"type": "assistant_message.content_part.text_delta",
                        "content_index": index, "delta": text}),
        };
        serde_json::from_value(json).unwrap()
    })
}

fn any_event() -> impl Strategy<Value = ThreadStreamEvent> {
    let id = || prop_oneof![Just("a"), Just("b"), Just("c")];
    prop_oneof![
        2 => (id(), 0..5_u8, 0..3_u8, "[a-z]{0,3}").prop_map(|(id, event, kind, text)| {
            let item = any_item(id, kind, &text);
            match event {
                0 | 1 => ThreadStreamEvent::added(item),
                2 => ThreadStreamEvent::done(item),
                3 => ThreadStreamEvent::replaced(item),
                _ => ThreadStreamEvent::ThreadItemRemoved { item_id: id.into() },
            }
        }),
        1 => "[a-z]{0,3}".prop_map(|text| ThreadStreamEvent::progress(None, text)),
        1 => "[a-z]{1,3}".prop_map(|title| {
            let created_at = "2026-01-01T00:00:00Z".parse().unwrap();
            let mut thread = ThreadMetadata::new("thr_1".into(), created_at);
            thread.title = Some(title);
            let thread = Box::new(Thread::new(thread, Page::default()));
            ThreadStreamEvent::ThreadUpdated { thread }
        }),
        8 => (id(), any_update()).prop_map(|(id, update)| {
            ThreadStreamEvent::updated(id.into(), update)
        }),
    ]
}

/// A client that reads now and then, and that loses its connection and resumes.
struct Client {
    reader: u64,
    seen: u64,
    events: Vec<ThreadStreamEvent>,
}

impl Client {
    fn read(&mut self, log: &Log) {
        for (number, event) in read_frames(log, self.reader).unwrap_or_default() {
            assert!(number > self.seen, "{number} after {}", self.seen);
            self.seen = number;
            self.events.push(event);
        }
    }

    fn reconnect(&mut self, log: &Log) {
        log.leave(self.reader);
        self.reader = log.join(self.seen);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whoever reads, leaves and resumes, whenever: at the end every reader shows what the sent
    /// events show, and sees no event twice.
    #[test]
    fn every_reader_ends_with_the_same_view(
        steps in prop::collection::vec((any_event(), 0..12_u8), 0..400),
    ) {
        let (log, mut writer) = log();
        let client = || Client { reader: log.join(0), seen: 0, events: Vec::new() };
        let mut clients = [client(), client(), client()];
        let mut sent = Vec::new();
        for (event, what) in steps {
            writer.send(event.clone()).unwrap();
            sent.push(event);
            match clients.get_mut(usize::from(what % 4)) {
                Some(client) if what < 8 => client.read(&log),
                Some(client) => client.reconnect(&log),
                None => {}
            }
        }
        let mut late = client();
        writer.end(EndReason::Completed);
        for client in clients.iter_mut().chain([&mut late]) {
            while client.seen < sent.len() as u64 {
                let seen = client.seen;
                client.read(&log);
                // What is left may have been superseded.
                if client.seen == seen {
                    break;
                }
            }
            prop_assert_eq!(shown(&client.events), shown(&sent));
        }
    }
}
