//! `attachments.create`, `attachments.delete`, and the two-phase upload between.

use serde_json::{Value, json};

use crate::common::{Response, Server, add_message, create, kinds, op, script, string};

fn register(server: &Server, name: &str, mime_type: &str, size: usize) -> Value {
    server.json("attachments.create", json!({"name": name, "size": size, "mime_type": mime_type}))
}

/// The path of an upload address, which must be one of this server.
fn path<'a>(server: &Server, attachment: &'a Value) -> &'a str {
    let url = string(&attachment["upload_descriptor"], "url");
    let base = format!("http://{}", server.address());
    url.strip_prefix(&base).unwrap_or_else(|| panic!("{url} is not below {base}"))
}

/// Sends the bytes as the descriptor says.
fn upload(server: &Server, attachment: &Value, bytes: &[u8]) -> Response {
    let descriptor = &attachment["upload_descriptor"];
    let headers = descriptor["headers"].as_object().unwrap();
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    server.connect().request(
        string(descriptor, "method"),
        path(server, attachment),
        &headers,
        bytes,
    )
}

fn with_attachment(mut request: Value, ids: &[&str]) -> Value {
    request["params"]["input"]["attachments"] = json!(ids);
    request
}

fn message(text: &str) -> String {
    json!({"type": "error", "code": "custom", "message": text, "allow_retry": false}).to_string()
}

#[test]
fn a_file_goes_up_and_comes_down() {
    let folder = tempfile::tempdir().unwrap();
    for server in [Server::playback(), Server::sqlite(&folder.path().join("chat.db"))] {
        let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let file = register(&server, "a.bin", "application/x-thing", bytes.len());
        let id = string(&file, "id");
        assert!(id.starts_with("atc_") && id.len() >= 30, "{id}");
        assert_eq!(
            file,
            json!({"type": "file", "id": id, "name": "a.bin", "mime_type": "application/x-thing",
                   "upload_descriptor": file["upload_descriptor"]}),
        );
        assert_eq!(file["upload_descriptor"]["method"], "PUT");
        assert_eq!(server.get(path(&server, &file)).status(), 404, "nothing was uploaded yet");

        let uploaded = upload(&server, &file, &bytes);
        assert!(matches!(uploaded.status(), 200..=204), "{}", uploaded.text());
        let down = server.get(path(&server, &file));
        assert_eq!(down.status(), 200);
        assert!(down.body == bytes, "other bytes came down");
        assert_eq!(down.header("x-content-type-options"), Some("nosniff"));
    }
}

#[test]
fn an_image_has_a_preview() {
    let server = Server::playback();
    let image = register(&server, "a.png", "image/png", 4);
    assert_eq!(image["type"], "image");
    assert_eq!(image["preview_url"], image["upload_descriptor"]["url"]);
    upload(&server, &image, b"\x89PNG");
    let down = server.get(path(&server, &image));
    assert_eq!(down.header("content-type"), Some("image/png"));
}

/// What users upload is on the same origin as the page: it must not run there.
#[test]
fn nothing_uploaded_runs_in_the_browser() {
    let server = Server::playback();
    for mime_type in
        ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "", "a\r\nb: c"]
    {
        let file = register(&server, "a\"\r\n.html", mime_type, 8);
        upload(&server, &file, b"<script>");
        let down = server.get(path(&server, &file));
        assert_eq!(down.status(), 200, "{mime_type}");
        assert_eq!(down.header("content-type"), Some("application/octet-stream"), "{mime_type}");
        assert_eq!(down.header("b"), None);
        let disposition = down.header("content-disposition").unwrap();
        assert!(disposition.starts_with("attachment"), "{mime_type}: {disposition}");
        let policy = down.header("content-security-policy").unwrap();
        assert!(policy.contains("sandbox"), "{policy}");
    }
}

