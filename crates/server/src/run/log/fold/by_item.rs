//! The folded frames of each item.

use chatkit_protocol::ItemId;

/// From so many items on a list makes room for more than it needs.
const MANY: usize = 8;

/// The frames of one item, by number.
#[derive(Debug, Default)]
pub(super) struct ItemFrames {
    /// The one that took it away, if it was there before.
    pub(super) gone: Option<u64>,
    /// The first since then, which gives the item its place.
    pub(super) begin: Option<u64>,
    pub(super) parts: Vec<u64>,
}

/// The frames of items, in the order of their ids. New ids mostly come last, and most runs have few
/// items: a table would take more room than these need.
#[derive(Debug, Default)]
pub(super) struct ByItem(Vec<(ItemId, ItemFrames)>);

impl ByItem {
    pub(super) fn get_mut(&mut self, id: &ItemId) -> Option<&mut ItemFrames> {
        let at = self.position(id).ok()?;
        self.0.get_mut(at).map(|(_, frames)| frames)
    }

    /// The frames of an item, none at first.
    pub(super) fn of(&mut self, id: &ItemId) -> &mut ItemFrames {
        let at = self.position(id).unwrap_or_else(|at| {
            if self.0.len() < MANY {
                self.0.reserve_exact(1);
            }
            self.0.insert(at, (id.clone(), ItemFrames::default()));
            at
        });
        &mut self.0[at].1
    }

    /// Drops items.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&mut ItemFrames) -> bool) {
        self.0.retain_mut(|(_, frames)| is_kept(frames));
    }

    fn position(&self, id: &ItemId) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.cmp(id))
    }
}

impl ItemFrames {
    /// Adds a frame. Of an item that is done there is no other.
    pub(super) fn add(&mut self, number: u64) {
        if self.parts.is_empty() {
            self.parts.reserve_exact(1);
        }
        self.parts.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_in_whatever_order_they_come() {
        let mut items = ByItem::default();
        let ids: Vec<ItemId> =
            (0..100).map(|number| format!("msg_{}", number * 37 % 100).as_str().into()).collect();
        for (id, number) in ids.iter().zip(0..) {
            assert!(items.get_mut(id).is_none());
            items.of(id).add(number);
            items.of(id).begin = Some(number);
        }
        for (id, number) in ids.iter().zip(0..) {
            let frames = items.get_mut(id).unwrap();
            assert_eq!((&frames.parts[..], frames.begin), (&[number][..], Some(number)));
        }
        items.retain(|frames| frames.begin == Some(50));
        assert_eq!(items.0.len(), 1);
    }
}
