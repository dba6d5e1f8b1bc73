//! What a model can read at once: the oldest turns go first, and they go whole.

use std::{fmt, sync::Arc};

use chatkit_protocol::ThreadItem;

use super::{AttachmentRoom, DefaultConverter, repair_pairs};
use crate::model::{InputContent, InputItem};

/// Bytes of text per token: English prose has about four.
const BYTES_PER_TOKEN: usize = 4;
/// What an item costs beside its texts.
const ITEM_TOKENS: usize = 4;
/// An image: about what providers count for one of 1024 × 1024 pixels.
const IMAGE_TOKENS: usize = 800;
/// Bytes of a file per token: a page of a PDF has some 50 to 100 KB and costs about 1,500 tokens.
const FILE_BYTES_PER_TOKEN: usize = 48;
/// A file costs at least a page.
const FILE_TOKENS: usize = 1_500;

type Estimate = dyn Fn(&InputItem) -> usize + Send + Sync;

/// How many tokens a model may be given, by an estimate.
///
/// ```
/// use chatkit_agents::{TokenBudget, model::InputItem};
///
/// let budget = TokenBudget::new(100_000);
/// assert_eq!(budget.estimate(&InputItem::user("eight by")), 6);
///
/// // With a tokenizer of one's own:
/// let budget = TokenBudget::new(100_000).with_estimate(|item| match item {
///     InputItem::FunctionCall(call) => call.arguments.len() / 2,
///     item => TokenBudget::default_estimate(item),
/// });
/// ```
#[derive(Clone)]
pub struct TokenBudget {
    max_tokens: usize,
    estimate: Option<Arc<Estimate>>,
}

impl TokenBudget {
    /// At most this many tokens, by the [default estimate](Self::default_estimate).
    pub fn new(max_tokens: usize) -> Self {
        Self { max_tokens, estimate: None }
    }

    /// Another estimate of an item's tokens.
    #[must_use]
    pub fn with_estimate(
        mut self,
        estimate: impl Fn(&InputItem) -> usize + Send + Sync + 'static,
    ) -> Self {
        self.estimate = Some(Arc::new(estimate));
        self
    }

    /// The most tokens.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The tokens of an item, about.
    pub fn estimate(&self, item: &InputItem) -> usize {
        match &self.estimate {
            Some(estimate) => estimate(item),
            None => Self::default_estimate(item),
        }
    }

    /// One token per four bytes of text, a constant per image, and for files a guess by their size.
    pub fn default_estimate(item: &InputItem) -> usize {
        let text = |bytes: usize| bytes.div_ceil(BYTES_PER_TOKEN);
        let tokens = match item {
            InputItem::Message(message) => message.content.iter().map(content_tokens).sum(),
            InputItem::FunctionCall(call) => {
                text(call.call_id.len() + call.name.len() + call.arguments.len())
            }
            InputItem::FunctionCallOutput(output) => {
                text(output.call_id.len() + output.output.len())
            }
            InputItem::Raw(raw) => text(json_len(raw)),
        };
        tokens + ITEM_TOKENS
    }
}

impl fmt::Debug for TokenBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBudget").field("max_tokens", &self.max_tokens).finish_non_exhaustive()
    }
}

/// The newest turns of those given, oldest first, that the budget holds, as one input. The newest is
/// always among them; calls of tools without their output, and outputs without their call, are not.
pub fn fit(turns: Vec<Vec<InputItem>>, budget: &TokenBudget) -> Vec<InputItem> {
    let mut filling = Filling::with_budget(Some(budget));
    for turn in turns.into_iter().rev() {
        if !filling.add(turn) {
            break;
        }
    }
    let mut input = filling.finish();
    repair_pairs(&mut input);
    input
}

/// An input in the making, from the newest turn to the oldest.
pub(super) struct Filling<'a> {
    budget: Option<&'a TokenBudget>,
    room: AttachmentRoom,
    tokens: usize,
    /// Newest first.
    turns: Vec<Vec<InputItem>>,
}

impl<'a> Filling<'a> {
    pub(super) fn new(options: &'a DefaultConverter) -> Self {
        let room = AttachmentRoom::new(options.limits().total_bytes);
        Self { room, ..Self::with_budget(options.budget()) }
    }

    fn with_budget(budget: Option<&'a TokenBudget>) -> Self {
        Self { budget, room: AttachmentRoom::new(0), tokens: 0, turns: Vec::new() }
    }

    /// What attachments may still take.
    pub(super) fn room(&mut self) -> &mut AttachmentRoom {
        &mut self.room
    }

    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Takes the turn before, unless it is too much. After a `false` nothing more fits.
    pub(super) fn add(&mut self, turn: Vec<InputItem>) -> bool {
        if let Some(budget) = self.budget {
            let tokens = turn.iter().map(|item| budget.estimate(item));
            self.tokens = tokens.fold(self.tokens, usize::saturating_add);
            if self.tokens > budget.max_tokens && !self.turns.is_empty() {
                return false;
            }
        }
        self.turns.push(turn);
        true
    }

    pub(super) fn finish(self) -> Vec<InputItem> {
        self.turns.into_iter().rev().flatten().collect()
    }
}

/// A thread's turns, each from a message of the user's to the next. What stands before the first
/// message is a turn too.
pub(super) fn turns(items: &[ThreadItem]) -> impl DoubleEndedIterator<Item = &[ThreadItem]> {
    items.chunk_by(|_, next| !begins_turn(next))
}

/// Whether a turn begins with the item.
pub(super) fn begins_turn(item: &ThreadItem) -> bool {
    matches!(item, ThreadItem::UserMessage(_))
}

fn content_tokens(content: &InputContent) -> usize {
    match content {
        InputContent::Text(text) => text.len().div_ceil(BYTES_PER_TOKEN),
        InputContent::Image { .. } => IMAGE_TOKENS,
        InputContent::File { data, .. } => {
            // Four characters of a data URL are three bytes.
            let bytes = data.as_ref().map_or(0, |data| data.len() / 4 * 3);
            (bytes / FILE_BYTES_PER_TOKEN).max(FILE_TOKENS)
        }
        InputContent::Raw(raw) => json_len(raw).div_ceil(BYTES_PER_TOKEN),
    }
}

/// The length as JSON, without writing it down.
fn json_len(value: &impl serde::Serialize) -> usize {
    struct Count(usize);

    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let mut count = Count(0);
    // What could not be written costs what was written of it.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}
