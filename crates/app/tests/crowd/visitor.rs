//! What clients do.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::{join, time::sleep};

use crate::{
    client::Client,
    common::{RESUMABLE, Rng, add_message, attach, create, op, said, stop},
    gate::Gate,
    reader::{Reader, Reply},
    record::Record,
    view::View,
};

/// What a client does with a stream, at some moment of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Reads to the end.
    Reads,
    /// Leaves, as the stock client does to stop.
    Leaves,
    /// Can resume, and never does.
    GoesAway,
    /// Leaves and comes back, again and again.
    ComesBack,
    /// Stops the turn and reads on.
    Stops,
    /// Leaves and can resume; before it does, the turn is stopped from elsewhere.
    IsStoppedMeanwhile,
    /// Another one reads as well.
    IsJoined,
    /// Another one reads as well, then this one leaves.
    HandsOver,
    /// Sends another message.
    SendsMore,
    /// Deletes the thread.
    Deletes,
    /// Shares a thread with others that send as well.
    Shares,
}

const HABITS: [Habit; 16] = [
    Habit::Reads,
    Habit::Reads,
    Habit::Leaves,
    Habit::Leaves,
    Habit::GoesAway,
    Habit::ComesBack,
    Habit::ComesBack,
    Habit::ComesBack,
    Habit::Stops,
    Habit::Stops,
    Habit::IsStoppedMeanwhile,
    Habit::IsJoined,
    Habit::HandsOver,
    Habit::SendsMore,
    Habit::SendsMore,
    Habit::Deletes,
];

/// A client that is alone with its thread.
#[derive(Debug)]
pub(crate) struct Visitor {
    client: Client,
    rng: Rng,
    name: String,
    gate: Arc<Gate>,
}

impl Visitor {
    pub(crate) fn new(client: Client, rng: Rng, name: String, gate: Arc<Gate>) -> Self {
        Self { client, rng, name, gate }
    }

    /// Makes a thread, and does what it likes to do once everybody is there.
    pub(crate) async fn visit(mut self) -> Vec<Record> {
        let habit = *self.rng.pick(&HABITS);
        let reply = Reply::new(&self.name, &mut self.rng, self.gate.pause);
        let can_resume =
            matches!(habit, Habit::GoesAway | Habit::ComesBack | Habit::IsStoppedMeanwhile)
                || self.rng.one_in(4) && habit != Habit::Leaves;
        let headers = if can_resume { &[RESUMABLE][..] } else { &[] };
        let mut reader = Reader::open(self.client, headers, &create(&reply.text), &reply).await;
        reader.hear(1).await;
        self.gate.pass_streaming(reply.takes).await;
        reader.hear(self.rng.below(reply.expected.words + 2)).await;
        let thread = reader.view.thread.clone().expect("the thread was made");
        self.act(habit, &thread, &reply, reader).await
    }

    async fn act(
        mut self,
        habit: Habit,
        thread: &str,
        reply: &Reply,
        mut reader: Reader,
    ) -> Vec<Record> {
        let client = self.client;
        let record = |views: &[View], ends| vec![Record::new(habit, thread, views, ends)];
        match habit {
            Habit::Reads => record(&[reader.finish().await], &["completed"]),
            Habit::Leaves => record(&[reader.leave()], &["disconnect", "completed"]),
            Habit::GoesAway => record(&[reader.leave()], &["completed"]),
            Habit::ComesBack => {
                let (views, returns, missed) = self.come_back(thread, reply, reader).await;
                let mut records = record(&views, &["completed"]);
                (records[0].returns, records[0].missed) = (returns, missed);
                records
            }
            Habit::Stops => {
                let stopped = client.json(&stop(thread)).await["stopped"] == true;
                record(&[reader.finish().await], ends_after_stop(stopped))
            }
            Habit::IsStoppedMeanwhile => {
                let view = reader.leave();
                let stopped = client.json(&stop(thread)).await["stopped"] == true;
                let again = self.join(thread, reply, Some(view.clone())).await.finish().await;
                assert!(again.came_late, "the turn was over: {again:?}");
                record(&[view], ends_after_stop(stopped))
            }
            Habit::IsJoined => {
                let joined = self.join(thread, reply, None).await;
                let (first, second) = join!(reader.finish(), joined.finish());
                record(&seen([first, second]), &["completed"])
            }
            Habit::HandsOver => {
                let mut joined = self.join(thread, reply, None).await;
                joined.hear(1).await;
                reader.hear(self.rng.below(5)).await;
                let first = reader.leave();
                record(&seen([first, joined.finish().await]), &["completed"])
            }
            Habit::SendsMore => {
                let more =
                    Reply::new(&format!("{}_more", self.name), &mut self.rng, Duration::ZERO);
                let request = add_message(thread, &more.text);
                let second = Reader::open(client, &[], &request, &more).await;
                let (first, second) = join!(reader.finish(), second.finish());
                let mut records = record(&[first], &["superseded", "completed"]);
                records.extend(record(&[second], &["completed"]));
                records
            }
            Habit::Deletes => {
                let deleted =
                    client.json(&op("threads.delete", json!({"thread_id": thread}))).await;
                assert_eq!(deleted, json!({}));
                let mut records = record(&[reader.finish().await], &["superseded", "completed"]);
                records[0].is_deleted = true;
                records
            }
            Habit::Shares => unreachable!("nobody shares a thread that it has for itself"),
        }
    }

