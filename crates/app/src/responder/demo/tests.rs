mod actions;
mod table;

use chatkit_protocol::{Attachment, AttachmentKind};
use chatkit_server::Owner;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{words::WORDS, *};
use crate::responder::testing::{Chat, Reply};

/// The words whose reply is a failure.
const FAILING: [&str; 3] = ["error", "coded", "crash"];

async fn say(text: &str) -> Reply {
    Chat::new(Demo).say(text).await
}

#[tokio::test(start_paused = true)]
async fn any_other_text_is_quoted_and_pointed_to_help() {
    let reply = say("What is <b>this</b>?").await;
    let text = reply.text();
    assert!(
        text.starts_with("You said: “What is \\<b\\>this\\</b\\>?”\n\nI am the **demo"),
        "{text}"
    );
    assert!(text.contains("`help`") && text.contains("`ChatKitServer::respond`"), "{text}");
    assert!(text.contains("no model") && text.contains("no network"), "{text}");
    let deltas = reply.kinds().into_iter().filter(|kind| kind.ends_with("text_delta")).count();
    assert!(deltas > 50, "{deltas}");
}

#[tokio::test(start_paused = true)]
async fn odd_input_is_answered() {
    let mut odd =
        vec![String::new(), " \n".to_owned(), "?!…".to_owned(), "\u{0}\u{200d}".to_owned()];
    odd.extend(["🫐".repeat(5000), "help ".repeat(2000), "title".to_owned(), "title …".to_owned()]);
    odd.extend([format!("title {}", "Å".repeat(5000)), "hidden \u{202e}\u{0301}".to_owned()]);
    odd.extend(WORDS.iter().map(|word| format!("{} \u{0301}|`*{{deltas}}", word.names[0])));
    for text in odd {
        let reply = say(&text).await;
        let word = words::find(&text).map(|(word, _)| word.names[0]);
        let may_fail = word.is_some_and(|word| FAILING.contains(&word));
        assert!(may_fail || reply.error().is_none(), "{text}: {:?}", reply.error());
        assert!(!reply.0.is_empty(), "{text}");
    }
    let reply = Chat::new(Demo).send(json!({ "content": [] })).await;
    assert!(reply.text().starts_with("I am the **demo responder**"));
}

#[tokio::test(start_paused = true)]
async fn a_streamed_reply_counts_its_deltas_and_has_the_pace_of_a_model() {
    let start = Instant::now();
    let reply = say("stream").await;
    let seconds = start.elapsed().as_secs_f64();
    let deltas = reply.kinds().into_iter().filter(|kind| kind.ends_with("text_delta")).count();
    assert!(reply.text().contains(&format!("streamed in {deltas} deltas")), "{}", reply.text());
    let pace = f64::from(u32::try_from(deltas).unwrap()) / seconds;
    assert!((30.0..=60.0).contains(&pace), "{pace} deltas a second");
    assert!(seconds > 5.0, "there must be time to press Stop: {seconds} s");
}

#[tokio::test(start_paused = true)]
async fn attachments_are_listed() {
    let mut chat = Chat::new(Demo);
    let content = json!([{ "type": "input_text", "text": "attach" }]);
    let text = attach(&mut chat, content).await.text();
    assert!(text.contains("- **notes\\_1.txt**, file of type text/plain (`atc_1`)"), "{text}");
    assert!(chat.say("attach").await.text().starts_with("Nothing is attached"));
}

async fn attach(chat: &mut Chat<Demo>, content: Value) -> Reply {
    let attachment = Attachment {
        kind: AttachmentKind::File,
        id: "atc_1".into(),
        name: "notes_1.txt".to_owned(),
        mime_type: "text/plain".to_owned(),
        upload_descriptor: None,
        thread_id: None,
        metadata: None,
    };
    let store = chat.chatkit().store();
    store.save_attachment(&Owner::default(), &attachment).await.unwrap();
    chat.send(json!({ "content": content, "attachments": ["atc_1"] })).await
}

