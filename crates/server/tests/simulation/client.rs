//! A client: asks for this and that, reads, goes away, comes back.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chatkit_protocol::{ItemId, ThreadId, ThreadItem};
use chatkit_server::{
    ChatKit, ClientInfo, MultitaskStrategy, Owner, Response, RunOptions, Subscription,
};
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::timeout};

use crate::{
    model::Ms,
    pause::sleep,
    reader::{Known, Manner, Reading},
    requests::{self, handler, input, op, run_options},
    rng::Rng,
    server::SimServer,
    world::{Ask, Ctx, Handler, Key, World},
};

pub(crate) const OWNERS: [&str; 2] = ["ann", "bob"];
/// Threads of an owner that clients make: they should get into each other's way.
const THREADS: usize = 3;

/// Those who read in the background.
pub(crate) type Readers = Arc<Mutex<Vec<JoinHandle<()>>>>;

pub(crate) struct Client {
    pub(crate) world: Arc<World>,
    pub(crate) chatkit: ChatKit<SimServer>,
    pub(crate) rng: Rng,
    pub(crate) owner: Owner,
    pub(crate) readers: Readers,
}

impl Client {
    pub(crate) async fn live(mut self, doings: u64) {
        for _ in 0..doings {
            let pause = requests::pause(&mut self.rng, self.world.climate.haste);
            sleep(pause).await;
            if self.world.with(|state| state.shut_down_begun) && self.rng.one_in(2) {
                return;
            }
            self.act().await;
        }
    }

    async fn act(&mut self) {
        let own = self.world.disk.threads(&self.owner);
        let Some(thread) = self.rng.pick_any(&own).cloned() else {
            return self.create().await;
        };
        // Now and then somebody guesses the id of another's thread, or one that is gone.
        let thread = match self.rng.below(40) {
            0 | 1 => self.anothers().unwrap_or(thread),
            2 => "thr_unknown".into(),
            _ => thread,
        };
        match self.rng.weighted(&[8, 30, 7, 6, 8, 8, 5, 11, 12, 3, 6, 8, 3, 3, 2]) {
            0 if own.len() < THREADS => self.create().await,
            0 | 1 => self.message(&thread).await,
            2 => self.retry(&thread).await,
            3 => self.action(&thread).await,
            4 => self.tool_output(&thread).await,
            5 => self.form(&thread, false).await,
            6 => self.form(&thread, true).await,
            7 => drop(
                self.json("threads.stop", &json!({"thread_id": thread}), &[200, 404, 409]).await,
            ),
            8 => self.attach(&thread).await,
            9 => self.delete(&thread).await,
            10 => self.get(&thread).await,
            11 => self.list(&thread).await,
            12 => self.walk(&thread).await,
            13 => {
                let title = format!("renamed {}", self.rng.below(100));
                let params = json!({"thread_id": thread, "title": title});
                self.json("threads.update", &params, &[200, 404]).await;
            }
            _ => drop(self.json("threads.list", &json!({}), &[200]).await),
        }
    }

    fn anothers(&mut self) -> Option<ThreadId> {
        let others: Vec<_> = OWNERS
            .iter()
            .filter(|owner| **owner != self.owner.as_str())
            .flat_map(|owner| self.world.disk.threads(&Owner::new(*owner)))
            .collect();
        self.rng.pick_any(&others).cloned()
    }

    pub(crate) fn key(&self, thread: &ThreadId) -> Key {
        (self.owner.clone(), thread.clone())
    }

    async fn create(&mut self) {
        self.stream(&op("threads.create", &json!({"input": input("hello")}))).await;
    }

    async fn message(&mut self, thread: &ThreadId) {
        let params = json!({"thread_id": thread, "input": input("tell me")});
        self.stream(&op("threads.add_user_message", &params)).await;
    }