    /// Leaves and comes back until the turn is over. Says how often, and how often something was
    /// missed.
    async fn come_back(
        &mut self,
        thread: &str,
        reply: &Reply,
        mut reader: Reader,
    ) -> (Vec<View>, usize, usize) {
        let mut views = Vec::new();
        let (mut returns, mut missed) = (0, 0);
        loop {
            reader.hear(self.rng.below(6)).await;
            if reader.view.is_over {
                views.push(reader.view);
                return (views, returns, missed);
            }
            let view = reader.leave();
            sleep(Duration::from_millis(self.rng.below(250) as u64)).await;
            let length = view.text.len();
            if self.rng.one_in(4) {
                // As after its page was loaded anew.
                views.push(view);
                reader = self.join(thread, reply, None).await;
            } else {
                reader = self.join(thread, reply, Some(view)).await;
            }
            reader.step().await;
            if reader.view.came_late {
                if reader.view.last.is_some() {
                    views.push(reader.view);
                }
                return (views, returns, missed);
            }
            returns += 1;
            missed += usize::from(reader.view.text.len() > length + said(1).len() + 1);
        }
    }

    /// Joins the turn: from its beginning, or after what was seen before.
    async fn join(&mut self, thread: &str, reply: &Reply, seen: Option<View>) -> Reader {
        let Some(mut view) = seen else {
            return Reader::open(self.client, &[], &attach(thread, None), reply).await;
        };
        let last = view.last_id();
        let stream = match self.rng.below(2) {
            0 => self.client.stream(&[], &attach(thread, Some(&last))).await,
            _ => self.client.stream(&[("Last-Event-ID", &last)], &attach(thread, None)).await,
        };
        view.is_over = false;
        Reader { stream, view }
    }

    /// Sends to a thread that others send to as well.
    pub(crate) async fn share(mut self, thread: Arc<str>) -> Vec<Record> {
        self.gate.pass().await;
        sleep(Duration::from_millis(self.rng.below(1000) as u64)).await;
        let reply = Reply::new(&self.name, &mut self.rng, Duration::ZERO);
        let mut reader =
            Reader::open(self.client, &[], &add_message(&thread, &reply.text), &reply).await;
        let leaves = self.rng.one_in(3);
        if leaves {
            reader.hear(1 + self.rng.below(10)).await;
        }
        let (view, ends): (_, &[&str]) = match leaves {
            true => (reader.leave(), &["superseded", "completed", "disconnect"]),
            false => (reader.finish().await, &["superseded", "completed"]),
        };
        vec![Record::new(Habit::Shares, &thread, &[view], ends)]
    }
}

/// Those who have seen something: whoever joins when all is over has not.
fn seen(views: [View; 2]) -> Vec<View> {
    views.into_iter().filter(|view| view.last.is_some()).collect()
}

/// A turn that has just completed may be stopped in vain.
fn ends_after_stop(stopped: bool) -> &'static [&'static str] {
    if stopped { &["stop", "completed"] } else { &["completed"] }
}