#[tokio::test(start_paused = true)]
async fn a_form_goes_on_with_the_answers() {
    let mut chat = Chat::new(Demo);
    let reply = chat.say("form").await;
    let form = reply.items("structured_input")[0].clone();
    let kinds: Vec<_> =
        form["inputs"].as_array().unwrap().iter().map(|it| &it["multiple"]).collect();
    assert_eq!(kinds, [&json!(false), &json!(true), &Value::Null]);

    let answers =
        json!({ "season": { "values": ["Winter"] }, "likes": { "values": ["Food", "Walks"] } });
    let text = submit(&chat, &form, json!({ "answers": answers })).await;
    assert!(text.contains("travel? **Winter**\n"), "{text}");
    assert!(text.contains("like? **Food**, **Walks**\n"), "{text}");
    assert!(text.contains("Anything else? skipped\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_form_goes_on_when_it_is_skipped_and_when_others_came_later() {
    let mut chat = Chat::new(Demo);
    let reply = chat.say("form").await;
    let form = reply.items("structured_input")[0].clone();
    chat.say("whole").await;
    let text = submit(&chat, &form, json!({ "status": "skipped" })).await;
    assert!(text.starts_with("You skipped the questions."), "{text}");
}

async fn submit(chat: &Chat<Demo>, form: &Value, input: Value) -> String {
    let params = json!({ "thread_id": chat.thread(), "item_id": form["id"], "input": input });
    chat.stream("threads.add_structured_input", params).await.text()
}

#[tokio::test(start_paused = true)]
async fn a_tool_goes_on_with_its_output() {
    for (output, expected) in [
        (json!({ "time": "12:00" }), "> {\"time\":\"12:00\"}"),
        (Value::Null, "without any output"),
    ] {
        let mut chat = Chat::new(Demo);
        chat.say("form").await;
        let reply = chat.say("tool").await;
        let last = reply.0.last().unwrap();
        assert_eq!(
            (&last["type"], &last["item"]["name"]),
            (&json!("thread.item.done"), &json!("get_time"))
        );
        assert_eq!(last["item"]["status"], "pending");

        let params = json!({ "thread_id": chat.thread(), "result": output });
        let text = chat.stream("threads.add_client_tool_output", params).await.text();
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn hidden_notes_are_read_back_and_never_sent() {
    let mut chat = Chat::new(Demo);
    assert!(chat.say("remember?").await.text().starts_with("There are no hidden notes"));
    let reply = chat.say("hidden: I like tea").await;
    assert!(!json!(reply.0).to_string().contains("tea"), "{reply:?}");
    chat.say("hidden").await;
    let items = chat.get().await["items"]["data"].to_string();
    assert!(!items.contains("hidden_context_item") && !items.contains("juniper"), "{items}");
    let text = chat.say("Remember?").await.text();
    assert!(text.contains("- I like tea\n- The magic word is juniper.\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_history_is_counted_by_kind() {
    let mut chat = Chat::new(Demo);
    chat.say("whole").await;
    chat.say("hidden").await;
    let text = chat.say("history").await.text();
    assert!(text.contains("has 6 items"), "{text}");
    for row in ["assistant_message` | 2", "hidden_context_item` | 1", "user_message` | 3"] {
        assert!(text.contains(row), "{row}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_removed_is_gone_and_what_is_replaced_keeps_its_place() {
    let mut chat = Chat::new(Demo);
    let reply = chat.say("remove").await;
    assert_eq!(reply.0[0]["item"]["id"], reply.0[2]["item_id"], "{reply:?}");
    assert_eq!(chat.get().await["items"]["data"].as_array().unwrap().len(), 2);

    let mut chat = Chat::new(Demo);
    let reply = chat.say("replace").await;
    let items = chat.get().await["items"]["data"].clone();
    assert_eq!(items.as_array().unwrap().len(), 2);
    assert_eq!(items[1]["id"], reply.0[0]["item"]["id"]);
    assert!(items[1].to_string().contains("second draft"));
}

#[tokio::test(start_paused = true)]
async fn a_retry_counts_the_answers_to_one_message() {
    let mut chat = Chat::new(Demo);
    for round in 0..2 {
        assert!(chat.say("retry").await.text().starts_with("This is my first answer"));
        let message = chat.get().await["items"]["data"][2 * round]["id"].clone();
        for expected in ["my second answer", "answer number 3", "answer number 4"] {
            let params = json!({ "thread_id": chat.thread(), "item_id": message });
            let text = chat.stream("threads.retry_after_item", params).await.text();
            assert!(text.starts_with(&format!("This is {expected}")), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn failures_say_what_they_should() {
    for (word, code, message, retry) in [
        ("error", "custom", Some("The demo failed on purpose."), true),
        ("coded", "stream.error", None, true),
        ("crash", "stream.error", None, true),
    ] {
        let mut chat = Chat::new(Demo);
        let reply = chat.say(word).await;
        let error = reply.error().unwrap();
        assert_eq!(
            (&error["code"], &error["allow_retry"]),
            (&json!(code), &json!(retry)),
            "{word}"
        );
        let found = error.get("message").and_then(Value::as_str);
        assert_eq!(found.is_some(), message.is_some(), "{word}");
        assert!(found.unwrap_or_default().starts_with(message.unwrap_or_default()), "{word}");
        let kept = chat.get().await["items"]["data"].as_array().unwrap().len();
        assert_eq!(kept, 2, "{word}: what was seen of the reply is kept");
    }
}

#[tokio::test(start_paused = true)]
async fn the_image_grows_and_needs_no_network() {
    let reply = say("image").await;
    let images = reply.0.iter().filter_map(|event| event["update"]["image"]["url"].as_str());
    let images: Vec<_> = images.collect();
    assert_eq!(images.len(), 4);
    assert!(images.is_sorted_by(|a, b| a.len() < b.len()));
    let address = |c: char| c.is_ascii_alphanumeric() || "%=/:.-+,;".contains(c);
    for image in &images {
        assert!(image.starts_with("data:image/svg+xml,%3Csvg"), "{image}");
        assert!(image.chars().all(address), "{image}");
    }
    assert_eq!(reply.items("generated_image")[0]["image"]["url"], images[3]);
}

#[tokio::test(start_paused = true)]
async fn sources_stand_where_their_sentence_ends() {
    let reply = say("sources").await;
    let part = reply.items("assistant_message")[0]["content"][0].clone();
    let characters: Vec<_> = part["text"].as_str().unwrap().chars().collect();
    let annotations = part["annotations"].as_array().unwrap();
    let kinds: Vec<_> =
        annotations.iter().map(|it| it["source"]["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["url", "file", "entity"]);
    for annotation in annotations {
        let index = usize::try_from(annotation["index"].as_u64().unwrap()).unwrap();
        assert_eq!(characters[index - 1], '.', "{annotation}");
    }
}

#[tokio::test(start_paused = true)]
async fn feedback_is_taken_and_recordings_are_measured() {
    let mut chat = Chat::new(Demo);
    chat.say("whole").await;
    let params = json!({ "thread_id": chat.thread(), "item_ids": ["a"], "kind": "positive" });
    assert_eq!(chat.json("items.feedback", params).await, (200, json!({})));
    let params = json!({ "audio_base64": "AAEC", "mime_type": "audio/ogg;codecs=opus" });
    let (status, body) = chat.json("input.transcribe", params).await;
    assert_eq!(status, 200);
    assert_eq!(body["text"], "The demo cannot hear, but 3 bytes of audio/ogg arrived.");
}

#[tokio::test(start_paused = true)]
async fn a_thread_is_named_after_its_first_message() {
    let mut chat = Chat::new(Demo);
    chat.say("what can you do?").await;
    assert_eq!(chat.get().await["title"], "What can you do?");
    chat.say("whole").await;
    assert_eq!(chat.get().await["title"], "What can you do?");
}

#[tokio::test(start_paused = true)]
async fn a_title_that_is_asked_for_is_the_first_there_is() {
    let mut chat = Chat::new(Demo);
    let reply = chat.say("title trip to *Oslo*").await;
    let renamed = reply.0.iter().filter(|event| event["type"] == "thread.updated");
    let titles: Vec<_> = renamed.map(|event| &event["thread"]["title"]).collect();
    assert_eq!(titles, ["Trip to *Oslo*"]);
    assert!(reply.text().contains("**Trip to \\*Oslo\\***"));

    assert!(chat.say("title").await.text().starts_with("Say `title` and a name"));
    assert_eq!(chat.get().await["title"], "Trip to *Oslo*");
}

#[tokio::test(start_paused = true)]
async fn a_thread_of_files_alone_is_named_after_the_first() {
    let mut chat = Chat::new(Demo);
    let reply = attach(&mut chat, json!([])).await;
    assert!(reply.text().starts_with("I am the **demo"));
    assert_eq!(chat.get().await["title"], "Notes\\_1.txt".replace('\\', ""));
}
