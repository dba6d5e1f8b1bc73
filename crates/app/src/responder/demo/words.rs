//! The words that the demo knows. `help` is made of this table, so it lists what there is.

use std::pin::Pin;

use chatkit_server::RespondError;

use super::{
    failure, form, help, image, item, page, stage::Stage, text, thread, tool, wait, widget,
    widget_stream, workflow,
};

/// Something to see.
#[derive(Debug)]
pub(super) struct Word {
    /// What the user says; `help` lists the first, the others are synonyms.
    pub(super) names: &'static [&'static str],
    /// What there is to see.
    pub(super) shows: &'static str,
    /// What it is on the wire: types of events, updates and items.
    pub(super) sends: &'static [&'static str],
    /// Shows it.
    pub(super) play: fn(Stage) -> Scene,
}

pub(super) type Scene = Pin<Box<dyn Future<Output = Result<(), RespondError>> + Send>>;

/// Finds the word that a message begins with, and what stands behind it. Case and punctuation do
/// not count; of two words that fit, the longer is meant.
pub(super) fn find(text: &str) -> Option<(&'static Word, &str)> {
    let fits = |name: &str| after(text, name);
    WORDS
        .iter()
        .flat_map(|word| word.names.iter().map(move |name| (word, *name)))
        .filter_map(|(word, name)| Some((word, name, fits(name)?)))
        .max_by_key(|(_, name, _)| name.len())
        .map(|(word, _, rest)| (word, rest))
}

/// What stands behind a name at the beginning of a text.
fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    for expected in name.split(' ') {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if word.to_lowercase() != expected {
            return None;
        }
        rest = behind;
    }
    // What clings to the word, as in `hidden:` or `help!`, belongs to it.
    let clinging = rest.find(|c: char| c.is_whitespace() || c.is_alphanumeric());
    let (punctuation, behind) = rest.split_at(clinging.unwrap_or(rest.len()));
    // `list's` and `error-prone` are other words.
    let ends_here = behind.is_empty() || behind.starts_with(char::is_whitespace);
    (ends_here || punctuation == ":").then(|| behind.trim())
}