    async fn retry(&mut self, thread: &ThreadId) {
        let items = self.world.disk.items(&self.key(thread));
        let item = self.an_item(&items, |item| matches!(item, ThreadItem::UserMessage(_)));
        let params = json!({"thread_id": thread, "item_id": item});
        self.stream(&op("threads.retry_after_item", &params)).await;
    }

    async fn action(&mut self, thread: &ThreadId) {
        let items = self.world.disk.items(&self.key(thread));
        let item = self.an_item(&items, |item| matches!(item, ThreadItem::Widget(_)));
        let mut params = json!({"thread_id": thread, "action": {"type": "press"}});
        if item != "msg_unknown" || self.rng.one_in(6) {
            params["item_id"] = json!(item);
        }
        self.stream(&op("threads.custom_action", &params)).await;
    }

    /// Sends the output of a tool where one was called.
    async fn tool_output(&mut self, thread: &ThreadId) {
        let waiting = self.where_waits(|item| matches!(item, ThreadItem::ClientToolCall(_)));
        let Some(thread) = waiting.or_else(|| self.rng.one_in(4).then(|| thread.clone())) else {
            return self.message(thread).await;
        };
        let params = json!({"thread_id": thread, "result": self.rng.below(100)});
        self.stream(&op("threads.add_client_tool_output", &params)).await;
    }

    /// A thread in which an item of a kind waits for the client.
    fn where_waits(&mut self, is_kind: impl Fn(&ThreadItem) -> bool) -> Option<ThreadId> {
        let mut threads = self.world.disk.threads(&self.owner);
        threads.retain(|thread| {
            let items = self.world.disk.items(&self.key(thread));
            items.iter().any(|item| is_kind(item) && item.is_pending())
        });
        self.rng.pick_any(&threads).cloned()
    }

    /// An item that fits, or now and then one that may not.
    fn an_item(&mut self, items: &[ThreadItem], fits: impl Fn(&ThreadItem) -> bool) -> ItemId {
        let all = self.rng.one_in(8);
        let fitting: Vec<_> = items.iter().filter(|item| all || fits(item)).collect();
        let item = self.rng.pick_any(&fitting).map(|item| item.id().clone());
        item.unwrap_or_else(|| "msg_unknown".into())
    }

    /// Answers a form, once or twice at the same time.
    async fn form(&mut self, thread: &ThreadId, twice: bool) {
        let is_form = |item: &ThreadItem| matches!(item, ThreadItem::StructuredInput(_));
        let waiting = self.where_waits(is_form);
        let Some(thread) = waiting.or_else(|| self.rng.one_in(6).then(|| thread.clone())) else {
            return self.message(thread).await;
        };
        let items = self.world.disk.items(&self.key(&thread));
        let item = self.an_item(&items, |item| is_form(item) && item.is_pending());
        let params = json!({"thread_id": thread, "item_id": item,
            "input": {"answers": {"q": {"values": ["yes"]}}}});
        let request = op("threads.add_structured_input", &params);
        if !twice {
            return self.stream(&request).await;
        }
        let one = self.ask(&request).await;
        if self.rng.one_in(2) {
            sleep(self.rng.below(20)).await;
        }
        let other = self.ask(&request).await;
        let numbers = [one.0, other.0];
        let readings = [self.reader(one), self.reader(other)].map(tokio::spawn);
        sleep(20_000).await;
        self.readers.lock().unwrap().extend(readings);
        self.world.note(|state| state.check_submissions(numbers));
    }

    /// Makes a streaming request and reads its answer, now or in the background.
    async fn stream(&mut self, request: &Value) {
        let asked = self.ask(request).await;
        let mut reading = tokio::spawn(self.reader(asked));
        if self.rng.one_in(3) {
            let patience = Duration::from_millis(20 * self.world.climate.haste);
            if let Ok(read) = timeout(patience, &mut reading).await {
                return read.unwrap();
            }
        }
        self.readers.lock().unwrap().push(reading);
    }

