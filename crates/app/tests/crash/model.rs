//! What a thread holds after each of a row of writes.

/// One change of the store, acknowledged by one event.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    /// `thread.item.done` or `thread.item.replaced`: appends the item, or replaces it in its place.
    Save { id: String, text: String },
    /// `thread.item.removed`
    Remove { id: String },
    /// `thread.updated`
    Title(String),
}

/// The writes of one thread, in order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Model {
    writes: Vec<Write>,
}

/// Items as id and text, and the thread's title.
pub(crate) type State = (Vec<(String, String)>, Option<String>);

impl Model {
    pub(crate) fn push(&mut self, write: Write) {
        self.writes.push(write);
    }

    pub(crate) fn len(&self) -> usize {
        self.writes.len()
    }

    /// What is there after the first `done` writes.
    pub(crate) fn after(&self, done: usize) -> State {
        let (mut items, mut title): State = (Vec::new(), None);
        for write in &self.writes[..done] {
            match write {
                Write::Save { id, text } => match items.iter_mut().find(|(other, _)| other == id) {
                    Some((_, stored)) => stored.clone_from(text),
                    None => items.push((id.clone(), text.clone())),
                },
                Write::Remove { id } => items.retain(|(other, _)| other != id),
                Write::Title(text) => title = Some(text.clone()),
            }
        }
        (items, title)
    }
}
