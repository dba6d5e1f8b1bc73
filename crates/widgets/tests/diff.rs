//! Which updates a change of a widget becomes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use chatkit_protocol::{ThreadItemUpdate, WidgetRoot};
use chatkit_widgets::{apply_widget_update, diff_widget};
use serde_json::{Value, json};

fn root(widget: Value) -> WidgetRoot {
    WidgetRoot::new(widget).unwrap()
}

fn card(children: Value) -> Value {
    let mut card = json!({ "type": "Card" });
    card["children"] = children;
    card
}

fn delta(component_id: &str, delta: &str, done: bool) -> Value {
    json!({
        "type": "widget.streaming_text.value_delta",
        "component_id": component_id,
        "delta": delta,
        "done": done,
    })
}

fn component(component: Value) -> Value {
    let mut update = json!({ "type": "widget.component.updated", "component_id": component["id"] });
    update["component"] = component;
    update
}

fn whole(widget: &Value) -> Value {
    json!({ "type": "widget.root.updated", "widget": widget })
}

/// Asserts the updates, and that a client which applies them arrives at the same widget.
#[track_caller]
fn assert_diff(before: &Value, after: &Value, expected: &[Value]) {
    let (mut shown, after) = (root(before.clone()), root(after.clone()));
    let updates = diff_widget(&shown, &after);
    assert_eq!(serde_json::to_value(&updates).unwrap(), json!(expected));
    assert!(updates.iter().all(|update| apply_widget_update(&mut shown, update)));
    assert_eq!(shown, after);
}

#[test]
fn nothing_changed() {
    let full = card(json!([
        { "type": "Text", "id": "a", "value": "A", "streaming": true },
        { "type": "Text", "id": "a", "value": "twice" },
        { "type": "Button", "onClickAction": { "type": "go", "payload": { "id": 1 } } },
    ]));
    for same in [card(json!([])), full] {
        assert_diff(&same, &same, &[]);
    }
}

#[test]
fn a_null_field_is_an_absent_field() {
    assert_diff(
        &card(json!([{ "type": "Text", "id": "a", "value": "A", "color": null }])),
        &json!({
            "type": "Card",
            "size": null,
            "children": [{ "type": "Text", "id": "a", "value": "A" }],
        }),
        &[],
    );
}

#[test]
fn appended_text_is_a_delta() {
    for kind in ["Text", "Markdown"] {
        let text = |value: &str, streaming: bool| {
            card(json!([{ "type": kind, "id": "a", "value": value, "streaming": streaming }]))
        };
        assert_diff(&text("", true), &text("Grüße ", true), &[delta("a", "Grüße ", false)]);
        assert_diff(&text("Grüße ", true), &text("Grüße 🦀", true), &[delta("a", "🦀", false)]);
        assert_diff(&text("a", false), &text("ab", false), &[delta("a", "b", true)]);
    }
    let text = |value: &str| card(json!([{ "type": "Text", "id": "a", "value": value }]));
    assert_diff(&text("a"), &text("ab"), &[delta("a", "b", true)]);
}

#[test]
fn only_texts_stream() {
    for kind in ["Title", "Caption", "Label", "text"] {
        let text = |value: &str| json!({ "type": kind, "id": "a", "value": value });
        assert_diff(
            &card(json!([text("a")])),
            &card(json!([text("ab")])),
            &[component(text("ab"))],
        );
    }
}

#[test]
fn a_text_that_stops_streaming_is_replaced() {
    let after = json!({ "type": "Text", "id": "a", "value": "ab", "streaming": false });
    assert_diff(
        &card(json!([{ "type": "Text", "id": "a", "value": "a", "streaming": true }])),
        &card(json!([after])),
        &[component(after)],
    );
    let after = json!({ "type": "Text", "id": "a", "value": "ab" });
    assert_diff(
        &card(json!([{ "type": "Text", "id": "a", "value": "a", "streaming": true }])),
        &card(json!([after])),
        &[component(after)],
    );
}