#[test]
fn a_message_carries_its_attachments() {
    let server = Server::playback();
    let file = register(&server, "a.txt", "text/plain", 2);
    upload(&server, &file, b"hi");
    let id = string(&file, "id");
    let events = server.events(&with_attachment(create(r#"{"steps": []}"#), &[id]));
    let thread = string(&events[0]["thread"], "id");
    let attached = json!([{"type": "file", "id": id, "name": "a.txt", "mime_type": "text/plain",
        "thread_id": thread}]);
    assert_eq!(events[1]["item"]["attachments"], attached);
    assert_eq!(server.items(thread)[0]["attachments"], attached);
    // The same thread may use it again.
    let again = server.events(&with_attachment(add_message(thread, r#"{"steps": []}"#), &[id]));
    assert_eq!(again[0]["item"]["attachments"], attached);
}

#[test]
fn another_thread_may_not_use_it() {
    let server = Server::playback();
    let file = register(&server, "a.txt", "text/plain", 2);
    let id = string(&file, "id");
    let owner = server.events(&with_attachment(create(r#"{"steps": []}"#), &[id]));
    let owner = string(&owner[0]["thread"], "id").to_owned();
    let other = server.thread(r#"{"steps": []}"#);
    let refused = message(&format!("attachment `{id}` belongs to another thread"));
    for request in [create("x"), add_message(&other, "x")] {
        let events = server.events(&with_attachment(request, &[id]));
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0], serde_json::from_str::<Value>(&refused).unwrap());
    }
    assert_eq!(server.items(&other).len(), 1);
    let threads = server.json("threads.list", json!({}));
    assert_eq!(threads["data"].as_array().unwrap().len(), 2, "an orphan: {threads}");
    assert_eq!(server.items(&owner).len(), 1);
}

#[test]
fn a_bad_attachment_leaves_no_orphan() {
    let server = Server::playback();
    let good = register(&server, "a.txt", "text/plain", 2);
    let good = string(&good, "id");
    for ids in [&["atc_unknown"][..], &[good, "atc_unknown"], &["atc_unknown", good]] {
        let events = server.events(&with_attachment(create(r#"{"steps": []}"#), ids));
        assert_eq!(kinds(&events), ["error"], "{events:?}");
        assert_eq!(events[0]["message"], "attachment `atc_unknown` not found");
    }
    assert_eq!(server.json("threads.list", json!({}))["data"], json!([]));
    // The good one was not taken by the thread that never came to be.
    let events = server.events(&with_attachment(create(r#"{"steps": []}"#), &[good]));
    assert_eq!(events[0]["type"], "thread.created", "{events:?}");
}

#[test]
fn an_upload_happens_once() {
    let server = Server::playback();
    let file = register(&server, "a.txt", "text/plain", 2);
    assert!(matches!(upload(&server, &file, b"1").status(), 200..=204));
    let again = upload(&server, &file, b"2");
    assert_eq!(again.status(), 409);
    assert!(again.message().contains("uploaded"), "{}", again.message());
    assert_eq!(server.get(path(&server, &file)).body, b"1");
}

#[test]
fn a_deleted_attachment_is_gone() {
    let server = Server::playback();
    let file = register(&server, "a.txt", "text/plain", 2);
    upload(&server, &file, b"hi");
    let id = string(&file, "id");
    let delete = op("attachments.delete", json!({"attachment_id": id}));
    assert_eq!(server.post(&delete).json(), json!({}));
    assert_eq!(server.get(path(&server, &file)).status(), 404);
    assert_eq!(upload(&server, &file, b"hi").status(), 404);
    let again = server.post(&delete);
    assert_eq!((again.status(), again.message()), (404, format!("attachment `{id}` not found")));
    let events = server.events(&with_attachment(create("x"), &[id]));
    assert_eq!(events[0]["message"], json!(format!("attachment `{id}` not found")));
}

#[test]
fn attachments_go_with_their_thread() {
    let folder = tempfile::tempdir().unwrap();
    for server in [Server::playback(), Server::sqlite(&folder.path().join("chat.db"))] {
        let file = register(&server, "a.txt", "text/plain", 2);
        upload(&server, &file, b"hi");
        let events = server.events(&with_attachment(create("x"), &[string(&file, "id")]));
        server.json("threads.delete", json!({"thread_id": events[0]["thread"]["id"]}));
        assert_eq!(server.get(path(&server, &file)).status(), 404);
    }
    // Not only the record: what the user deleted must not stay on the disk.
    let files: Vec<_> = std::fs::read_dir(folder.path().join("chat.attachments"))
        .map(|files| files.map(|file| file.unwrap().path()).collect())
        .unwrap_or_default();
    assert_eq!(files, [] as [std::path::PathBuf; 0], "bytes of a deleted thread");
}

#[test]
fn an_image_with_the_address_of_somebody_elses_file_takes_nothing_with_it() {
    let server = Server::playback();
    let taken = register(&server, "a.txt", "text/plain", 2);
    upload(&server, &taken, b"hi");
    server.events(&with_attachment(create("x"), &[string(&taken, "id")]));
    let free = register(&server, "b.txt", "text/plain", 2);
    upload(&server, &free, b"hi");
    let image = |number: usize, url: &str| {
        let item = json!({"type": "generated_image", "id": format!("img_{number}"),
            "thread_id": "$THREAD", "created_at": "2026-01-01T00:00:00Z",
            "image": {"id": "i", "url": url}});
        json!({"event": {"type": "thread.item.done", "item": item}})
    };
    let urls = [&taken, &free].map(|file| string(&file["upload_descriptor"], "url"));
    let shown = script(json!([image(1, urls[0]), image(2, urls[1]), image(3, "data:,atc_1")]));
    let events = server.events(&create(&shown));
    let thread = events[0]["thread"]["id"].clone();
    assert_eq!(kinds(&events).iter().filter(|kind| **kind == "thread.item.done").count(), 4);
    server.json("threads.delete", json!({"thread_id": thread}));
    for file in [&taken, &free] {
        assert_eq!(server.get(path(&server, file)).status(), 200);
    }
}

#[test]
fn what_is_too_large_is_413() {
    let server = Server::playback();
    let params = json!({"name": "a", "size": u64::MAX, "mime_type": "text/plain"});
    let answer = server.post(&op("attachments.create", params));
    assert_eq!(answer.status(), 413);
    assert!(answer.message().starts_with("params.size: "), "{}", answer.message());
}

#[test]
fn an_upload_that_is_too_large_is_413() {
    let server = Server::playback();
    let file = register(&server, "a.bin", "text/plain", 1);
    let answer = upload(&server, &file, &vec![0; 33 * 1024 * 1024]);
    assert_eq!(answer.status(), 413);
    assert_eq!(server.get(path(&server, &file)).status(), 404);
    assert!(!answer.message().is_empty());
}

#[test]
fn wrong_parameters_are_named() {
    let server = Server::playback();
    for (params, problem) in [
        (json!({"size": 1, "mime_type": "a/b"}), "params.name: missing field"),
        (json!({"name": "a", "mime_type": "a/b"}), "params.size: missing field"),
        (json!({"name": "a", "size": -1, "mime_type": "a/b"}), "params.size: "),
        (json!({"name": "a", "size": 1.5, "mime_type": "a/b"}), "params.size: "),
        (json!({"name": "a", "size": 1}), "params.mime_type: missing field"),
    ] {
        let answer = server.post(&op("attachments.create", params));
        assert_eq!(answer.status(), 422, "{problem}");
        assert!(answer.message().starts_with(problem), "{}", answer.message());
    }
}

#[test]
fn an_upload_to_nowhere_is_404() {
    let server = Server::playback();
    for path in ["/attachments/atc_unknown", "/attachments/..%2f..%2fchat.db", "/attachments/%00"] {
        let put = server.connect().request("PUT", path, &[], b"x");
        assert_eq!(put.status(), 404, "{path}: {}", put.text());
        assert_eq!(server.get(path).status(), 404, "{path}");
    }
}

/// The page that embeds the client uploads from its own origin, as it asks for ops.
#[test]
fn a_page_of_another_origin_may_upload() {
    let server = Server::playback();
    let file = register(&server, "a.txt", "text/plain", 2);
    let origin = ("Origin", "https://host.example.org");
    let preflight = server.connect().request(
        "OPTIONS",
        path(&server, &file),
        &[
            origin,
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "content-type"),
        ],
        b"",
    );
    assert!(matches!(preflight.status(), 200..=204), "{}", preflight.status());
    assert!(preflight.header("access-control-allow-origin").is_some(), "{:?}", preflight.head);
    let methods = preflight.header("access-control-allow-methods").unwrap_or_default();
    assert!(methods.contains("PUT"), "{methods}");
    let put = server.connect().request("PUT", path(&server, &file), &[origin], b"hi");
    assert!(put.header("access-control-allow-origin").is_some(), "{:?}", put.head);
}
