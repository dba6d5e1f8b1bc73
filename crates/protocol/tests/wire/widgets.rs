use chatkit_protocol::{InvalidWidget, WidgetComponent, WidgetRoot};
use serde_json::{Value, json};

use crate::assert_read;

fn nested(levels: usize) -> Value {
    let mut value = json!({ "type": "Text" });
    for _ in 1..levels {
        value = Value::from(vec![value]);
    }
    value
}

/// A card with so many levels. `json!` would recurse to copy what is nested.
fn card(levels: usize) -> Value {
    let mut card = json!({ "type": "Card" });
    card["children"] = nested(levels - 1);
    card
}

#[test]
fn roots() {
    for kind in WidgetRoot::TYPES {
        let json = json!({ "type": kind, "children": [{ "type": "New2030", "x": [1, {}] }] });
        let root = WidgetRoot::new(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&root).unwrap(), json);
        assert_read(&json, &root);
    }
    for (wrong, told) in [
        (json!([]), "expected a widget as a JSON object"),
        (json!({}), "type: expected a widget root `Card`, `ListView` or `Basic`, found nothing"),
        (
            json!({ "type": "Text" }),
            r#"type: expected a widget root `Card`, `ListView` or `Basic`, found "Text""#,
        ),
        (
            json!({ "type": null }),
            "type: expected a widget root `Card`, `ListView` or `Basic`, found null",
        ),
    ] {
        assert_eq!(WidgetRoot::new(wrong.clone()).unwrap_err().to_string(), told);
        let error = serde_json::from_value::<WidgetRoot>(wrong).unwrap_err();
        assert_eq!(error.to_string(), told);
    }
}

#[test]
fn components() {
    let json = json!({ "type": "New2030", "id": "a" });
    let component = WidgetComponent::new(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&component).unwrap(), json);
    assert_read(&json, &component);
    let error = WidgetComponent::new(json!({ "type": 5 })).unwrap_err();
    assert_eq!(error.to_string(), "type: expected the name of a widget component, found 5");
}

#[test]
fn null_fields_are_dropped_everywhere() {
    let with_nulls = json!({
        "type": "Card",
        "size": null,
        "children": [
            null,
            { "type": "Transition", "children": null },
            { "type": "Button", "onClickAction": { "type": "go", "payload": { "a": [null, 1] } } },
        ],
    });
    let without = json!({
        "type": "Card",
        "children": [
            { "type": "Transition" },
            { "type": "Button", "onClickAction": { "type": "go", "payload": { "a": [1] } } },
        ],
    });
    assert_eq!(WidgetRoot::new(with_nulls.clone()).unwrap().into_value(), without);
    assert_eq!(WidgetComponent::new(with_nulls).unwrap().into_value(), without);
}

#[test]
fn the_deepest_widget_can_be_sent_and_read() {
    let deepest = WidgetRoot::new(card(WidgetRoot::MAX_DEPTH)).unwrap();
    // As deep as a widget ever stands in what is sent.
    let page = json!({ "thread": { "items": { "data": [{ "widget": deepest }] } } });
    let read: Value = serde_json::from_str(&page.to_string()).unwrap();
    assert_eq!(read, page);

    let too_deep = card(WidgetRoot::MAX_DEPTH + 1);
    assert_eq!(WidgetRoot::new(too_deep.clone()), Err(InvalidWidget::TooDeep));
    assert_eq!(WidgetComponent::new(too_deep), Err(InvalidWidget::TooDeep));
    assert_eq!(
        InvalidWidget::TooDeep.to_string(),
        "expected a widget of at most 100 nested levels",
    );
}

#[test]
fn depth_without_end_does_not_overflow_the_stack() {
    assert_eq!(WidgetRoot::new(card(200_000)), Err(InvalidWidget::TooDeep));
    assert_eq!(WidgetComponent::new(nested(200_000)), Err(InvalidWidget::TooDeep));
}

#[test]
fn text_is_changed_in_place() {
    let mut widget = WidgetRoot::new(json!({
        "type": "Card",
        "size": "sm",
        "a/b~": [{ "value": "Hel" }],
    }))
    .unwrap();
    widget.text_mut("/a~1b~0/0/value").unwrap().push_str("lo");
    widget.text_mut("/size").unwrap().push('!');
    for nowhere in ["", "/", "/type", "type", "/a~1b~0", "/a~1b~0/1/value", "/size/0", "/none"] {
        assert_eq!(widget.text_mut(nowhere), None, "{nowhere}");
    }
    assert_eq!(
        widget.into_value(),
        json!({ "type": "Card", "size": "sm!", "a/b~": [{ "value": "Hello" }] }),
    );
}

#[test]
fn components_are_replaced_in_place() {
    let new = |json| WidgetComponent::new(json).unwrap();
    let mut widget = WidgetRoot::new(json!({
        "type": "Card",
        "children": [{ "type": "Text" }],
        "data": {},
    }))
    .unwrap();
    widget.replace_component("/children/0", new(json!({ "type": "Badge" }))).unwrap();
    let expected = json!({ "type": "Card", "children": [{ "type": "Badge" }], "data": {} });
    assert_eq!(widget.clone().into_value(), expected);

    for nowhere in ["/children", "/children/1", "/children/-", "/type", "/data", "x", "/"] {
        assert_eq!(
            widget.replace_component(nowhere, new(json!({ "type": "Text" }))),
            Err(InvalidWidget::NoSuchComponent { pointer: nowhere.to_owned() }),
        );
    }
    assert!(matches!(
        widget.replace_component("", new(json!({ "type": "Text" }))),
        Err(InvalidWidget::NotARoot { .. }),
    ));
    let deepest = |levels| new(json!({ "type": "Row", "children": nested(levels - 1) }));
    let fits = WidgetRoot::MAX_DEPTH - 2;
    assert_eq!(
        widget.replace_component("/children/0", deepest(fits + 1)),
        Err(InvalidWidget::TooDeep),
    );
    assert_eq!(widget.clone().into_value(), expected, "a refused change changes nothing");

    widget.replace_component("/children/0", deepest(fits)).unwrap();
    assert_eq!(WidgetRoot::new(widget.clone().into_value()), Ok(widget.clone()));

    widget.replace_component("", new(json!({ "type": "Basic" }))).unwrap();
    assert_eq!(widget.into_value(), json!({ "type": "Basic" }));
}
