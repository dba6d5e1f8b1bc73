//! What a client may see.

use chatkit_protocol::{Attachment, Thread, ThreadItem};

/// Takes out of an item what is the integration's own.
pub(crate) fn item(item: &mut ThreadItem) {
    if let ThreadItem::UserMessage(message) = item {
        message.attachments.iter_mut().for_each(attachment);
    }
}

/// Takes out of a thread what is the integration's own, and hidden items.
pub(crate) fn thread(thread: &mut Thread) {
    thread.metadata.clear();
    thread.items.data.retain(|item| !item.is_hidden());
    thread.items.data.iter_mut().for_each(item);
}

/// Takes out of an attachment what is the integration's own.
pub(crate) fn attachment(attachment: &mut Attachment) {
    attachment.metadata = None;
}
