//! Frames that were read, or that a slow reader left behind, in little space.

mod by_item;

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
};

use chatkit_protocol::{ItemId, ThreadItemUpdate, ThreadStreamEvent, encode_text_delta};

use super::tail::Leaving;
use crate::RunId;
use by_item::ByItem;

/// Bytes of one run that are kept for readers that are behind or to come. Beyond it the oldest
/// go, and a reader that still needed them is told to load the thread anew.
const FOLDED_BYTES: usize = 8 * 1024 * 1024;
/// As much is kept when the oldest had to go, so that they go many at a time.
const KEPT_BYTES: usize = FOLDED_BYTES / 8 * 7;
/// What an entry costs beside its bytes, roughly.
const ENTRY_BYTES: usize = 128;

/// From so many entries on the list makes room for more than it needs.
const MANY: usize = 32;

/// How a frame folds.
#[derive(Debug)]
pub(super) enum Fold {
    /// Text appended to a part of an item: grows together with the text before.
    Text { item_id: ItemId, content_index: usize, len: usize },
    /// Takes the place of the last frame with the same subject.
    Latest(Subject),
    /// An item begins, perhaps anew.
    Begin(ItemId),
    /// Belongs to an item in the making.
    Part(ItemId),
    /// The last word on an item: of its earlier frames only the first is needed, for its place.
    Whole(ItemId),
    /// Takes an item away: nothing of it is needed.
    Gone(ItemId),
    /// Needed as it is.
    Keep,
}

/// What a frame is about, when only the last such frame counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Progress,
    Thread,
    Task(ItemId, usize),
    Image(ItemId),
}

impl Subject {
    fn item_id(&self) -> Option<&ItemId> {
        match self {
            Self::Progress | Self::Thread => None,
            Self::Task(item_id, _) | Self::Image(item_id) => Some(item_id),
        }
    }
}

impl Fold {
    /// How an event folds. The text of a delta is appended to `texts`.
    pub(super) fn of(event: ThreadStreamEvent, texts: &mut String) -> Self {
        match event {
            ThreadStreamEvent::ThreadItemUpdated { item_id, update } => match update {
                ThreadItemUpdate::AssistantMessageContentPartTextDelta { content_index, delta } => {
                    texts.push_str(&delta);
                    Self::Text { item_id, content_index, len: delta.len() }
                }
                ThreadItemUpdate::WorkflowTaskUpdated { task_index, .. } => {
                    Self::Latest(Subject::Task(item_id, task_index))
                }
                ThreadItemUpdate::GeneratedImageUpdated { .. } => {
                    Self::Latest(Subject::Image(item_id))
                }
                _ => Self::Part(item_id),
            },
            ThreadStreamEvent::ThreadItemAdded { item }
            | ThreadStreamEvent::ThreadItemReplaced { item } => Self::Begin(item.id().clone()),
            ThreadStreamEvent::ThreadItemDone { item } => Self::Whole(item.id().clone()),
            ThreadStreamEvent::ThreadItemRemoved { item_id } => Self::Gone(item_id),
            ThreadStreamEvent::ProgressUpdate { .. } => Self::Latest(Subject::Progress),
            ThreadStreamEvent::ThreadUpdated { .. } => Self::Latest(Subject::Thread),
            _ => Self::Keep,
        }
    }

    /// Whether it is text appended to a part of an item.
    pub(super) fn is_text_of(&self, id: &ItemId, index: usize) -> bool {
        matches!(self, Self::Text { item_id, content_index, .. }
            if *content_index == index && item_id == id)
    }

    /// How much of the texts belongs to the frame.
    pub(super) fn text_len(&self) -> usize {
        match self {
            Self::Text { len, .. } => *len,
            _ => 0,
        }
    }
}

/// Folded frames by the number of their first frame.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// In the order of their numbers.
    entries: VecDeque<(u64, Entry)>,
    /// The frames that the next of their subject supersedes; most runs have none.
    #[expect(clippy::box_collection, reason = "none takes less room than an empty one")]
    latest: Option<Box<BTreeMap<Subject, u64>>>,
    of_item: ByItem,
    bytes: usize,
    /// Frames before this one may be missing.
    lost_before: u64,
}

