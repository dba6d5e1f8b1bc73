//! What holds for the updates between any two widgets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use chatkit_protocol::{ThreadItemUpdate, WidgetRoot};
use chatkit_widgets::{apply_widget_update, diff_widget};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..3i64).prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
    ]
}

fn field() -> impl Strategy<Value = &'static str> {
    select(vec![
        "value",
        "streaming",
        "children",
        "key",
        "label",
        "data",
        "onClickAction",
        "payload",
        "confirm",
        "a/b",
        "~0",
        "",
    ])
}

/// Any JSON in which many objects look like components and ids repeat now and then.
fn json() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 48, 5, |inner| {
        let kind = select(vec!["Text", "Text", "Markdown", "Row", "Transition", ""]);
        let id = prop_oneof![2 => Just(None), 8 => (0..40u8).prop_map(Some)];
        let fields = vec((field(), inner.clone()), 0..3);
        let children = prop_oneof![vec(inner.clone(), 0..4).prop_map(Value::from), inner.clone()];
        prop_oneof![
            6 => (kind, id, "[a-c]{0,3}", children, fields).prop_map(
                |(kind, id, value, children, fields)| {
                    let mut object = Map::new();
                    object.insert("type".to_owned(), kind.into());
                    object.insert("children".to_owned(), children);
                    object.insert("value".to_owned(), value.into());
                    if let Some(id) = id {
                        object.insert("id".to_owned(), format!("id{id}").into());
                    }
                    object.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
                    Value::Object(object)
                }
            ),
            1 => vec((field(), inner.clone()), 0..3).prop_map(|fields| {
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
                Value::Object(fields.collect())
            }),
            1 => vec(inner, 0..4).prop_map(Value::from),
        ]
    })
}

fn widget() -> impl Strategy<Value = WidgetRoot> {
    let kind = select(vec!["Card", "Card", "Card", "ListView"]);
    (kind, vec(json(), 0..4), json(), prop::option::weighted(0.2, 0..40u8)).prop_map(
        |(kind, children, confirm, id)| {
            let id = id.map(|id| format!("id{id}"));
            let widget =
                json!({ "type": kind, "id": id, "children": children, "confirm": confirm });
            WidgetRoot::new(widget).unwrap()
        },
    )
}

#[derive(Debug, Clone)]
enum Edit {
    Append(String),
    Rewrite(Value),
    Remove,
    Insert(Value),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => "[a-c]{1,3}".prop_map(Edit::Append),
        1 => json().prop_map(Edit::Rewrite),
        1 => Just(Edit::Remove),
        1 => json().prop_map(Edit::Insert),
    ]
}

/// Makes an edit in one of the places of a tree, counted in document order.
fn make(edit: &Edit, place: &mut usize, value: &mut Value) {
    if *place == 0 {
        match (edit, value) {
            (Edit::Append(text), Value::Object(object)) => {
                if let Some(Value::String(value)) = object.get_mut("value") {
                    value.push_str(text);
                }
            }
            (Edit::Remove, Value::Array(values)) => drop(values.pop()),
            (Edit::Remove, Value::Object(object)) => {
                let last = object.keys().next_back().cloned();
                last.map(|name| object.remove(&name));
            }
            (Edit::Insert(new), Value::Array(values)) => values.insert(0, new.clone()),
            (Edit::Insert(new), Value::Object(object)) => {
                object.insert("label".to_owned(), new.clone());
            }
            (Edit::Rewrite(new), value) => *value = new.clone(),
            _ => {}
        }
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    match value {
        Value::Array(values) => {
            for value in values.iter_mut().filter(|value| value.is_object() || value.is_array()) {
                make(edit, place, value);
            }
        }
        Value::Object(object) => {
            for value in object.values_mut().filter(|value| value.is_object() || value.is_array()) {
                make(edit, place, value);
            }
        }
        _ => {}
    }
}

fn places(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(places).sum::<usize>(),
        Value::Object(object) => 1 + object.values().map(places).sum::<usize>(),
        _ => 0,
    }
}

/// A widget and the same widget with a few edits.
fn edited() -> impl Strategy<Value = (WidgetRoot, WidgetRoot)> {
    (widget(), vec((any::<prop::sample::Index>(), edit()), 1..4)).prop_map(|(before, edits)| {
        let mut after = before.clone().into_value();
        for (index, edit) in edits {
            let mut place = index.index(places(&after).max(1));
            make(&edit, &mut place, &mut after);
        }
        let after = WidgetRoot::new(after).unwrap_or_else(|_| before.clone());
        (before, after)
    })
}