    async fn ask(&mut self, request: &Value) -> (usize, bool, Subscription) {
        let options = run_options(&mut self.rng, &self.world.climate);
        let context = self.asks(request, options, false);
        let number = context.0.number;
        let resumable = self.world.with(|state| state.probes[number].resumable);
        let mut client = ClientInfo::default();
        client.resumable = resumable;
        let answer =
            self.chatkit.process_from(client, request.to_string().as_bytes(), context).await;
        match answer {
            Response::Stream(frames) => (number, resumable, frames),
            Response::Json { status, body } => panic!("expected a stream, found {status} {body:?}"),
        }
    }

    fn asks(&mut self, request: &Value, options: RunOptions, plain: bool) -> Ctx {
        let rng = &mut self.rng;
        self.world.asks(Ask {
            owner: self.owner.clone(),
            resumable: rng.one_in(2),
            options,
            allow_cancel: plain || !rng.one_in(6),
            handler: if plain { Handler::Default } else { handler(rng) },
            plain,
            what: request.to_string(),
        })
    }

    /// Reads an answer as some reader would.
    fn reader(
        &mut self,
        (number, resumable, frames): (usize, bool, Subscription),
    ) -> impl Future<Output = ()> + use<> {
        let rng = Rng::of(self.rng.next(), &[number as u64]);
        let reading = Reading::new(Arc::clone(&self.world), Some(number), frames, Known::new());
        let visitor = Visitor {
            world: Arc::clone(&self.world),
            chatkit: self.chatkit.clone(),
            owner: self.owner.clone(),
            rng,
        };
        visitor.read(reading, resumable)
    }

    /// Joins what runs, if anything does.
    async fn attach(&mut self, thread: &ThreadId) {
        let ids = self.world.with(|state| state.event_ids.clone());
        let after = match self.rng.below(6) {
            0..=2 => None,
            3 => Some("0123456789ab.7".to_owned()),
            4 => ids.last().cloned(),
            _ => self.rng.pick_any(&ids).cloned(),
        };
        let known = if after.is_some() { Known::partial() } else { Known::new() };
        let rng = Rng::of(self.rng.next(), &[7]);
        let mut visitor = Visitor {
            world: Arc::clone(&self.world),
            chatkit: self.chatkit.clone(),
            owner: self.owner.clone(),
            rng,
        };
        let reading = visitor.attach(thread, after, known).await;
        let reading = tokio::spawn(visitor.read(reading, true));
        self.readers.lock().unwrap().push(reading);
    }

    async fn delete(&mut self, thread: &ThreadId) {
        let answer = self.json("threads.delete", &json!({"thread_id": thread}), &[200, 404]).await;
        let key = self.key(thread);
        if answer.is_some() && self.world.disk.has_thread(&key) {
            self.world.fail(|| format!("{thread} is there after it was deleted"));
        }
    }

    /// Makes a request that is answered with JSON; returns the answer if it is a good one.
    pub(crate) async fn json(
        &mut self,
        kind: &str,
        params: &Value,
        expected: &[u16],
    ) -> Option<Value> {
        let request = op(kind, params);
        self.world.trace(|| format!("{:?} asks: {request}", self.owner));
        let options = RunOptions::default();
        // No turn: nothing is to be followed.
        let context = Ctx(Arc::new(crate::world::Request::of_no_turn(&self.owner, options)));
        let answer = self.chatkit.process(request.to_string().as_bytes(), context).await;
        let Response::Json { status, body } = answer else { panic!("expected JSON for {kind}") };
        let body = String::from_utf8(body.to_vec()).unwrap();
        self.world.trace(|| format!("{:?} is answered: {status}", self.owner));
        let may_fail = (status == 500 && self.world.climate.faults > 0)
            || (status == 503 && self.world.with(|state| state.shut_down_begun));
        if body.contains("secret") || !(expected.contains(&status) || may_fail) {
            self.world.fail(|| format!("{request}: {status} {body}"));
        }
        (status == 200).then(|| serde_json::from_str(&body).unwrap())
    }