#[derive(Debug)]
enum Entry {
    /// The event as JSON.
    Frame(Box<[u8]>),
    /// Consecutive deltas of one part; `ends[n]` is where the text of the n-th delta ends.
    Text(Box<TextRun>),
}

#[derive(Debug)]
struct TextRun {
    item_id: ItemId,
    content_index: usize,
    text: String,
    ends: Vec<usize>,
}

impl Entry {
    fn bytes(&self) -> usize {
        ENTRY_BYTES
            + match self {
                Self::Frame(bytes) => bytes.len(),
                Self::Text(run) => run.text.len() + size_of_val(run.ends.as_slice()),
            }
    }
}

impl Folded {
    /// Adds the next frame. Every reader has read the frames before number `read_by_all`.
    pub(super) fn add(&mut self, number: u64, frame: Leaving<'_>, read_by_all: u64) {
        let bytes = || Entry::Frame(frame.event.into());
        match frame.fold {
            Fold::Text { item_id, content_index, .. } => {
                if !self.extend_text(number, &item_id, content_index, frame.text) {
                    let (id, text) = (item_id.clone(), frame.text.to_owned());
                    let ends = vec![text.len()];
                    let run = TextRun { item_id: id, content_index, text, ends };
                    let entry = Entry::Text(Box::new(run));
                    self.insert(number, entry, Some(item_id));
                }
            }
            Fold::Latest(subject) => {
                let latest = self.latest.get_or_insert_default();
                if let Some(before) = latest.insert(subject.clone(), number) {
                    self.remove(before);
                }
                self.insert(number, bytes(), subject.item_id().cloned());
            }
            Fold::Part(item_id) => self.insert(number, bytes(), Some(item_id)),
            Fold::Begin(item_id) | Fold::Whole(item_id) => {
                // An item that begins anew stays where it is.
                self.forget_parts(&item_id, read_by_all);
                let frames = self.of_item.of(&item_id);
                let of_item = frames.begin.is_some().then_some(item_id);
                frames.begin.get_or_insert(number);
                self.insert(number, bytes(), of_item);
            }
            Fold::Gone(item_id) => {
                self.forget_parts(&item_id, read_by_all);
                let frames = self.of_item.of(&item_id);
                let before = [frames.gone.replace(number), frames.begin.take()];
                for before in before.into_iter().flatten().filter(|it| *it < read_by_all) {
                    self.remove(before);
                }
                self.insert(number, bytes(), None);
            }
            Fold::Keep => self.insert(number, bytes(), None),
        }
        if self.bytes <= FOLDED_BYTES {
            return;
        }
        // The newest stays and does not count, however large: one large event must not cost a
        // reader that keeps up those just before it.
        let newest = self.entries.back().map_or(0, |(_, entry)| entry.bytes());
        if self.bytes - newest > FOLDED_BYTES {
            self.lose(newest + KEPT_BYTES);
        }
    }

    /// Drops the oldest frames until as many bytes are left.
    fn lose(&mut self, left: usize) {
        while self.bytes > left
            && let Some((first, entry)) = self.entries.pop_front()
        {
            self.bytes -= entry.bytes();
            self.lost_before = match entry {
                Entry::Frame(_) => first + 1,
                Entry::Text(run) => first + run.ends.len() as u64,
            };
        }
        let is_kept = |number: &u64| *number >= self.lost_before;
        if let Some(latest) = &mut self.latest {
            latest.retain(|_, number| is_kept(number));
        }
        self.of_item.retain(|frames| {
            frames.gone = frames.gone.filter(is_kept);
            frames.begin = frames.begin.filter(is_kept);
            frames.parts.retain(is_kept);
            frames.gone.is_some() || frames.begin.is_some() || !frames.parts.is_empty()
        });
    }

