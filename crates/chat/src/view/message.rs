//! An assistant's message that is printed as it comes.

use std::io;

use chatkit_protocol::{AssistantMessageContent, ThreadItemUpdate};

use super::text;
use crate::screen::Screen;

/// The largest part number that is believed.
const MAX_PARTS: usize = 1000;

/// An assistant's message, and how much of it was printed.
#[derive(Debug, Default)]
pub(super) struct Message {
    parts: Vec<Part>,
}

#[derive(Debug, Default)]
struct Part {
    text: String,
    /// How many bytes of the text were printed. It may be more than there are, when the text comes
    /// from its beginning once more.
    printed: usize,
    /// What was printed is not how the text begins now.
    is_another: bool,
}

impl Message {
    /// The message begins, perhaps not for the first time.
    pub(super) fn restart(&mut self, content: &[AssistantMessageContent]) {
        for part in &mut self.parts {
            part.text.clear();
        }
        for (index, content) in content.iter().enumerate() {
            self.set(index, &content.text);
        }
    }

    /// Changes the text.
    pub(super) fn apply(&mut self, update: &ThreadItemUpdate) {
        match update {
            ThreadItemUpdate::AssistantMessageContentPartTextDelta { content_index, delta } => {
                if let Some(part) = self.part(*content_index) {
                    part.text.push_str(delta);
                }
            }
            ThreadItemUpdate::AssistantMessageContentPartAdded { content_index, content }
            | ThreadItemUpdate::AssistantMessageContentPartDone { content_index, content } => {
                self.set(*content_index, &content.text);
            }
            _ => {}
        }
    }

    /// Whether anything was printed.
    pub(super) fn has_printed(&self) -> bool {
        self.parts.iter().any(|part| part.printed > 0)
    }

    /// Whether there is more than what was printed.
    pub(super) fn has_more(&self) -> bool {
        self.parts.iter().any(|part| part.text.len() > part.printed)
    }

    /// Prints what is new.
    pub(super) fn print(&mut self, to: &mut Screen) -> io::Result<()> {
        for part in &mut self.parts {
            if part.text.len() > part.printed
                && let Some(rest) = part.text.get(part.printed..)
            {
                to.text(rest)?;
                part.printed = part.text.len();
            }
        }
        Ok(())
    }

    /// Prints what is missing of the whole message, and its sources. A text that is not what was
    /// printed comes once more.
    pub(super) fn finish(
        mut self,
        content: &[AssistantMessageContent],
        to: &mut Screen,
    ) -> io::Result<()> {
        for (index, content) in content.iter().enumerate() {
            self.set(index, &content.text);
        }
        let is_another = self.parts.iter().enumerate().any(|(index, part)| {
            let now = content.get(index).map_or("", |content| content.text.as_str());
            part.is_another || now.len() < part.printed
        });
        if is_another {
            to.end_line()?;
            to.note("the message became another:")?;
            for part in &mut self.parts {
                part.printed = 0;
            }
        }
        self.print(to)?;
        to.end_line()?;
        for line in text::sources(content) {
            to.lines(&line)?;
        }
        Ok(())
    }

    fn set(&mut self, index: usize, text: &str) {
        if let Some(part) = self.part(index) {
            let common = part.printed.min(part.text.len()).min(text.len());
            part.is_another |= part.text.as_bytes().get(..common) != text.as_bytes().get(..common);
            text.clone_into(&mut part.text);
        }
    }

    fn part(&mut self, index: usize) -> Option<&mut Part> {
        if index >= self.parts.len() && index < MAX_PARTS {
            self.parts.resize_with(index + 1, Part::default);
        }
        self.parts.get_mut(index)
    }
}