    /// Sends a message to which nothing can go wrong, and reads the answer.
    pub(crate) async fn speaks_plainly(&mut self, thread: &ThreadId) {
        let params = json!({"thread_id": thread, "input": input("are you there?")});
        let request = op("threads.add_user_message", &params);
        let mut options = RunOptions::default();
        options.multitask_strategy = MultitaskStrategy::Interrupt;
        let context = self.asks(&request, options, true);
        let number = context.0.number;
        let answer = self.chatkit.process(request.to_string().as_bytes(), context).await;
        let Response::Stream(frames) = answer else { panic!("expected a stream") };
        let mut reading = Reading::new(Arc::clone(&self.world), Some(number), frames, Known::new());
        let patient = Manner { pause: 0, leaves_after: Some(100_000_000) };
        reading.read(&mut self.rng, patient).await;
        let refused = reading.known.refused.clone();
        let was_locked = refused.as_ref().and_then(|error| error.message.as_deref());
        let is_locked = was_locked.is_some_and(|message| message.contains("locked"));
        self.world.note(|state| state.check_plain(number, is_locked));
    }
}

/// One who reads a response, and may come back to it.
struct Visitor {
    world: Arc<World>,
    chatkit: ChatKit<SimServer>,
    owner: Owner,
    rng: Rng,
}

impl Visitor {
    async fn read(mut self, mut reading: Reading, resumable: bool) {
        for _ in 0..4 {
            let manner = self.manner();
            if reading.read(&mut self.rng, manner).await || !resumable || self.rng.one_in(4) {
                return;
            }
            let Some(number) = reading.number else { return };
            let Some((_, thread)) = self.world.with(|state| state.probes[number].key.clone())
            else {
                return;
            };
            let known = reading.known.clone();
            drop(reading);
            let away = *self.rng.pick(&[0, 1, 40, 400, 4000]);
            sleep(self.rng.between(0, away)).await;
            reading = match known.last_id() {
                Some(last) if !self.rng.one_in(5) => self.attach(&thread, Some(last), known).await,
                _ => self.attach(&thread, None, Known::new()).await,
            };
        }
        let to_the_end = Manner { pause: 0, leaves_after: None };
        reading.read(&mut self.rng, to_the_end).await;
    }

    fn manner(&mut self) -> Manner {
        let haste = self.world.climate.haste;
        let rng = &mut self.rng;
        let pause: Ms = match rng.below(10) {
            0..=5 => 0,
            6..=8 => haste / 2,
            _ => 20 * haste,
        };
        let leaves_after = rng.percent(45).then(|| requests::pause(rng, 2 * haste));
        Manner { pause, leaves_after }
    }

    /// Joins a thread's run. What is known of it goes on from there.
    async fn attach(&mut self, thread: &ThreadId, after: Option<String>, known: Known) -> Reading {
        let mut client = ClientInfo::default();
        client.resumable = true;
        let mut params = json!({"thread_id": thread});
        match &after {
            Some(_) if self.rng.one_in(3) => client.last_event_id.clone_from(&after),
            Some(after) => params["after"] = json!(after),
            None => {}
        }
        let request = op("threads.attach", &params);
        self.world.trace(|| {
            format!("{:?} attaches to {thread}, after some {}", self.owner, after.is_some())
        });
        let context =
            Ctx(Arc::new(crate::world::Request::of_no_turn(&self.owner, RunOptions::default())));
        let answer =
            self.chatkit.process_from(client, request.to_string().as_bytes(), context).await;
        let Response::Stream(frames) = answer else { panic!("expected a stream") };
        let number = self.world.with(|state| state.take_attached());
        let known = if number.is_some() { known } else { Known::new() };
        Reading::new(Arc::clone(&self.world), number, frames, known)
    }
}
