//! `chatkit-bench thread`: what a turn, a page and a retry cost in a thread of a length.

mod ask;
mod fill;
mod report;

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::{
    BenchError,
    cli::ThreadOptions,
    load::seconds,
    process::exact_cpu_time,
    script::{self, Post},
    stats::record,
};
use ask::Asker;
pub(crate) use fill::fill;
pub(crate) use report::ThreadReport;
use report::{Found, Operation};

/// Items of one request while the thread is built.
const ITEMS_PER_REQUEST: u32 = 1000;
const PAGES: [u32; 2] = [20, 100];

/// Builds a thread and reports what it costs to use it.
pub(crate) fn thread(options: &ThreadOptions) -> Result<ThreadReport, BenchError> {
    Builder::new_current_thread().enable_all().build()?.block_on(measure(options))
}

async fn measure(options: &ThreadOptions) -> Result<ThreadReport, BenchError> {
    let asker = Asker::open(options.url.resolve()?, seconds(options.timeout_s)?).await?;
    let mut thread = Thread { options, asker, id: String::new() };
    let begun = Instant::now();
    match &options.filled {
        Some(id) => thread.id.clone_from(id),
        None => thread.build().await?,
    }
    let built = begun.elapsed();

    // A message to answer again, and code that is loaded once.
    let mut user_message = String::new();
    for _ in 0..options.warmup.max(1) {
        user_message = message_of(&thread.asker.stream(&thread.message()).await?.events)?;
    }
    let mut operations = Vec::new();
    for limit in PAGES {
        let newest = json!({"thread_id": thread.id, "limit": limit, "order": "desc"});
        operations.push(thread.repeat(&format!("page of {limit}"), &list(options, &newest)).await?);
    }
    let middle = json!({"thread_id": thread.id, "limit": PAGES[0], "order": "asc",
        "after": item_id(options.items / 2)});
    operations.push(thread.repeat("page from the middle", &list(options, &middle)).await?);
    let retry = json!({"type": "threads.retry_after_item", "metadata": {},
        "params": {"thread_id": thread.id, "item_id": user_message}});
    operations.push(thread.repeat("retry", &script::post(&options.url, &retry)).await?);
    // Last, since turns make the thread longer.
    operations.push(thread.repeat("turn", &thread.message()).await?);
    Ok(ThreadReport::new(options, built, operations)?)
}

struct Thread<'a> {
    options: &'a ThreadOptions,
    asker: Asker,
    id: String,
}

impl Thread<'_> {
    /// A thread of the wanted length. Actions play scripts without leaving a message.
    async fn build(&mut self) -> Result<(), BenchError> {
        let url = &self.options.url;
        let nothing = json!({"steps": []}).to_string();
        let created = self.asker.stream(&script::create_thread(url, &nothing)).await?;
        self.id = created
            .events
            .iter()
            .find_map(|event| event.pointer("/thread/id")?.as_str())
            .ok_or(BenchError::Answer("no thread was created"))?
            .to_owned();
        // The message is one item.
        let numbers: Vec<u32> = (1..self.options.items).collect();
        for numbers in numbers.chunks(ITEMS_PER_REQUEST as usize) {
            let steps: Vec<Value> = numbers.iter().map(|number| done(*number)).collect();
            let action = json!({"type": "play", "payload": {"steps": steps}});
            let action = json!({"type": "threads.custom_action", "metadata": {},
                "params": {"thread_id": self.id, "action": action}});
            let answer = self.asker.stream(&script::post(url, &action)).await?;
            let done = answer.events.iter().filter(|event| event["type"] == "thread.item.done");
            if done.count() != numbers.len() {
                return Err(BenchError::Answer("the items of a thread were not stored"));
            }
        }
        Ok(())
    }

    /// A further message, to be answered with some deltas.
    fn message(&self) -> Post {
        let script = script::script(self.options.deltas, " token", 0, 0);
        script::add_message(&self.options.url, &self.id, &script)
    }

    /// The same request again and again.
    async fn repeat(&mut self, name: &str, post: &Post) -> Result<Operation, BenchError> {
        let (mut total, mut first_text) = (Histogram::new(3)?, Histogram::new(3)?);
        let mut bytes = 0;
        let cpu = self.options.pid.map(exact_cpu_time).transpose()?;
        for _ in 0..self.options.repeat {
            let answer = self.asker.ask(post).await?;
            record(&mut total, micros(answer.total));
            if let Some(after) = answer.first_text {
                record(&mut first_text, micros(after));
            }
            bytes = answer.bytes;
        }
        let used = match (self.options.pid.map(exact_cpu_time).transpose()?, cpu) {
            (Some(after), Some(before)) => Some(after.saturating_sub(before)),
            _ => None,
        };
        let count = self.options.repeat;
        Ok(Operation::new(name, &Found { total, first_text, bytes, used, count }))
    }
}

fn list(options: &ThreadOptions, params: &Value) -> Post {
    script::post(&options.url, &json!({"type": "items.list", "metadata": {}, "params": params}))
}

fn item_id(number: u32) -> String {
    format!("msg_bench_{number:06}")
}

/// The step of a script that stores an item.
fn done(number: u32) -> Value {
    json!({"event": {"type": "thread.item.done", "item": item(number, "$THREAD")}})
}

fn item(number: u32, thread: &str) -> Value {
    json!({
        "type": "assistant_message",
        "id": item_id(number),
        "thread_id": thread,
        "created_at": "2026-01-01T00:00:00Z",
        "content": [{"type": "output_text", "text": format!("the answer {number}"),
            "annotations": []}],
    })
}

/// The id of the user's message in a turn.
fn message_of(events: &[Value]) -> Result<String, BenchError> {
    let item = events.iter().filter_map(|event| event.get("item"));
    let mut messages = item.filter(|item| item["type"] == "user_message");
    let id = messages.next().and_then(|item| item["id"].as_str()).map(str::to_owned);
    id.ok_or(BenchError::Answer("the message did not come back"))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
