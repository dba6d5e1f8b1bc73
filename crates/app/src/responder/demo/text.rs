//! Assistant messages: streamed, whole, in parts, with sources.

use chatkit_protocol::{Annotation, EntitySource, FileSource, Icon, Source, UrlSource};
use chatkit_server::RespondError;

use super::stage::{Stage, pause, tokens, write};

/// `{deltas}` stands for the number of pieces it is sent in.
const STREAMED: &str = "\
## A reply, token by token

You are reading it while it is written. A model would send its answer just like this: a few \
characters at a time, some of them together, some a little late. The page appends each piece to \
what is there.

Here is what travels for each of these pieces, fewer than two hundred bytes:

```json
{\"type\": \"thread.item.updated\", \"item_id\": \"msg_…\", \"update\": {
  \"type\": \"assistant_message.content_part.text_delta\",
  \"content_index\": 0, \"delta\": \" travels\"}}
```

### What to try while it runs

1. Press **Stop**. What you have read so far stays in the thread.
2. Send another message instead of waiting. It takes over, and this reply ends where it is.
3. Close the page and open it again. What was finished is still there.

### What a reply may contain

- *Emphasis*, **strong words** and `code`
- Lists such as this one, and lists within lists:
  - a first remark
  - a second one
- Tables:

| Kind of event | When it is sent | Stored |
| --- | --- | --- |
| added | the reply begins | no |
| updated | for each piece | no |
| done | the reply is complete | yes |

> Only what is done is stored. If a reply is cut short, what you saw of it is kept as well.

Letters beyond English arrive in one piece too: blåbærsyltetøy, Ελλάδα, 東京, 🫐.

That was it: this reply was streamed in {deltas} deltas, at about 45 of them a second.";

pub(super) async fn stream(stage: Stage) -> Result<(), RespondError> {
    let deltas = tokens(STREAMED).len().to_string();
    stage.say(&STREAMED.replace("{deltas}", &deltas)).await
}

pub(super) async fn whole(stage: Stage) -> Result<(), RespondError> {
    let text = "This reply arrived all at once: one event, `thread.item.done`, with the whole \
                message in it. That is all a responder has to send when it knows its answer.";
    stage.events.message(text).await
}

pub(super) async fn parts(stage: Stage) -> Result<(), RespondError> {
    let mut reply = stage.events.stream_message().await?;
    write(&mut reply, "This is the first part of one message.").await?;
    reply.new_part().await?;
    write(
        &mut reply,
        "This is the second. Each part is announced, filled and completed on its own.",
    )
    .await?;
    reply.new_part().await?;
    let last = "And this is the third. Most replies need only one.";
    write(&mut reply, last).await?;
    reply.done().await
}

pub(super) async fn sources(stage: Stage) -> Result<(), RespondError> {
    let page = UrlSource {
        title: "Server-sent events".to_owned(),
        url: "https://html.spec.whatwg.org/multipage/server-sent-events.html".to_owned(),
        description: Some("The standard behind every streamed reply.".to_owned()),
        attribution: Some("WHATWG".to_owned()),
        ..UrlSource::default()
    };
    let file = FileSource {
        title: "Architecture".to_owned(),
        filename: "ARCHITECTURE.md".to_owned(),
        description: Some("How this server is built.".to_owned()),
        ..FileSource::default()
    };
    let thing = EntitySource {
        title: "Demo responder".to_owned(),
        id: "demo".to_owned(),
        description: Some("The part of this server that is talking to you.".to_owned()),
        icon: Some(Icon::CUBE),
        inline_label: Some("demo".to_owned()),
        ..EntitySource::default()
    };
    let mut reply = stage.events.stream_message().await?;
    let mut position = 0;
    for (text, source) in [
        ("Replies reach the page as server-sent events.", Source::from(page)),
        (" How this server makes them is written in a file.", file.into()),
        (" And the one who speaks is a thing of the application’s own.", thing.into()),
    ] {
        write(&mut reply, text).await?;
        position += i64::try_from(text.chars().count())?;
        pause(200).await;
        reply.annotation(Annotation { source, index: Some(position) }).await?;
    }
    let last = "\n\nEach of the three sentences got a reference while it was streamed: a page, a \
                file and an entity.";
    write(&mut reply, last).await?;
    reply.done().await
}