#[test]
fn a_text_that_is_rewritten_is_replaced() {
    for (before, after) in [("Hello", "World"), ("Hello", "Hell"), ("Hello", "")] {
        let after = json!({ "type": "Text", "id": "a", "value": after });
        assert_diff(
            &card(json!([{ "type": "Text", "id": "a", "value": before }])),
            &card(json!([after])),
            &[component(after)],
        );
    }
}

#[test]
fn a_change_without_an_id_is_the_enclosing_components() {
    let text = |value: &str| card(json!([{ "type": "Text", "value": value }]));
    assert_diff(&text("Hello"), &text("world!"), &[whole(&text("world!"))]);
    assert_diff(&text("Hello"), &text("Hello, world!"), &[whole(&text("Hello, world!"))]);

    let row = |value: &str| json!({ "type": "Row", "id": "row", "children": [{ "type": "Text", "value": value }] });
    assert_diff(&card(json!([row("a")])), &card(json!([row("ab")])), &[component(row("ab"))]);

    let empty = |value: &str| card(json!([{ "type": "Text", "id": "", "value": value }]));
    assert_diff(&empty("a"), &empty("ab"), &[whole(&empty("ab"))]);
}

#[test]
fn texts_are_found_anywhere() {
    let nested = |value: &str| {
        let text = json!({ "type": "Text", "id": "deep", "value": value });
        json!({
            "type": "Basic",
            "header": { "left": [[{ "type": "Transition", "children": text }]] },
        })
    };
    assert_diff(&nested("a"), &nested("ab"), &[delta("deep", "b", true)]);
}

#[test]
fn the_smallest_component_with_an_id_carries_a_change() {
    let list = |first: &str, second: &str| {
        json!({
            "type": "ListView",
            "id": "list",
            "children": [
                {
                    "type": "ListViewItem",
                    "id": "one",
                    "children": [{ "type": "Badge", "label": first }],
                },
                {
                    "type": "ListViewItem",
                    "id": "two",
                    "children": [{ "type": "Badge", "id": "badge", "label": second }],
                },
            ],
        })
    };
    let (before, after) = (list("a", "b"), list("A", "B"));
    assert_diff(
        &before,
        &after,
        &[
            component(after["children"][0].clone()),
            component(after["children"][1]["children"][0].clone()),
        ],
    );
}

#[test]
fn an_outer_change_swallows_the_inner_ones() {
    let row = |gap: u32, text: &str, label: &str| {
        json!({
            "type": "Row",
            "id": "row",
            "children": [
                { "type": "Text", "id": "text", "value": text },
                { "type": "Badge", "id": "badge", "label": label },
            ],
            "gap": gap,
        })
    };
    let other = |label: &str| json!({ "type": "Badge", "id": "other", "label": label });
    let before = card(json!([row(1, "a", "x"), other("o")]));

    assert_diff(
        &before,
        &card(json!([row(2, "ab", "y"), other("p")])),
        &[component(row(2, "ab", "y")), component(other("p"))],
    );
    assert_diff(
        &before,
        &card(json!([row(1, "ab", "y"), other("o")])),
        &[
            delta("text", "b", true),
            component(json!({ "type": "Badge", "id": "badge", "label": "y" })),
        ],
    );
    let mut after = card(json!([row(2, "ab", "y"), other("p")]));
    after["size"] = json!("lg");
    assert_diff(&before, &after, &[whole(&after)]);
}

#[test]
fn what_the_root_owns_is_the_roots() {
    let widget = |field: &str, value: Value| {
        let mut widget = json!({
            "type": "Card",
            "id": "card",
            "children": [{ "type": "Text", "id": "a", "value": "A" }],
        });
        widget[field] = value;
        widget
    };
    let before = widget("key", json!("k"));
    for after in [
        widget("key", json!("l")),
        widget("id", json!("other")),
        widget("type", json!("Basic")),
        widget("status", json!({ "text": "Sent" })),
        widget("children", json!([])),
    ] {
        assert_diff(&before, &after, &[whole(&after)]);
    }
}

