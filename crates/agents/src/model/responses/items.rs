//! The items of an answer in the making, and which of them an event is about.

use std::collections::{BTreeMap, HashMap};

use chatkit_protocol::JsonObject;

/// How far back an item is looked for that an event does not name.
const LOOK_BACK: usize = 32;

/// What an event says about its item.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place<'a> {
    /// `output_index`.
    pub(super) index: Option<u64>,
    /// The provider's id. Some providers use one for all items, some another one in each event.
    pub(super) id: Option<&'a str>,
}

/// An item in the making.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// Its type at the provider.
    pub(super) kind: String,
    /// What it began with; empty if its beginning is missing.
    pub(super) begun: JsonObject,
    pub(super) is_done: bool,
    /// The parts of a message, in the order in which they began.
    pub(super) parts: Numbered<u64, Part>,
    /// The thoughts, in the order in which they began, by whether they are a summary, and index.
    pub(super) thoughts: Numbered<(bool, u64), String>,
    /// Arguments, input or code.
    pub(super) arguments: String,
    /// How many states of an image there were.
    pub(super) images: usize,
    index: Option<u64>,
}

impl Item {
    /// Marks it as done, and forgets its texts.
    pub(super) fn finish(&mut self) {
        self.is_done = true;
        self.begun = JsonObject::new();
        self.arguments = String::new();
        self.parts.take();
        self.thoughts.take();
    }
}

/// A part of a message in the making.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) is_refusal: bool,
}

/// The items of an answer, numbered as they begin.
#[derive(Debug, Default)]
pub(super) struct Items {
    items: BTreeMap<usize, Item>,
    by_index: HashMap<u64, usize>,
    by_id: HashMap<String, usize>,
}

impl Items {
    /// The item that begins, which deltas may have been about before. One that begins once more,
    /// word for word, is the same.
    pub(super) fn begin(&mut self, place: Place<'_>, begun: JsonObject, kind: &str) -> usize {
        let known = place.index.and_then(|index| self.by_index.get(&index)).copied();
        let known = known.filter(|number| {
            self.is_open(*number, kind)
                && self
                    .items
                    .get(number)
                    .is_some_and(|item| item.begun.is_empty() || item.begun == begun)
        });
        let number = known.unwrap_or_else(|| self.add(place, kind));
        self.get(number).begun = begun;
        number
    }

    /// The item of this type that an event is about, new if there is none.
    pub(super) fn find(&mut self, place: Place<'_>, kind: &str) -> usize {
        // Nearly always it is the last one.
        let last = self.items.len().wrapping_sub(1);
        let is_last = place.index.is_some()
            && self.items.get(&last).is_some_and(|item| item.index == place.index)
            && self.is_open(last, kind);
        let found = if is_last { Some(last) } else { self.look_up(place, kind, Self::is) };
        found.unwrap_or_else(|| self.add(place, kind))
    }

    /// The item of this type that is done, new if there is none in the making.
    pub(super) fn find_open(&mut self, place: Place<'_>, kind: &str) -> usize {
        let found = self.look_up(place, kind, Self::is_open);
        found.unwrap_or_else(|| self.add(place, kind))
    }

    /// The numbers of the items that are listed at the end of an answer, by place, type and call:
    /// each is one that is known and listed only once, or a new one.
    pub(super) fn match_listed<'a>(
        &mut self,
        listed: impl IntoIterator<Item = (Place<'a>, &'a str)>,
    ) -> Vec<usize> {
        let known = self.items.len();
        let mut is_taken = vec![false; known];
        let mut numbers = Vec::new();
        // The first item of a type that may not be taken yet, so that looking costs linear time.
        let mut first_free: HashMap<&str, usize> = HashMap::new();
        for (place, kind) in listed {
            let is_free = |items: &Self, number: &usize| {
                is_taken.get(*number) == Some(&false) && items.is(*number, kind)
            };
            let by_index = place.index.and_then(|index| self.by_index.get(&index)).copied();
            let by_id = place.id.and_then(|id| self.by_id.get(id)).copied();
            let start = first_free.get(kind).copied().unwrap_or(0);
            let number = by_index
                .filter(|number| is_free(self, number))
                .or_else(|| by_id.filter(|number| is_free(self, number)))
                .or_else(|| {
                    let found = (start..known).find(|number| is_free(self, number));
                    first_free.insert(kind, found.map_or(known, |number| number + 1));
                    found
                })
                .unwrap_or_else(|| self.add(Place::default(), kind));
            if let Some(is_taken) = is_taken.get_mut(number) {
                *is_taken = true;
            }
            numbers.push(number);
        }
        numbers
    }

    /// The item of a number that this has given.
    pub(super) fn get(&mut self, number: usize) -> &mut Item {
        self.items.entry(number).or_default()
    }

    /// The items that are not done, with their numbers.
    pub(super) fn open(&mut self) -> impl Iterator<Item = (usize, &mut Item)> {
        self.items
            .iter_mut()
            .filter(|(_, item)| !item.is_done)
            .map(|(number, item)| (*number, item))
    }

    fn look_up(
        &self,
        place: Place<'_>,
        kind: &str,
        fits: impl Fn(&Self, usize, &str) -> bool,
    ) -> Option<usize> {
        if let Some(index) = place.index {
            let number = *self.by_index.get(&index)?;
            if fits(self, number, kind) {
                return Some(number);
            }
            // Some providers say the same index of all items.
        }
        let by_id = place.id.and_then(|id| self.by_id.get(id)).copied();
        by_id.filter(|number| fits(self, *number, kind)).or_else(|| {
            let mut newest = self.items.keys().rev().take(LOOK_BACK);
            newest.find(|number| self.is_open(**number, kind)).copied()
        })
    }

    fn is(&self, number: usize, kind: &str) -> bool {
        self.items.get(&number).is_some_and(|item| item.kind == kind)
    }

    fn is_open(&self, number: usize, kind: &str) -> bool {
        self.items.get(&number).is_some_and(|item| item.kind == kind && !item.is_done)
    }

    fn add(&mut self, place: Place<'_>, kind: &str) -> usize {
        let number = self.items.len();
        let item = Item { kind: kind.to_owned(), index: place.index, ..Item::default() };
        self.items.insert(number, item);
        if let Some(index) = place.index {
            self.by_index.insert(index, number);
        }
        if let Some(id) = place.id.filter(|id| !id.is_empty()) {
            self.by_id.insert(id.to_owned(), number);
        }
        number
    }
}

