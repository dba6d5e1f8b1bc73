//! One request and its run, as seen from outside the engine.

use chatkit_protocol::{ItemId, Op, ThreadItem};
use chatkit_server::{EndReason, RunId, RunOptions};

use crate::{
    model::{Model, Ms},
    view::View,
    world::{Key, Request},
};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The client has asked; the engine has not begun.
    Asked,
    Started,
    /// In its thread's line.
    Waiting,
    /// It has the thread and prepares it.
    Granted,
    /// The stream options were asked for.
    Begun,
    /// The responder lives.
    Responding,
    /// The responder is gone, or never came.
    Closing,
    Ended,
}

/// What is known of a run.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) number: usize,
    pub(crate) life: u64,
    pub(crate) op: Op,
    pub(crate) key: Option<Key>,
    pub(crate) options: RunOptions,
    pub(crate) allow_cancel: bool,
    pub(crate) stage: Stage,
    pub(crate) run: Option<RunId>,
    pub(crate) model: Model,
    /// The user message that it answers.
    pub(crate) input: Option<ItemId>,

    // Its readers.
    pub(crate) readers: usize,
    pub(crate) resumable: bool,
    pub(crate) absent_since: Option<Ms>,
    /// It was left for longer than it lingers, if only for a moment.
    pub(crate) was_deserted: bool,
    /// The number of the frame with the stream options.
    pub(crate) options_frame: Option<u64>,
    /// What a reader showed that came to the end.
    pub(crate) last_view: Option<(View, u64)>,
    /// Items that its first frames must take away from clients.
    pub(crate) must_tell: Vec<ItemId>,
    pub(crate) may_tell: Vec<ItemId>,

    // Its times.
    /// The number of its grant among all.
    pub(crate) grant: u64,
    pub(crate) begun: Option<Ms>,
    pub(crate) heard: Option<Ms>,
    pub(crate) heard_any: bool,
    /// When the store gave the engine its last answer.
    pub(crate) free_at: Ms,
    /// Answers of the store that the run waits for.
    pub(crate) in_store: usize,
    /// The responder waits to be told that the turn was cancelled.
    pub(crate) awaits_cancel: bool,
    pub(crate) winding_since: Option<Ms>,

    // What was done to it.
    pub(crate) stop_at: Option<Ms>,
    pub(crate) superseded_at: Option<Ms>,
    /// When one who follows loses patience.
    pub(crate) follower_at: Option<Ms>,
    pub(crate) rolls_back: bool,
    pub(crate) store_failures: usize,
    /// Not found, or a conflict.
    pub(crate) store_refusals: usize,
    /// It was the first, had to recover what a crash had left, and could not.
    pub(crate) recovery_failed: bool,
    pub(crate) checkpoint_failed: bool,
    pub(crate) script_ended: bool,
    pub(crate) script_failed: bool,
    pub(crate) was_refused: bool,
    pub(crate) waited: bool,
    /// A call or a form that the request has completed.
    pub(crate) completed: bool,
    /// The form that it has answered.
    pub(crate) answered: Option<ThreadItem>,

    // Its end.
    /// The reasons to cancel it that there were when the responder was gone.
    pub(crate) reasons: Option<Vec<&'static str>>,
    pub(crate) closed_at: Option<Ms>,
    /// How many events had been sent then.
    pub(crate) closed_body: Option<usize>,
    pub(crate) handlers_begun: usize,
    pub(crate) handlers_ended: usize,
    /// The application did not clean up as it should.
    pub(crate) was_spoiled: bool,
    pub(crate) notes: usize,
    pub(crate) end: Option<EndReason>,
    pub(crate) events: u64,
}

impl Probe {
    pub(crate) fn new(number: usize, life: u64, request: &Request, resumable: bool) -> Self {
        Self {
            number,
            life,
            op: Op::ThreadsCreate,
            key: None,
            options: request.options,
            allow_cancel: request.allow_cancel,
            stage: Stage::Asked,
            run: None,
            model: Model::default(),
            input: None,
            readers: 1,
            resumable,
            absent_since: None,
            was_deserted: false,
            options_frame: None,
            last_view: None,
            must_tell: Vec::new(),
            may_tell: Vec::new(),
            grant: 0,
            begun: None,
            heard: None,
            heard_any: false,
            free_at: 0,
            in_store: 0,
            awaits_cancel: false,
            winding_since: None,
            stop_at: None,
            superseded_at: None,
            follower_at: None,
            rolls_back: false,
            store_failures: 0,
            store_refusals: 0,
            recovery_failed: false,
            checkpoint_failed: false,
            script_ended: false,
            script_failed: false,
            was_refused: false,
            waited: false,
            completed: false,
            answered: None,
            reasons: None,
            closed_at: None,
            closed_body: None,
            handlers_begun: 0,
            handlers_ended: 0,
            was_spoiled: false,
            notes: 0,
            end: None,
            events: 0,
        }
    }

    /// Whether nothing but the engine itself had a part in how the turn ended.
    pub(crate) fn is_clean(&self) -> bool {
        self.store_failures == 0 && !self.was_spoiled
    }

    /// Whether the thread is this run's.
    pub(crate) fn holds(&self) -> bool {
        self.stage >= Stage::Granted && self.stage < Stage::Ended
    }
}
