use chatkit_protocol::{
    Annotation, AssistantMessageContent, EntitySource, FileSource, Icon, Source, UrlSource,
};
use serde_json::{Value, json};

use crate::{assert_read, assert_wire, object};

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Every kind of source with as little as it needs and with all it may have.
fn sources() -> Vec<(Source, Value)> {
    let url = UrlSource {
        title: "Rust".to_owned(),
        url: "https://rust-lang.org".to_owned(),
        ..UrlSource::default()
    };
    let file = FileSource {
        title: "Report".to_owned(),
        filename: "report.pdf".to_owned(),
        ..FileSource::default()
    };
    let entity = EntitySource {
        title: "Ada".to_owned(),
        id: "user_7".to_owned(),
        ..EntitySource::default()
    };
    vec![
        (
            url.clone().into(),
            json!({ "type": "url", "title": "Rust", "url": "https://rust-lang.org" }),
        ),
        (
            Source::Url(UrlSource {
                description: some("A language"),
                timestamp: some("yesterday"),
                group: some("Languages"),
                attribution: some("Rust Foundation"),
                ..url
            }),
            json!({
                "type": "url",
                "title": "Rust",
                "url": "https://rust-lang.org",
                "description": "A language",
                "timestamp": "yesterday",
                "group": "Languages",
                "attribution": "Rust Foundation",
            }),
        ),
        (
            file.clone().into(),
            json!({ "type": "file", "title": "Report", "filename": "report.pdf" }),
        ),
        (
            Source::File(FileSource {
                description: some("Of 2025"),
                timestamp: some("2026-01-01"),
                group: some("Reports"),
                ..file
            }),
            json!({
                "type": "file",
                "title": "Report",
                "filename": "report.pdf",
                "description": "Of 2025",
                "timestamp": "2026-01-01",
                "group": "Reports",
            }),
        ),
        (
            entity.clone().into(),
            json!({
                "type": "entity",
                "title": "Ada",
                "id": "user_7",
                "interactive": false,
                "data": {},
            }),
        ),
        (
            Source::Entity(EntitySource {
                description: some("A person"),
                timestamp: some("now"),
                group: some("People"),
                icon: Some(Icon::PROFILE),
                label: some("Person"),
                inline_label: some("A."),
                interactive: true,
                data: object(json!({ "mail": null })),
                preview: some("lazy"),
                ..entity
            }),
            json!({
                "type": "entity",
                "title": "Ada",
                "id": "user_7",
                "description": "A person",
                "timestamp": "now",
                "group": "People",
                "icon": "profile",
                "label": "Person",
                "inline_label": "A.",
                "interactive": true,
                "data": { "mail": null },
                "preview": "lazy",
            }),
        ),
    ]
}

#[test]
fn every_source() {
    for (source, json) in sources() {
        assert_wire(&source, &json);
    }
    assert_read(&json!({ "type": "entity", "title": "Ada", "id": "user_7" }), &sources()[4].0);
}

#[test]
fn annotations() {
    for (source, json) in sources() {
        assert_wire(
            &Annotation { source: source.clone(), index: None },
            &json!({ "type": "annotation", "source": json }),
        );
        assert_wire(
            &AssistantMessageContent {
                annotations: vec![Annotation { source, index: Some(12) }],
                text: "See there".to_owned(),
            },
            &json!({
                "type": "output_text",
                "text": "See there",
                "annotations": [{ "type": "annotation", "source": json, "index": 12 }],
            }),
        );
    }
}

#[test]
fn any_icon_passes() {
    for name in ["upload", "vendor:acme", "lucide:a-arrow-up", "new-in-2030", ""] {
        assert_wire(&Icon::new(name), &json!(name));
    }
    for icon in Icon::KNOWN {
        assert_wire(icon, &json!(icon.as_str()));
    }
}
