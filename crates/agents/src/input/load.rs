//! As much of a thread as a model is to read.

use chatkit_protocol::{Order, ThreadItem};
use chatkit_server::{PageRequest, RequestContext, Turn};

use super::{
    ConvertError, ThreadItemConverter,
    budget::{Filling, begins_turn},
    converter::convert,
    repair_pairs,
};
use crate::model::InputItem;

/// Items per page.
const PAGE: usize = 100;

/// Loads what a model reads of a turn's thread, newest page first, until the converter's
/// [token budget](super::DefaultConverter::token_budget) is full or
/// [as many items](super::DefaultConverter::max_items) were seen. Only whole turns are kept, unless
/// the newest alone is longer than that; it then begins in the middle.
///
/// ```
/// use chatkit_agents::{DefaultConverter, TokenBudget, load_input};
/// use chatkit_server::Turn;
///
/// # async fn respond(turn: Turn<()>) -> Result<(), chatkit_agents::ConvertError> {
/// let converter = DefaultConverter::for_turn(&turn).token_budget(TokenBudget::new(100_000));
/// let input = load_input(&turn, &converter).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When the store fails, or a method of the converter's.
pub async fn load_input<C, T>(turn: &Turn<C>, converter: &T) -> Result<Vec<InputItem>, ConvertError>
where
    C: RequestContext,
    T: ThreadItemConverter + ?Sized,
{
    let mut filling = Filling::new(converter.base());
    let mut left = converter.base().most_items();
    let mut request = PageRequest::first(PAGE, Order::Desc);
    // The items of the turn that is being read, newest first.
    let mut open: Vec<ThreadItem> = Vec::new();
    let mut is_full = false;
    let mut is_whole = false;
    while !is_full && !is_whole && left > 0 {
        request.limit = PAGE.min(left);
        let page = turn.load_items(&request).await?;
        request.after = page.data.last().map(|item| item.id().to_string());
        is_whole = !page.has_more || page.data.is_empty();
        left = left.saturating_sub(page.data.len());
        for item in page.data {
            let is_first = begins_turn(&item);
            open.push(item);
            if is_first && !add(converter, &mut filling, &mut open).await? {
                is_full = true;
                break;
            }
        }
    }
    // What is left has no beginning here: the thread begins with it, or it is cut.
    if !is_full && !open.is_empty() && (is_whole || filling.is_empty()) {
        add(converter, &mut filling, &mut open).await?;
    }
    let mut input = filling.finish();
    repair_pairs(&mut input);
    Ok(input)
}

/// Converts a turn and adds it, if there is room for it.
async fn add<T: ThreadItemConverter + ?Sized>(
    converter: &T,
    filling: &mut Filling<'_>,
    newest_first: &mut Vec<ThreadItem>,
) -> Result<bool, ConvertError> {
    newest_first.reverse();
    let is_newest = filling.is_empty();
    let converted = convert(converter, newest_first, is_newest, filling.room()).await?;
    newest_first.clear();
    Ok(filling.add(converted))
}
