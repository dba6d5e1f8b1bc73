use std::collections::BTreeSet;

use super::*;
use crate::responder::demo::words::WORDS;

#[tokio::test(start_paused = true)]
async fn every_word_shows_what_it_promises() {
    for word in WORDS {
        for name in word.names {
            let reply = say(name).await;
            let seen = seen(&reply);
            let missing: Vec<_> = word.sends.iter().filter(|kind| !seen.contains(*kind)).collect();
            assert!(missing.is_empty(), "{name}: {missing:?} not in {seen:?}");
            assert!(!word.sends.is_empty() && !word.shows.is_empty(), "{name}");
            assert_eq!(reply.error().is_some(), FAILING.contains(name), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn together_the_words_show_the_whole_protocol() {
    let mut replies = Vec::new();
    for word in WORDS {
        replies.push(say(word.names[0]).await);
    }
    let seen: BTreeSet<_> = replies.iter().flat_map(seen).collect();
    let events = [
        "thread.updated",
        "thread.item.added",
        "thread.item.updated",
        "thread.item.done",
        "thread.item.removed",
        "thread.item.replaced",
        "stream_options",
        "progress_update",
        "client_effect",
        "error",
        "notice",
    ];
    let updates = [
        "assistant_message.content_part.added",
        "assistant_message.content_part.text_delta",
        "assistant_message.content_part.annotation_added",
        "assistant_message.content_part.done",
        "widget.streaming_text.value_delta",
        "widget.component.updated",
        "widget.root.updated",
        "workflow.task.added",
        "workflow.task.updated",
        "generated_image.updated",
    ];
    let items = [
        "assistant_message",
        "client_tool_call",
        "widget",
        "generated_image",
        "structured_input",
        "workflow",
        "task",
        "end_of_turn",
    ];
    let all: BTreeSet<_> = events.into_iter().chain(updates).chain(items).collect();
    assert_eq!(seen, all);
}

#[tokio::test(start_paused = true)]
async fn help_lists_every_word_on_a_line() {
    let text = say("Help, please!").await.text();
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), WORDS.len());
    for (row, word) in rows.iter().zip(WORDS) {
        assert!(row.starts_with(&format!("| `{}`", word.names[0])), "{row}");
        assert_eq!(row.matches(" | ").count(), 2, "{row}");
        assert!(row.contains(word.shows) && row.ends_with("` |"), "{row}");
    }
}

/// Everything that a response has on the wire: types of events, updates and items.
fn seen(reply: &Reply) -> BTreeSet<&str> {
    let types = ["/type", "/update/type", "/item/type"];
    let events = reply.0.iter();
    events.flat_map(|event| types.iter().filter_map(|it| event.pointer(it)?.as_str())).collect()
}
