//! The items of a thread in memory.

use std::collections::HashMap;

use chatkit_protocol::{ItemId, ThreadItem};

/// From so many places on the items are found by a table; fewer are looked at one by one.
const MANY: usize = 16;

/// Items in the order in which they came, found by their ids. A short thread, as most are, takes
/// hardly more than its items do.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// Boxed, as a list has room for more than it holds. None: the item was deleted.
    places: Vec<Option<Box<ThreadItem>>>,
    deleted: usize,
    /// Where the items are, once there are many.
    #[expect(clippy::box_collection, reason = "none takes less room than an empty one")]
    found: Option<Box<HashMap<ItemId, usize>>>,
}

impl Items {
    pub(super) fn get(&self, id: &str) -> Option<&ThreadItem> {
        self.places.get(self.place(id)?)?.as_deref()
    }

    /// Appends an item, or replaces the one with its id.
    pub(super) fn save(&mut self, item: ThreadItem) {
        if let Some(place) = self.place(item.id()) {
            self.places[place] = Some(Box::new(item));
            return;
        }
        if let Some(found) = &mut self.found {
            found.insert(item.id().clone(), self.places.len());
        }
        self.places.push(Some(Box::new(item)));
        if self.found.is_none() && self.places.len() >= MANY {
            self.find_all();
        }
    }

    /// Deletes an item, if it is there.
    pub(super) fn remove(&mut self, id: &str) {
        let Some(place) = self.place(id) else {
            return;
        };
        self.places[place] = None;
        self.deleted += 1;
        if let Some(found) = &mut self.found {
            found.remove(id);
        }
        // As many are moved as were deleted since the last time.
        if self.deleted > self.places.len() / 2 {
            self.places.retain(Option::is_some);
            self.deleted = 0;
            self.find_all();
        }
    }

    /// Deletes what came after an item and says how many items that were; none: the item is not
    /// there.
    pub(super) fn remove_after(&mut self, id: &str) -> Option<usize> {
        let place = self.place(id)?;
        let (mut removed, mut holes) = (0, 0);
        for after in self.places.drain(place + 1..) {
            match after {
                None => holes += 1,
                Some(item) => {
                    removed += 1;
                    if let Some(found) = &mut self.found {
                        found.remove(item.id());
                    }
                }
            }
        }
        self.deleted -= holes;
        Some(removed)
    }

    /// All items, in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &ThreadItem> {
        self.places.iter().filter_map(Option::as_deref)
    }

    /// Those before an item, in order; none: the item is not there.
    pub(super) fn before(&self, id: &str) -> Option<impl DoubleEndedIterator<Item = &ThreadItem>> {
        let before = self.places.get(..self.place(id)?)?;
        Some(before.iter().filter_map(Option::as_deref))
    }

    /// Those after an item, in order; none: the item is not there.
    pub(super) fn after(&self, id: &str) -> Option<impl DoubleEndedIterator<Item = &ThreadItem>> {
        let after = self.places.get(self.place(id)? + 1..)?;
        Some(after.iter().filter_map(Option::as_deref))
    }

    fn place(&self, id: &str) -> Option<usize> {
        match &self.found {
            Some(found) => found.get(id).copied(),
            None => self
                .places
                .iter()
                .position(|item| item.as_deref().is_some_and(|item| item.id().as_str() == id)),
        }
    }

    fn find_all(&mut self) {
        let places = self.places.iter().enumerate();
        let found = places.filter_map(|(place, item)| Some((item.as_ref()?.id().clone(), place)));
        self.found = (self.places.len() >= MANY).then(|| Box::new(found.collect()));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use chatkit_protocol::EndOfTurnItem;

    use super::*;

    fn item(number: usize) -> ThreadItem {
        ThreadItem::EndOfTurn(EndOfTurnItem {
            id: format!("eot_{number}").into(),
            thread_id: "thr_1".into(),
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        })
    }

    fn ids<'a>(items: impl Iterator<Item = &'a ThreadItem>) -> Vec<&'a str> {
        items.map(|item| item.id().as_str()).collect()
    }

    /// Few items and many behave alike, also where they become many and few again.
    #[test]
    fn items_are_found_and_stay_in_order_whatever_goes() {
        let mut items = Items::default();
        let mut expected = VecDeque::new();
        for round in 0..4 * MANY {
            // Grows, and then shrinks from the front.
            if round < 2 * MANY {
                items.save(item(round));
                items.save(item(round / 2));
                expected.push_back(format!("eot_{round}"));
            } else {
                items.remove(&expected.pop_front().unwrap());
                items.remove("eot_0");
            }
            assert!(ids(items.iter()).iter().eq(&expected), "{items:?} {expected:?}");
            for (at, id) in expected.iter().enumerate() {
                assert_eq!(items.get(id).unwrap().id().as_str(), id);
                assert_eq!(items.before(id).unwrap().count(), at);
                assert_eq!(items.after(id).unwrap().count(), expected.len() - at - 1);
            }
        }
        assert!(items.get("eot_1").is_none() && items.before("eot_1").is_none());
        assert!(items.places.len() <= 1, "{}", items.places.len());
    }

    #[test]
    fn what_came_after_an_item_goes_with_its_holes() {
        for count in [MANY / 2, 2 * MANY] {
            let mut items = Items::default();
            (0..count).for_each(|number| items.save(item(number)));
            items.remove("eot_5");
            assert_eq!(items.remove_after("eot_3"), Some(count - 5));
            assert_eq!(items.remove_after("eot_4"), None);
            assert_eq!(ids(items.iter()), ["eot_0", "eot_1", "eot_2", "eot_3"]);
            assert_eq!(items.deleted, 0);
            items.save(item(4));
            assert_eq!(ids(items.after("eot_2").unwrap()), ["eot_3", "eot_4"]);
        }
    }
}