/// Things by the provider's key, numbered as they begin.
#[derive(Debug)]
pub(super) struct Numbered<K, T>(BTreeMap<K, (usize, T)>);

impl<K: Ord, T: Default> Numbered<K, T> {
    /// The thing of this key, new if there is none, and its number.
    pub(super) fn entry(&mut self, key: K) -> (usize, &mut T) {
        let next = self.0.len();
        let (number, thing) = self.0.entry(key).or_insert_with(|| (next, T::default()));
        (*number, thing)
    }

    /// All of them, in order. Their numbers stay.
    pub(super) fn take(&mut self) -> Vec<T> {
        let mut things: Vec<_> =
            self.0.values_mut().map(|(number, thing)| (*number, std::mem::take(thing))).collect();
        things.sort_by_key(|(number, _)| *number);
        things.into_iter().map(|(_, thing)| thing).collect()
    }
}

impl<K, T> Default for Numbered<K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

#[cfg(test)]
mod tests {
    use super::{Items, Place};

    fn at(index: Option<u64>, id: &str) -> Place<'_> {
        Place { index, id: (!id.is_empty()).then_some(id) }
    }

    fn done(items: &mut Items, place: Place<'_>, kind: &str) -> usize {
        let number = items.find_open(place, kind);
        items.get(number).is_done = true;
        number
    }

    #[test]
    fn the_index_comes_first_and_ids_may_change() {
        let mut items = Items::default();
        assert_eq!(items.begin(at(Some(0), "a"), Default::default(), "message"), 0);
        assert_eq!(items.begin(at(Some(1), "b"), Default::default(), "message"), 1);
        assert_eq!(items.find(at(Some(0), "b"), "message"), 0);
        assert_eq!(items.find(at(Some(1), "zzz"), "message"), 1);
        assert_eq!(items.find(at(Some(2), "a"), "message"), 2);
    }

    #[test]
    fn without_an_index_the_id_counts_and_then_the_last_item() {
        let mut items = Items::default();
        items.begin(at(None, "a"), Default::default(), "function_call");
        items.begin(at(None, "b"), Default::default(), "function_call");
        assert_eq!(items.find(at(None, "a"), "function_call"), 0);
        assert_eq!(items.find(at(None, ""), "function_call"), 1);
        assert_eq!(items.find(at(None, "other"), "function_call"), 1);
        assert_eq!(done(&mut items, at(None, "other"), "function_call"), 1);
        assert_eq!(done(&mut items, at(None, "other"), "function_call"), 0);
        assert_eq!(done(&mut items, at(None, "other"), "function_call"), 2);
    }

    #[test]
    fn one_id_and_one_index_for_all_items() {
        let mut items = Items::default();
        let place = at(Some(0), "same");
        for number in 0..3 {
            let kind = if number == 0 { "reasoning" } else { "message" };
            assert_eq!(
                items.begin(place, [("a".to_owned(), 1.into())].into_iter().collect(), kind),
                number
            );
            assert_eq!(items.find(place, kind), number);
            assert_eq!(done(&mut items, place, kind), number);
        }
        let listed =
            [(place, "reasoning"), (place, "message"), (place, "message"), (place, "message")];
        let mut numbers = items.match_listed(listed);
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2, 3]);
    }

    #[test]
    fn an_event_goes_to_the_item_of_its_type() {
        let mut items = Items::default();
        items.begin(at(Some(0), ""), Default::default(), "message");
        items.begin(at(Some(0), ""), Default::default(), "function_call");
        assert_eq!(items.find(at(Some(0), ""), "message"), 0);
        assert_eq!(items.find(at(Some(0), ""), "function_call"), 1);
        assert_eq!(items.find(at(Some(0), ""), "reasoning"), 2);
    }

    #[test]
    fn a_beginning_may_be_repeated() {
        let mut items = Items::default();
        let begun = |id: &str| [("id".to_owned(), id.into())].into_iter().collect();
        let place = at(Some(0), "same");
        assert_eq!(items.begin(place, begun("a"), "message"), 0);
        assert_eq!(items.begin(place, begun("a"), "message"), 0);
        assert_eq!(items.begin(place, begun("b"), "message"), 1);
    }

    #[test]
    fn a_beginning_may_come_late() {
        let mut items = Items::default();
        assert_eq!(items.find(at(Some(4), ""), "message"), 0);
        assert_eq!(items.begin(at(Some(4), ""), Default::default(), "message"), 0);
    }
}