/// Every object with a type and an id, wherever it stands.
fn ids<'a>(value: &'a Value, found: &mut HashMap<&'a str, Vec<&'a Value>>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| ids(value, found)),
        Value::Object(object) => {
            if let (Some(Value::String(_)), Some(Value::String(id))) =
                (object.get("type"), object.get("id"))
            {
                found.entry(id).or_default().push(value);
            }
            let data = |name: &str| ["data", "payload", "onClickAction"].contains(&name);
            object.iter().filter(|(name, _)| !data(name)).for_each(|(_, value)| ids(value, found));
        }
        _ => {}
    }
}

fn named(update: &ThreadItemUpdate) -> Option<&str> {
    match update {
        ThreadItemUpdate::WidgetStreamingTextValueDelta { component_id, .. }
        | ThreadItemUpdate::WidgetComponentUpdated { component_id, .. } => Some(component_id),
        _ => None,
    }
}

fn assert_leads_from(before: &WidgetRoot, after: &WidgetRoot) {
    let updates = diff_widget(before, after);
    assert_eq!(updates.is_empty(), before == after, "{updates:?}");

    let mut shown = before.clone();
    for update in &updates {
        assert!(apply_widget_update(&mut shown, update), "{update:?} on {shown:?}");
    }
    assert_eq!(&shown, after, "{updates:?}");

    let (before, after) = (before.clone().into_value(), after.clone().into_value());
    let (mut old, mut new) = (HashMap::new(), HashMap::new());
    ids(&before, &mut old);
    ids(&after, &mut new);
    for id in updates.iter().filter_map(named) {
        assert_eq!((old[id].len(), new[id].len()), (1, 1), "{id} is ambiguous");
        let mut below = HashMap::new();
        ids(new[id][0], &mut below);
        let inside = updates.iter().filter_map(named).filter(|other| below.contains_key(other));
        let replaced = !updates.iter().any(|update| {
            named(update) == Some(id)
                && matches!(update, ThreadItemUpdate::WidgetStreamingTextValueDelta { .. })
        });
        assert!(!replaced || inside.count() == 1, "an update inside of {id} is superfluous");
    }
}

/// Gives the texts of a tree ids of their own, and appends to some of them.
fn append(value: &mut Value, next: &mut usize, texts: &[String]) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| append(value, next, texts)),
        Value::Object(object) => {
            object.remove("id");
            let is_text = matches!(object.get("type"), Some(Value::String(kind)) if kind == "Text");
            if let (true, Some(Value::String(value))) = (is_text, object.get_mut("value")) {
                value.push_str(&texts[*next % texts.len()]);
                object.insert("id".to_owned(), format!("text{next}").into());
                *next += 1;
            }
            let open = |name: &str| !["data", "payload", "onClickAction"].contains(&name);
            object
                .iter_mut()
                .filter(|(name, _)| open(name))
                .for_each(|(_, value)| append(value, next, texts));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn updates_lead_from_any_widget_to_any_other(before in widget(), after in widget()) {
        assert_leads_from(&before, &after);
    }

    #[test]
    fn updates_lead_from_a_widget_to_an_edited_one((before, after) in edited()) {
        assert_leads_from(&before, &after);
    }

    #[test]
    fn a_widget_does_not_differ_from_itself(widget in widget()) {
        prop_assert_eq!(diff_widget(&widget, &widget.clone()), []);
    }

    #[test]
    fn text_that_only_grows_is_only_appended_to(
        widget in widget(),
        texts in vec("[a-cü]{0,4}", 1..6),
    ) {
        let [before, after] = [&[String::new()][..], &texts].map(|texts| {
            let mut widget = widget.clone().into_value();
            append(&mut widget, &mut 0, texts);
            WidgetRoot::new(widget).unwrap()
        });
        let updates = diff_widget(&before, &after);
        for update in &updates {
            let ThreadItemUpdate::WidgetStreamingTextValueDelta { delta, .. } = update else {
                panic!("{update:?}");
            };
            prop_assert!(!delta.is_empty());
        }
        assert_leads_from(&before, &after);
    }
}