pub(super) static WORDS: &[Word] = &[
    Word {
        names: &["help"],
        shows: "this list",
        sends: &["assistant_message"],
        play: |stage| Box::pin(help::list(stage)),
    },
    Word {
        names: &["stream"],
        shows: "a long reply, token by token; try **Stop** on it",
        sends: &[
            "assistant_message.content_part.added",
            "assistant_message.content_part.text_delta",
            "assistant_message.content_part.done",
        ],
        play: |stage| Box::pin(text::stream(stage)),
    },
    Word {
        names: &["whole"],
        shows: "a reply that arrives all at once",
        sends: &["thread.item.done", "assistant_message"],
        play: |stage| Box::pin(text::whole(stage)),
    },
    Word {
        names: &["parts"],
        shows: "one message in three parts",
        sends: &["assistant_message.content_part.added"],
        play: |stage| Box::pin(text::parts(stage)),
    },
    Word {
        names: &["sources", "citations"],
        shows: "text with references to a page, a file and a thing",
        sends: &["assistant_message.content_part.annotation_added"],
        play: |stage| Box::pin(text::sources(stage)),
    },
    Word {
        names: &["slow"],
        shows: "ten seconds of work, with progress, before the reply",
        sends: &["progress_update"],
        play: |stage| Box::pin(wait::slow(stage)),
    },
    Word {
        names: &["progress"],
        shows: "progress notes with different icons",
        sends: &["progress_update"],
        play: |stage| Box::pin(wait::progress(stage)),
    },
    Word {
        names: &["nostop"],
        shows: "a reply that cannot be stopped",
        sends: &["stream_options"],
        play: |stage| Box::pin(wait::without_stop(stage)),
    },
    Word {
        names: &["workflow"],
        shows: "steps of all five kinds, and both summaries",
        sends: &["workflow", "workflow.task.added", "workflow.task.updated"],
        play: |stage| Box::pin(workflow::steps(stage)),
    },
    Word {
        names: &["reasoning"],
        shows: "a train of thought, then the reply",
        sends: &["workflow", "workflow.task.added"],
        play: |stage| Box::pin(workflow::reasoning(stage)),
    },
    Word {
        names: &["task"],
        shows: "single steps outside of a workflow",
        sends: &["task"],
        play: |stage| Box::pin(workflow::single_tasks(stage)),
    },
    Word {
        names: &["image"],
        shows: "a picture that gets better while it is made",
        sends: &["generated_image", "generated_image.updated"],
        play: |stage| Box::pin(image::paint(stage)),
    },
    Word {
        names: &["widget"],
        shows: "a card with buttons that answer, count and replace",
        sends: &["widget"],
        play: |stage| Box::pin(widget::card(stage)),
    },
    Word {
        names: &["list"],
        shows: "a list to pick from",
        sends: &["widget"],
        play: |stage| Box::pin(widget::list(stage)),
    },
    Word {
        names: &["stream widget"],
        shows: "a card that writes itself",
        sends: &[
            "widget.streaming_text.value_delta",
            "widget.component.updated",
            "widget.root.updated",
        ],
        play: |stage| Box::pin(widget_stream::write(stage)),
    },
    Word {
        names: &["form"],
        shows: "questions to answer; the chat goes on with your answers",
        sends: &["structured_input"],
        play: |stage| Box::pin(form::ask(stage)),
    },
    Word {
        names: &["tool"],
        shows: "a tool that runs in the page; the chat goes on with its output",
        sends: &["client_tool_call"],
        play: |stage| Box::pin(tool::call(stage)),
    },
    Word {
        names: &["effect"],
        shows: "something that the page does, without an answer",
        sends: &["client_effect"],
        play: |stage| Box::pin(page::effect(stage)),
    },
    Word {
        names: &["notice"],
        shows: "messages beside the chat: info, warning, danger",
        sends: &["notice"],
        play: |stage| Box::pin(page::notices(stage)),
    },
    Word {
        names: &["error"],
        shows: "an error in our own words, with **Retry**",
        sends: &["error"],
        play: |stage| Box::pin(failure::custom(stage)),
    },
    Word {
        names: &["coded"],
        shows: "an error that the page words itself",
        sends: &["error"],
        play: |stage| Box::pin(failure::coded(stage)),
    },
    Word {
        names: &["crash"],
        shows: "an unexpected failure in the middle of a reply",
        sends: &["error"],
        play: |stage| Box::pin(failure::unexpected(stage)),
    },
    Word {
        names: &["retry"],
        shows: "how often you asked for the same answer",
        sends: &["assistant_message"],
        play: |stage| Box::pin(failure::retry(stage)),
    },
    Word {
        names: &["title"],
        shows: "`title My trip` renames the thread",
        sends: &["thread.updated"],
        play: |stage| Box::pin(thread::rename(stage)),
    },
    Word {
        names: &["lock"],
        shows: "a locked thread, and a button to unlock it",
        sends: &["widget", "thread.updated"],
        play: |stage| Box::pin(thread::lock(stage)),
    },
    Word {
        names: &["close"],
        shows: "a closed thread, and a button to reopen it",
        sends: &["widget", "thread.updated"],
        play: |stage| Box::pin(thread::close(stage)),
    },
    Word {
        names: &["history"],
        shows: "what the thread remembers, counted by kind",
        sends: &["assistant_message"],
        play: |stage| Box::pin(thread::history(stage)),
    },
    Word {
        names: &["remove"],
        shows: "a message that goes away again",
        sends: &["thread.item.removed"],
        play: |stage| Box::pin(item::remove(stage)),
    },
    Word {
        names: &["replace"],
        shows: "a message that is replaced by another",
        sends: &["thread.item.replaced"],
        play: |stage| Box::pin(item::replace(stage)),
    },
    Word {
        names: &["hidden"],
        shows: "`hidden I like tea` keeps a note that only the server sees",
        sends: &["assistant_message"],
        play: |stage| Box::pin(item::hide(stage)),
    },
    Word {
        names: &["remember"],
        shows: "the hidden notes, read back",
        sends: &["assistant_message"],
        play: |stage| Box::pin(item::remember(stage)),
    },
    Word {
        names: &["end"],
        shows: "a reply with an explicit end of turn",
        sends: &["end_of_turn"],
        play: |stage| Box::pin(item::end_of_turn(stage)),
    },
    Word {
        names: &["attach"],
        shows: "what is attached to your message",
        sends: &["assistant_message"],
        play: |stage| Box::pin(page::attachments(stage)),
    },
];

#[cfg(test)]
mod tests {
    use super::{WORDS, find};

    #[test]
    fn case_and_punctuation_do_not_count() {
        for (text, name, rest) in [
            ("help", "help", ""),
            ("  Help!", "help", ""),
            ("/HELP me, please", "help", "me, please"),
            ("“help”", "help", ""),
            ("remember?", "remember", ""),
            ("stream", "stream", ""),
            ("stream widget", "stream widget", ""),
            ("Stream  Widget.", "stream widget", ""),
            ("stream widgets", "stream", "widgets"),
            ("stream a widget", "stream", "a widget"),
            ("Citations", "sources", ""),
            ("title: Oslo & back", "title", "Oslo & back"),
            ("title:Oslo", "title", "Oslo"),
            ("title\n\nÅrhus ", "title", "Århus"),
        ] {
            let found = find(text).map(|(word, rest)| (word.names[0], rest));
            assert_eq!(found, Some((name, rest)), "{text:?}");
        }
    }

    #[test]
    fn other_texts_begin_with_no_word() {
        for text in
            ["", " ", "?!", "helpful", "formatting-free", "list's", "error-prone", "please help"]
        {
            assert!(find(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn no_name_stands_twice_and_each_is_found() {
        let mut seen = std::collections::HashSet::new();
        for word in WORDS {
            for name in word.names {
                assert!(seen.insert(name), "{name}");
                assert_eq!(find(name).unwrap().0.names, word.names);
            }
        }
    }
}
