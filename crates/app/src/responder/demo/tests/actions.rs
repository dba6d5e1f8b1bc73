use serde_json::{Value, json};

use super::*;

#[tokio::test(start_paused = true)]
async fn the_buttons_of_the_card_work() {
    let mut chat = Chat::new(Demo);
    let reply = chat.say("widget").await;
    let card = reply.items("widget")[0].clone();
    let id = card["id"].as_str().unwrap();
    let actions = actions(&card["widget"]);
    let streaming: Vec<_> = actions.iter().map(|action| &action["streaming"]).collect();
    assert_eq!(streaming, [&json!(true), &json!(false), &json!(true)]);
    let kind = |at: usize| actions[at]["type"].as_str().unwrap();

    let reply = chat.act_in(Some(id), kind(0), Value::Null).await;
    assert!(reply.text().starts_with("The button sent"));

    let mut payload = actions[1]["payload"].clone();
    for count in 1..4 {
        let (status, body) = chat.act_sync(Some(id), kind(1), payload).await;
        assert_eq!((status, &body["updated_item"]["id"]), (200, &card["id"]));
        let widget = &body["updated_item"]["widget"];
        assert_eq!(widget["children"][1]["value"], format!("Counted so far: {count}"));
        payload = self::actions(widget)[1]["payload"].clone();
    }
    let stored = chat.get().await["items"]["data"][2]["widget"].clone();
    assert_eq!(stored["children"][1]["value"], "Counted so far: 3");

    let reply = chat.act_in(Some(id), kind(2), Value::Null).await;
    assert_eq!(reply.kinds(), ["thread.item.replaced"]);
    assert_eq!(reply.0[0]["item"]["id"], id);
    let back = self::actions(&reply.0[0]["item"]["widget"])[0].clone();
    let reply = chat.act_in(Some(id), back["type"].as_str().unwrap(), Value::Null).await;
    assert_eq!(reply.0[0]["item"]["widget"], card["widget"]);
}

/// The actions in a widget, in order.
fn actions(widget: &Value) -> Vec<&Value> {
    match widget {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match name.as_str() {
                "onClickAction" => vec![value],
                _ => actions(value),
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(actions).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_of_the_list_can_be_picked() {
    let mut chat = Chat::new(Demo);
    let reply = chat.say("list").await;
    let list = reply.items("widget")[0];
    let second = actions(&list["widget"])[1];
    let reply = chat
        .act_in(list["id"].as_str(), second["type"].as_str().unwrap(), second["payload"].clone())
        .await;
    assert!(reply.text().starts_with("You picked **Lisbon**."), "{}", reply.text());
}

#[tokio::test(start_paused = true)]
async fn actions_with_nothing_behind_them_are_answered() {
    let mut chat = Chat::new(Demo);
    chat.say("whole").await;
    let reply = chat.act("order.cancel", json!({ "id": 5 })).await;
    let text = reply.text();
    assert!(text.contains("**order.cancel**") && text.contains("{\"id\":5}"), "{text}");

    let (status, body) = chat.act_sync(None, "order.cancel", Value::Null).await;
    let message = "params.action.type: expected `demo.count`, found `order.cancel`";
    assert_eq!((status, body), (422, json!({ "message": message })));

    for kind in [widget::REPLACE, widget::RESTORE] {
        assert_eq!(chat.act(kind, Value::Null).await.items("widget").len(), 1, "{kind}");
    }
    assert!(chat.act(widget::PICK, json!(5)).await.text().contains("nothing"));
    let (status, body) = chat.act_sync(None, widget::COUNT, json!({ "count": u64::MAX })).await;
    assert_eq!((status, &body["updated_item"]["type"]), (200, &json!("widget")));
}

#[tokio::test(start_paused = true)]
async fn a_locked_or_closed_thread_has_a_way_back() {
    for (word, status) in [("lock", "locked"), ("close", "closed")] {
        let mut chat = Chat::new(Demo);
        let reply = chat.say(word).await;
        let door = reply.items("widget")[0];
        let last = &reply.0[reply.0.len() - 2..];
        assert_eq!(&last[0]["item"], door, "the way back comes first");
        assert_eq!(last[1]["thread"]["status"]["type"], status);
        let unlock = actions(&door["widget"])[0]["type"].as_str().unwrap();
        assert_eq!(chat.get().await["status"]["type"], status);
        let refused = chat.say("whole").await;
        assert!(refused.error().unwrap()["message"].as_str().unwrap().contains(status));

        let reply = chat.act_in(door["id"].as_str(), unlock, Value::Null).await;
        assert!(reply.kinds().contains(&"thread.item.replaced"), "{:?}", reply.kinds());
        assert_eq!(chat.get().await["status"]["type"], "active");
        assert_eq!(chat.say("whole").await.error(), None);
    }
}
