//! Images that the model draws: the server keeps them, and clients are given their address.

use chatkit_testkit::provider::{Answer, responses::Reply};
use serde_json::{Value, json};

use crate::{
    agent,
    common::{Server, create, string},
    created,
    provider::{Provider, says},
};

/// `one`, `two` and `whole`, each behind the first bytes of a PNG image.
const ONE: &str = "iVBORw0KGgpvbmU=";
const TWO: &str = "iVBORw0KGgp0d28=";
const WHOLE: &str = "iVBORw0KGgp3aG9sZQ==";

/// A drawing in two states and its end.
fn drawing() -> Answer {
    let item = json!({"id": "ig_1", "type": "image_generation_call", "status": "in_progress"});
    let partial = |index: usize, base64: &str| {
        json!({
            "type": "response.image_generation_call.partial_image", "item_id": "ig_1",
            "output_index": 0, "partial_image_index": index, "partial_image_b64": base64,
        })
    };
    let done = json!({"id": "ig_1", "type": "image_generation_call", "status": "completed",
        "result": WHOLE});
    let reply = Reply::new()
        .event(json!({"type": "response.output_item.added", "output_index": 0, "item": item}))
        .event(partial(0, ONE))
        .event(partial(1, TWO))
        .event(json!({"type": "response.output_item.done", "output_index": 0, "item": done}));
    Answer::events(reply.completed())
}

fn path<'a>(server: &Server, url: &'a str) -> &'a str {
    let path = url.strip_prefix(&format!("http://{}", server.address()));
    path.unwrap_or_else(|| panic!("{url} is not on the server"))
}

#[test]
fn a_drawing_is_served_and_its_states_are_gone() {
    let provider = Provider::start();
    let (answer, gate) = drawing().gated();
    provider.answer(answer);
    let server = agent(&provider);
    let mut stream = server.stream(&create("Draw a cat."));
    // The response, the item, and one state.
    gate.open(3);
    let mut events = stream.until("thread.item.updated");
    let url = events.last().unwrap()["update"]["image"]["url"].as_str().unwrap().to_owned();
    let state = server.get(path(&server, &url));
    assert_eq!((state.status(), state.body.ends_with(b"one")), (200, true));
    gate.open(100);
    events.extend(stream.rest());

    let urls: Vec<&str> =
        events.iter().filter_map(|event| event["update"]["image"]["url"].as_str()).collect();
    let done = events.iter().rev().find(|event| event["type"] == "thread.item.done").unwrap();
    assert_eq!(done["item"]["type"], "generated_image", "{done}");
    let whole = done["item"]["image"]["url"].as_str().unwrap();
    assert_eq!(urls.len(), 2, "{events:?}");
    assert!(!urls.contains(&whole), "{urls:?}");
    assert!(!json!(events).to_string().contains("base64"), "clients are given addresses");

    let image = server.get(path(&server, whole));
    assert_eq!(image.status(), 200);
    assert!(image.body.ends_with(b"whole"));
    assert_eq!(image.header("content-type"), Some("image/png"));
    for state in urls {
        assert_eq!(server.get(path(&server, state)).status(), 404, "{state} is left");
    }
    let thread = created(&events);
    let stored: Vec<Value> = server.items(&thread);
    assert_eq!(stored[1]["image"]["url"], whole);

    server.json("threads.delete", json!({"thread_id": thread}));
    assert_eq!(server.get(path(&server, whole)).status(), 404, "it goes with its thread");
}

#[test]
fn the_model_is_shown_its_drawing_again() {
    let provider = Provider::start();
    provider.answer(drawing());
    provider.answer(says("A cat."));
    let server = agent(&provider);
    let thread = created(&server.events(&create("Draw a cat.")));
    server.say(&thread, "What is it?");
    let input = provider.request(2).body["input"].clone();
    let image = &input[1]["content"][1];
    assert_eq!(string(image, "image_url"), format!("data:image/png;base64,{WHOLE}"), "{input}");
}
