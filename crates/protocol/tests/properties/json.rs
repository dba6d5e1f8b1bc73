//! Any JSON.

use chatkit_protocol::{JsonObject, WidgetComponent, WidgetRoot};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

/// Text with everything that JSON has to escape.
pub(crate) fn text() -> BoxedStrategy<String> {
    prop_oneof![3 => "[a-z]{0,8}", 1 => "(?s).{0,8}"].boxed()
}

pub(crate) fn any() -> BoxedStrategy<Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        proptest::prelude::any::<bool>().prop_map(Value::from),
        proptest::prelude::any::<i64>().prop_map(Value::from),
        proptest::prelude::any::<u64>().prop_map(Value::from),
        finite().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    scalar
        .prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                vec((text(), inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
        .boxed()
}

/// Any number that JSON can write.
pub(crate) fn finite() -> BoxedStrategy<f64> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};

    (NEGATIVE | POSITIVE | NORMAL | SUBNORMAL | ZERO).boxed()
}

pub(crate) fn object() -> BoxedStrategy<JsonObject> {
    vec((text(), any()), 0..3).prop_map(|fields| fields.into_iter().collect()).boxed()
}

pub(crate) fn not_null() -> BoxedStrategy<Value> {
    any().prop_filter("null stands for absent", |value| !value.is_null()).boxed()
}

pub(crate) fn widget() -> BoxedStrategy<WidgetRoot> {
    (proptest::sample::select(WidgetRoot::TYPES.to_vec()), object())
        .prop_map(|(kind, mut object)| {
            object.insert("type".to_owned(), json!(kind));
            WidgetRoot::new(Value::Object(object)).unwrap()
        })
        .boxed()
}

pub(crate) fn component() -> BoxedStrategy<WidgetComponent> {
    (text(), object())
        .prop_map(|(kind, mut object)| {
            object.insert("type".to_owned(), json!(kind));
            WidgetComponent::new(Value::Object(object)).unwrap()
        })
        .boxed()
}
