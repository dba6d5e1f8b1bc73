//! What a run may be given.

use crate::model::InputItem;

/// What a run may be given: a message of the user's, or any items.
pub trait IntoInput {
    /// The items, oldest first.
    fn into_input(self) -> Vec<InputItem>;
}

impl IntoInput for &str {
    fn into_input(self) -> Vec<InputItem> {
        vec![InputItem::user(self)]
    }
}

impl IntoInput for String {
    fn into_input(self) -> Vec<InputItem> {
        vec![InputItem::user(self)]
    }
}

impl IntoInput for InputItem {
    fn into_input(self) -> Vec<InputItem> {
        vec![self]
    }
}

impl IntoInput for Vec<InputItem> {
    fn into_input(self) -> Vec<InputItem> {
        self
    }
}

impl IntoInput for &[InputItem] {
    fn into_input(self) -> Vec<InputItem> {
        self.to_vec()
    }
}
