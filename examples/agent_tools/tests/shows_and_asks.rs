//! What the user sees of each tool, and what the model hears of it.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use agent_tools::Assistant;
use chatkit_agents::model::{ProviderOptions, ResponsesModel};
use chatkit_server::{ChatKit, MemoryStore};
use chatkit_testkit::{
    provider::{Answer, FakeProvider, responses},
    wire,
};
use serde_json::{Value, json};

async fn assistant() -> (ChatKit<Assistant>, FakeProvider) {
    let provider = FakeProvider::start().await;
    let model = ResponsesModel::new("any", ProviderOptions::new().base_url(provider.url()));
    (ChatKit::new(Assistant::new(model), MemoryStore::new()), provider)
}

fn calls(name: &str, arguments: &Value) -> Answer {
    Answer::events(responses::function_call(name, &arguments.to_string()))
}

fn says(text: &str) -> Answer {
    Answer::events(responses::text(text))
}

#[tokio::test]
async fn the_search_shows_what_it_does_while_it_runs() {
    let (chatkit, provider) = assistant().await;
    let reply = responses::Reply::new().text("Let me look.").function_call(
        "call_7",
        "search_weather",
        r#"{"city": "Oslo"}"#,
    );
    provider.answer(Answer::events(reply.completed()));
    provider.answer(says("It is sunny in Oslo."));
    let mut stream = wire::stream(&chatkit, &wire::create_thread("Oslo?"), ()).await;
    let task = |event: &Value| event["item"]["workflow"]["tasks"][0]["status_indicator"].clone();
    let mut events = stream.until(|event| task(event) == "loading").await;
    assert_eq!(provider.requests().len(), 1, "the tool is still at work");
    events.extend(stream.rest().await);

    let shown = wire::kinds(&events);
    assert_eq!(
        shown.iter().filter(|kind| !kind.starts_with("assistant_message.")).collect::<Vec<_>>(),
        [
            &"thread.created",
            &"thread.item.done",
            &"stream_options",
            &"thread.item.added",
            &"thread.item.done",
            &"progress_update",
            &"thread.item.added",
            &"workflow.task.updated",
            &"thread.item.done",
            &"thread.item.added",
            &"thread.item.done",
        ]
    );
    let progress = events.iter().find(|event| event["type"] == "progress_update").unwrap();
    assert_eq!(
        (&progress["icon"], &progress["text"]),
        (&json!("search"), &json!("Looking for Oslo…"))
    );
    let updated = events.iter().find(|event| event["update"]["type"] == "workflow.task.updated");
    assert_eq!(updated.unwrap()["update"]["task"]["status_indicator"], "complete");
    assert_eq!(wire::answers(&events), ["Let me look.", "It is sunny in Oslo."]);
    let output = provider.requests()[1].body["input"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        output,
        json!({"type": "function_call_output", "call_id": "call_7",
            "output": "Oslo: 21 °C and sunny"})
    );
}

#[tokio::test]
async fn the_page_is_asked_where_the_user_is() {
    let (chatkit, provider) = assistant().await;
    provider.answer(calls("locate_user", &json!({"exact": false})));
    provider.answer(says("You are in Oslo."));
    let events = wire::events(&chatkit, &wire::create_thread("Will it rain?"), ()).await;
    let last = events.last().unwrap();
    assert_eq!(last["type"], "thread.item.done", "{events:?}");
    let call = &last["item"];
    assert_eq!((&call["type"], &call["status"]), (&json!("client_tool_call"), &json!("pending")));
    assert_eq!((&call["call_id"], &call["name"]), (&json!("call_0"), &json!("locate_user")));
    assert_eq!(call["arguments"], json!({"exact": false}));
    assert_eq!(provider.requests().len(), 1, "the model waits for the page");

    let output = wire::add_client_tool_output(wire::thread_id(&events), &json!({"city": "Oslo"}));
    let events = wire::events(&chatkit, &output, ()).await;
    assert_eq!(wire::answers(&events), ["You are in Oslo."]);
    let input = provider.requests()[1].body["input"].clone();
    assert_eq!(
        (&input[1]["type"], &input[1]["call_id"], &input[1]["name"]),
        (&json!("function_call"), &json!("call_0"), &json!("locate_user"))
    );
    assert_eq!(
        input[2],
        json!({"type": "function_call_output", "call_id": "call_0", "output": r#"{"city":"Oslo"}"#})
    );
}

#[tokio::test]
async fn the_forecast_is_a_widget() {
    let (chatkit, provider) = assistant().await;
    provider.answer(calls("show_forecast", &json!({"city": "Oslo", "temperatures": [21, -3]})));
    provider.answer(says("There it is."));
    let events = wire::events(&chatkit, &wire::create_thread("Show it."), ()).await;
    let items = wire::items(&chatkit, wire::thread_id(&events), ()).await;
    assert_eq!(wire::kinds(&items), ["user_message", "widget", "assistant_message"]);
    let lines: Vec<&Value> = items[1]["widget"]["children"].as_array().unwrap().iter().collect();
    let values: Vec<&str> = lines.iter().map(|line| line["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["Oslo", "21 °C", "-3 °C"]);
    let heard = provider.requests()[1].body["input"].to_string();
    assert!(heard.contains("The forecast is shown."), "{heard}");
}

#[tokio::test]
async fn wrong_arguments_reach_neither_the_tool_nor_the_page() {
    let (chatkit, provider) = assistant().await;
    provider.answer(calls("search_weather", &json!({"town": "Oslo"})));
    provider.answer(calls("locate_user", &json!({"exact": "very"})));
    provider.answer(says("I give up."));
    let events = wire::events(&chatkit, &wire::create_thread("Oslo?"), ()).await;
    assert_eq!(wire::answers(&events), ["I give up."]);
    let items = wire::items(&chatkit, wire::thread_id(&events), ()).await;
    assert_eq!(wire::kinds(&items), ["user_message", "assistant_message"]);
    let heard = provider.requests()[2].body["input"].to_string();
    assert!(heard.contains("city") && heard.contains("exact"), "{heard}");
}
