//! The converter as it is, with options.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use chatkit_protocol::ThreadItem;
use chatkit_server::{AttachmentStore, Owner, RequestContext, Turn};

use super::{AttachmentLimits, ConvertError, ThreadItemConverter, TokenBudget, attachment::Place};
use crate::model::InputItem;

/// The [`ThreadItemConverter`] with its defaults, and the options that the defaults look at.
///
/// ```
/// use chatkit_agents::{DefaultConverter, TokenBudget};
/// use chatkit_server::Turn;
///
/// fn converter(turn: &Turn<()>) -> DefaultConverter {
///     DefaultConverter::for_turn(turn).token_budget(TokenBudget::new(100_000))
/// }
/// ```
#[derive(Clone)]
pub struct DefaultConverter {
    place: Option<Place>,
    limits: AttachmentLimits,
    budget: Option<TokenBudget>,
    max_items: usize,
}

impl DefaultConverter {
    /// A converter without an attachment store and without a token budget.
    pub const fn new() -> Self {
        Self { place: None, limits: AttachmentLimits::DEFAULT, budget: None, max_items: 1_000 }
    }

    /// A converter with the attachments of a turn's owner, if the server keeps attachments.
    pub fn for_turn<C: RequestContext>(turn: &Turn<C>) -> Self {
        match turn.attachments() {
            Some(store) => Self::new().attachments(Arc::clone(store), turn.owner().clone()),
            None => Self::new(),
        }
    }

    /// Gives the model an owner's attachments: images by their public address or their bytes, the
    /// text of text files, PDFs and office documents by their bytes. What cannot be read becomes a
    /// note to the model that says why; no attachment ends a turn. Without a store all are notes
    /// with name and type.
    #[must_use]
    pub fn attachments(mut self, store: Arc<dyn AttachmentStore>, owner: Owner) -> Self {
        self.place = Some(Place { store, owner });
        self
    }

    /// How much of attachments the model is given.
    #[must_use]
    pub fn attachment_limits(mut self, limits: AttachmentLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Leaves out the oldest turns, whole, until the budget holds the rest. The newest turn is never
    /// left out. No budget by default.
    #[must_use]
    pub fn token_budget(mut self, budget: TokenBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// How many items [`load_input`](super::load_input) loads at most; by default 1,000.
    #[must_use]
    pub fn max_items(mut self, items: usize) -> Self {
        self.max_items = items;
        self
    }

    /// Without any options.
    pub(super) fn plain() -> &'static Self {
        static PLAIN: DefaultConverter = DefaultConverter::new();
        &PLAIN
    }

    pub(super) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    pub(super) fn limits(&self) -> &AttachmentLimits {
        &self.limits
    }

    pub(super) fn budget(&self) -> Option<&TokenBudget> {
        self.budget.as_ref()
    }

    /// At least one: the newest.
    pub(super) fn most_items(&self) -> usize {
        self.max_items.max(1)
    }
}

#[async_trait]
impl ThreadItemConverter for DefaultConverter {
    fn base(&self) -> &DefaultConverter {
        self
    }
}

impl Default for DefaultConverter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for DefaultConverter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultConverter")
            .field("owner", &self.place.as_ref().map(|place| &place.owner))
            .field("limits", &self.limits)
            .field("budget", &self.budget)
            .field("max_items", &self.max_items)
            .finish_non_exhaustive()
    }
}

/// Converts items, oldest first, with a [`DefaultConverter`] without options.
///
/// # Errors
///
/// None at present.
pub async fn simple_to_agent_input(items: &[ThreadItem]) -> Result<Vec<InputItem>, ConvertError> {
    DefaultConverter::plain().to_agent_input(items).await
}