#[test]
fn a_new_type_or_key_replaces_the_component() {
    let text = |field: &str, value: &str| {
        let mut text = json!({ "type": "Text", "id": "a", "key": "k", "value": "v" });
        text["value"] = json!("v, appended");
        text[field] = json!(value);
        text
    };
    let before = card(json!([{ "type": "Text", "id": "a", "key": "k", "value": "v" }]));
    for after in [text("type", "Markdown"), text("key", "l")] {
        assert_diff(&before, &card(json!([after])), &[component(after)]);
    }
    let renamed = card(json!([text("id", "b")]));
    assert_diff(&before, &renamed, &[whole(&renamed)]);
}

#[test]
fn a_field_that_comes_or_goes_is_a_change() {
    let without = json!({ "type": "Text", "id": "a", "value": "A" });
    let with = json!({ "type": "Text", "id": "a", "value": "A", "streaming": false });
    let (before, after) = (card(json!([without])), card(json!([with])));
    assert_diff(&before, &after, &[component(with)]);
    assert_diff(&after, &before, &[component(without)]);

    let other = json!({ "type": "Text", "id": "a", "value": "A", "italic": false });
    assert_diff(&after, &card(json!([other])), &[component(other)]);
}

#[test]
fn an_id_that_stands_twice_addresses_nothing() {
    let row = |id: &str, value: &str| {
        json!({
            "type": "Row",
            "id": id,
            "children": [{ "type": "Text", "id": "same", "value": value }],
        })
    };
    let before = card(json!([row("one", "a"), row("two", "b")]));
    let after = card(json!([row("one", "a"), row("two", "bc")]));
    assert_diff(&before, &after, &[component(row("two", "bc"))]);

    let before = card(json!([row("same", "a")]));
    let after = card(json!([row("same", "ab")]));
    assert_diff(&before, &after, &[whole(&after)]);
}

#[test]
fn an_id_that_stands_twice_on_one_side_only_addresses_nothing() {
    let text = |value: &str| json!({ "type": "Text", "id": "same", "value": value });
    let other =
        |id: &str| json!({ "type": "Row", "id": "row", "children": [{ "type": "Col", "id": id }] });
    let single = |value: &str| card(json!([other("other"), text(value)]));
    let double = |value: &str| card(json!([other("same"), text(value)]));
    for (before, after) in [(single("a"), double("ab")), (double("a"), single("ab"))] {
        assert_diff(&before, &after, &[whole(&after)]);
    }
}

#[test]
fn a_component_that_moved_is_not_addressed_where_it_was() {
    let text = |id: &str, value: &str| json!({ "type": "Text", "id": id, "value": value });
    let row = |children: Value| json!({ "type": "Row", "id": "row", "children": children });
    let before = card(json!([row(json!([text("a", "1"), text("b", "1")]))]));
    let after = row(json!([text("b", "12"), text("a", "12")]));
    assert_diff(&before, &card(json!([after])), &[component(after)]);
}

#[test]
fn the_data_of_actions_and_charts_is_no_component() {
    let entry = |value: &str| json!({ "type": "Text", "id": "entry", "value": value });
    let button = |value: &str| {
        json!({
            "type": "Button",
            "id": "button",
            "onClickAction": { "type": "send", "id": "send", "payload": entry(value) },
        })
    };
    assert_diff(
        &card(json!([button("a")])),
        &card(json!([button("ab")])),
        &[component(button("ab"))],
    );
    let chart = |value: &str| json!({ "type": "Chart", "id": "chart", "data": [entry(value)] });
    assert_diff(&card(json!([chart("a")])), &card(json!([chart("ab")])), &[component(chart("ab"))]);
    let confirm = |value: &str| {
        json!({
            "type": "Card",
            "children": [entry("shown")],
            "confirm": { "label": "OK", "action": { "type": "ok", "payload": [entry(value)] } },
        })
    };
    let after = confirm("ab");
    assert_diff(&confirm("a"), &after, &[whole(&after)]);
}

