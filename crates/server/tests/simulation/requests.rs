//! What clients ask for.

use std::time::Duration;

use chatkit_server::{MultitaskStrategy, RunOptions};
use serde_json::{Value, json};

use crate::{
    model::Ms,
    rng::Rng,
    world::{Climate, Handler},
};

pub(crate) fn input(text: &str) -> Value {
    json!({"content": [{"type": "input_text", "text": text}], "attachments": [],
        "inference_options": {}})
}

pub(crate) fn op(kind: &str, params: &Value) -> Value {
    json!({"type": kind, "params": params})
}

/// How a turn runs: what the limits are about depends on the world.
pub(crate) fn run_options(rng: &mut Rng, climate: &Climate) -> RunOptions {
    let millis = Duration::from_millis;
    let limit = |rng: &mut Rng, times: u64| -> Duration {
        match climate.limits {
            0 => Duration::ZERO,
            _ if rng.one_in(5) => Duration::ZERO,
            limits => millis(rng.between(limits * times / 2, limits * times * 2)),
        }
    };
    let mut options = RunOptions::default();
    options.multitask_strategy = match rng.weighted(&[40, 15, 25, 20]) {
        0 => MultitaskStrategy::Interrupt,
        1 => MultitaskStrategy::Reject,
        2 => MultitaskStrategy::Enqueue,
        _ => MultitaskStrategy::Rollback,
    };
    options.queue_limit = rng.index(4);
    options.first_event_timeout = limit(rng, 1);
    options.gap_timeout = limit(rng, 1);
    options.turn_timeout = limit(rng, 4);
    options.linger = millis(*rng.pick(&[0, 50, 500, 5000]));
    options.cancel_grace = millis(*rng.pick(&[0, 20, 200]));
    options.checkpoint_interval = millis(*rng.pick(&[0, 10, 50, 300, 700]));
    options
}

/// How the application cleans up after a turn.
pub(crate) fn handler(rng: &mut Rng) -> Handler {
    match rng.below(40) {
        0 => Handler::Fails,
        1 => Handler::Panics,
        2..=5 => Handler::Slow(rng.between(1, 800)),
        _ => Handler::Default,
    }
}

/// How long a client takes between two of its doings: often nothing.
pub(crate) fn pause(rng: &mut Rng, haste: Ms) -> Ms {
    match rng.below(5) {
        0 => 0,
        1 => rng.between(0, haste / 10),
        2 => rng.between(0, 3 * haste),
        _ => rng.between(0, haste),
    }
}