    /// Drops what came of an item since it began, or nothing of it: those who still read get the
    /// text before its end, if in larger pieces, and a text without its part would make no sense.
    fn forget_parts(&mut self, item_id: &ItemId, read_by_all: u64) {
        let Some(frames) = self.of_item.get_mut(item_id) else {
            return;
        };
        let parts = std::mem::take(&mut frames.parts);
        if parts.iter().all(|part| self.end_of(*part) <= read_by_all) {
            parts.into_iter().for_each(|part| self.remove(part));
            if self.entries.len() < MANY {
                self.entries.shrink_to_fit();
            }
        } else if let Some(frames) = self.of_item.get_mut(item_id) {
            frames.parts = parts;
        }
        if let Some(latest) = &mut self.latest {
            latest.retain(|subject, _| subject.item_id() != Some(item_id));
        }
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether frames from number `from` on are missing.
    pub(super) fn has_lost(&self, from: u64) -> bool {
        from < self.lost_before
    }

    /// Appends frames by their numbers until the chunk is full, and returns the number of the
    /// first frame that was not appended.
    pub(super) fn read(
        &self,
        run: RunId,
        Range { start: from, end: to }: Range<u64>,
        full: usize,
        chunk: &mut Vec<u8>,
    ) -> u64 {
        let mut at = from;
        let begin = self.entries.partition_point(|(first, _)| *first < from);
        if let Some((first, entry)) = begin.checked_sub(1).and_then(|at| self.entries.get(at)) {
            at = at.max(entry.append_from(run, *first, from, chunk));
        }
        for (first, entry) in self.entries.iter().skip(begin) {
            if chunk.len() >= full {
                return at;
            }
            at = entry.append_from(run, *first, *first, chunk);
        }
        to
    }

    fn extend_text(&mut self, number: u64, id: &ItemId, index: usize, delta: &str) -> bool {
        let Some((first, Entry::Text(run))) = self.entries.back_mut() else {
            return false;
        };
        let TextRun { item_id, content_index, text, ends } = &mut **run;
        if item_id != id || *content_index != index || *first + ends.len() as u64 != number {
            return false;
        }
        text.push_str(delta);
        ends.push(text.len());
        self.bytes += delta.len() + size_of::<usize>();
        true
    }

    /// The number after the last frame of an entry.
    fn end_of(&self, number: u64) -> u64 {
        match self.entries.binary_search_by_key(&number, |(first, _)| *first) {
            Ok(at) => match self.entries.get(at) {
                Some((first, Entry::Text(run))) => first + run.ends.len() as u64,
                _ => number + 1,
            },
            Err(_) => number,
        }
    }

    fn insert(&mut self, number: u64, entry: Entry, item_id: Option<ItemId>) {
        self.bytes += entry.bytes();
        if self.entries.len() < MANY {
            self.entries.reserve_exact(1);
        }
        self.entries.push_back((number, entry));
        if let Some(item_id) = item_id {
            self.of_item.of(&item_id).add(number);
        }
    }

    fn remove(&mut self, number: u64) {
        if let Ok(at) = self.entries.binary_search_by_key(&number, |(first, _)| *first)
            && let Some((_, entry)) = self.entries.remove(at)
        {
            self.bytes -= entry.bytes();
        }
    }
}

impl Entry {
    /// Appends what an entry has from a frame number on; returns the number after its last frame.
    fn append_from(&self, run_id: RunId, first: u64, from: u64, chunk: &mut Vec<u8>) -> u64 {
        match self {
            Self::Frame(bytes) => {
                if from == first {
                    run_id.write_frame(first + 1, chunk, |chunk| chunk.extend_from_slice(bytes));
                }
                first + 1
            }
            Self::Text(run) => {
                let TextRun { item_id, content_index, text, ends } = &**run;
                let seen = usize::try_from(from - first).unwrap_or(usize::MAX);
                let start = match seen.checked_sub(1) {
                    None => Some(0),
                    Some(last_seen) => ends.get(last_seen).copied(),
                };
                if let Some(rest) = start.and_then(|start| text.get(start..))
                    && seen < ends.len()
                {
                    run_id.write_frame(first + ends.len() as u64, chunk, |chunk| {
                        encode_text_delta(item_id, *content_index, rest, chunk);
                    });
                }
                first + ends.len() as u64
            }
        }
    }
}