#[test]
fn values_of_another_kind_are_changes() {
    let text = |value: Value| json!({ "type": "Text", "id": "a", "value": value });
    for (before, after) in [
        (json!("1"), json!(1)),
        (json!(1), json!(1.0)),
        (json!([]), json!({})),
        (json!([1]), json!([1, 2])),
        (json!({ "type": "Text" }), json!({ "type": 5 })),
        (json!("a"), json!(["a"])),
    ] {
        assert_diff(
            &card(json!([text(before)])),
            &card(json!([text(after.clone())])),
            &[component(text(after))],
        );
    }
}

#[test]
fn field_names_may_hold_anything() {
    let widget = |value: &str| {
        json!({
            "type": "Card",
            "~1/": { "": [{ "a/b~c": { "type": "Text", "id": "a", "value": value } }] },
        })
    };
    assert_diff(&widget("a"), &widget("ab"), &[delta("a", "b", true)]);
    let widget = |kind: &str| json!({ "type": "Card", "~1/": { "type": kind, "id": "a" } });
    assert_diff(&widget("Row"), &widget("Col"), &[component(json!({ "type": "Col", "id": "a" }))]);
}

#[test]
fn the_deepest_widget_is_compared() {
    let deepest = |value: &str| {
        let mut widget = json!({ "type": "Text", "id": "a", "value": value });
        for _ in 2..WidgetRoot::MAX_DEPTH {
            widget = json!({ "type": "Transition", "children": widget });
        }
        json!({ "type": "Card", "children": widget })
    };
    assert_diff(&deepest("a"), &deepest("ab"), &[delta("a", "b", true)]);
    assert_diff(
        &deepest("a"),
        &deepest("b"),
        &[component(json!({ "type": "Text", "id": "a", "value": "b" }))],
    );
}

#[test]
fn updates_that_cannot_be_applied_change_nothing() {
    let widget = root(json!({
        "type": "Card",
        "id": "card",
        "children": [
            { "type": "Badge", "id": "badge", "value": "text" },
            { "type": "Text", "id": "number", "value": 5 },
            { "type": "Button", "onClickAction": { "type": "Text", "id": "data", "value": "" } },
        ],
    }));
    for update in [
        delta("absent", "x", false),
        delta("badge", "x", false),
        delta("number", "x", false),
        delta("data", "x", false),
        delta("", "x", false),
        component(json!({ "type": "Text", "id": "absent" })),
        component(json!({ "type": "Text", "id": "card" })),
        json!({
            "type": "assistant_message.content_part.text_delta",
            "content_index": 0,
            "delta": "x",
        }),
    ] {
        let update: ThreadItemUpdate = serde_json::from_value(update).unwrap();
        let mut changed = widget.clone();
        assert!(!apply_widget_update(&mut changed, &update), "{update:?}");
        assert_eq!(changed, widget);
    }
}

#[test]
fn a_text_that_is_done_no_longer_streams() {
    let mut widget = root(card(json!([
        { "type": "Text", "id": "a", "value": "Hel", "streaming": true, "italic": true },
        { "type": "Markdown", "id": "b", "value": "" },
    ])));
    for update in [delta("a", "l", false), delta("a", "o", true), delta("b", "x", true)] {
        let update = serde_json::from_value(update).unwrap();
        assert!(apply_widget_update(&mut widget, &update));
    }
    let expected = card(json!([
        { "type": "Text", "id": "a", "value": "Hello", "streaming": false, "italic": true },
        { "type": "Markdown", "id": "b", "value": "x" },
    ]));
    assert_eq!(widget.into_value(), expected);
}

#[test]
fn the_root_is_replaced_by_its_id() {
    let mut widget = root(json!({ "type": "Card", "id": "card", "children": [] }));
    let next = json!({ "type": "Basic", "id": "card", "children": [] });
    let update = serde_json::from_value(component(next.clone())).unwrap();
    assert!(apply_widget_update(&mut widget, &update));
    assert_eq!(widget.into_value(), next);
}
