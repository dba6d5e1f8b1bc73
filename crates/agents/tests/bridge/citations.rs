//! References in a model's text.

use chatkit_agents::model::{Citation, ModelEvent, OutputKind, OutputPart};
use chatkit_server::protocol::ThreadItem;
use serde_json::json;

use crate::stage::{answer_to, delta_of, kinds, model};

fn file(filename: Option<&str>) -> Citation {
    Citation::File { file_id: None, filename: filename.map(str::to_owned), index: Some(4) }
}

fn url() -> Citation {
    Citation::Url {
        url: "https://a.example".to_owned(),
        title: Some("A".to_owned()),
        end_index: Some(5),
    }
}

fn cited(citation: Citation) -> ModelEvent {
    ModelEvent::Annotation { item: 0, part: 0, citation }
}

#[tokio::test]
async fn indices_count_what_is_shown_and_the_end_keeps_it() {
    let (events, stored) = answer_to(model(vec![
        delta_of(0, "text"),
        cited(file(Some("a.pdf"))),
        cited(file(None)),
        cited(Citation::Other(json!({"type": "new"}))),
        cited(url()),
        cited(Citation::ContainerFile {
            container_id: None,
            file_id: None,
            filename: Some("b.csv".to_owned()),
            end_index: Some(7),
        }),
        ModelEvent::TextDone { item: 0, part: 0, text: "text".to_owned() },
    ]))
    .await;
    let wanted = ["added", "part", "delta", "annotation", "annotation", "annotation", "part done"];
    assert_eq!(kinds(&events)[..7], wanted);
    let indices: Vec<_> = events[3..6].iter().map(|e| &e["update"]["annotation_index"]).collect();
    assert_eq!(indices, [0, 1, 2]);
    assert_eq!(
        events[4]["update"]["annotation"],
        json!({"type": "annotation", "index": 5,
            "source": {"type": "url", "title": "A", "url": "https://a.example"}})
    );
    assert_eq!(events[6]["update"]["content"]["annotations"].as_array().unwrap().len(), 3);
    let [ThreadItem::AssistantMessage(stored)] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!(stored.content[0].annotations.len(), 3);
}

#[tokio::test]
async fn each_part_counts_its_own() {
    let (events, _) = answer_to(model(vec![
        cited(url()),
        ModelEvent::Annotation { item: 0, part: 1, citation: url() },
        ModelEvent::Annotation { item: 0, part: 1, citation: url() },
    ]))
    .await;
    let counted: Vec<_> = events
        .iter()
        .filter(|event| event["update"].get("annotation").is_some())
        .map(|event| {
            let update = &event["update"];
            (
                update["content_index"].as_u64().unwrap(),
                update["annotation_index"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(counted, [(0, 0), (1, 0), (1, 1)]);
}

#[tokio::test]
async fn references_that_come_only_with_the_whole_item_are_shown() {
    let whole = OutputPart::Text { text: "text".to_owned(), citations: vec![url()] };
    let output = OutputKind::Message(vec![whole]).into();
    let (_, stored) =
        answer_to(model(vec![delta_of(0, "text"), ModelEvent::ItemDone { item: 0, output }])).await;
    let [ThreadItem::AssistantMessage(stored)] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!(stored.content[0].annotations.len(), 1);
}
