use serde_json::json;

use super::{Error, Warning, streams::*};

#[test]
fn widget_component_unknown() {
    let unknown = widget().set(5, "/update/component_id", json!("nobody"));
    unknown.finds(&[("widget-component-unknown", Error, Some(5))]);
    assert_eq!(unknown.found()[0].seen, "widget `wdg_1` has no component `nobody`");
    widget().set(5, "/update/component_id", json!("title")).finds(&[(
        "widget-component-unknown",
        Error,
        Some(5),
    )]);
    widget().set(8, "/update/component_id", json!("nobody")).finds(&[(
        "widget-component-unknown",
        Error,
        Some(8),
    )]);
}

#[test]
fn widget_text_differs() {
    let differs = widget().set(9, "/item/widget/children/1/value", json!("Once upon a"));
    differs.finds(&[("widget-text-differs", Error, Some(9))]);
    assert_eq!(
        differs.found()[0].seen,
        "component `text` of widget `wdg_1`: 16 characters were shown, 11 are in the end; from \
         character 11 on they are \" time\" and \"\""
    );
}

#[test]
fn image_progress_range() {
    image().set(4, "/update/progress", json!(50)).finds(&[(
        "image-progress-range",
        Warning,
        Some(4),
    )]);
}

#[test]
fn image_missing() {
    image().unset(5, "/item/image").finds(&[("image-missing", Warning, Some(5))]);
}
