//! Pages of other origins.

use crate::common::{Response, Server};

const ORIGIN: &str = "https://host.example.org";

fn preflight(server: &Server, origin: &str) -> Response {
    server.connect().request(
        "OPTIONS",
        "/chatkit",
        &[
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            (
                "Access-Control-Request-Headers",
                "accept-language,authorization,chatkit-frame-instance-id,content-type",
            ),
        ],
        b"",
    )
}

#[test]
fn the_stock_client_may_ask_from_any_page() {
    let server = Server::playback();
    let answer = preflight(&server, ORIGIN);
    assert!(matches!(answer.status(), 200 | 204), "{}", answer.status());
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
    let headers = answer.header("access-control-allow-headers").unwrap();
    for header in ["accept-language", "authorization", "chatkit-frame-instance-id", "content-type"]
    {
        assert!(headers.contains(header), "{header} is missing: {headers}");
    }
    assert!(answer.header("access-control-max-age").is_some());
}

/// A page that may not read an error sees only that something failed.
#[test]
fn failures_can_be_read_too() {
    let server = Server::playback();
    let large = vec![b' '; 16 * 1024 * 1024 + 1];
    for (method, body, status) in [
        ("POST", &b"{}"[..], 400),
        ("POST", br#"{"type": "threads.create", "params": {}}"#, 200),
        ("POST", br#"{"type": "threads.get_by_id", "params": {"thread_id": "x"}}"#, 404),
        ("POST", &large, 413),
        ("GET", b"", 405),
    ] {
        let answer = server.connect().request(method, "/chatkit", &[("Origin", ORIGIN)], body);
        assert_eq!(answer.status(), status, "{}", answer.text());
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{status}");
    }
}

#[test]
fn with_a_list_others_may_not() {
    let server = Server::serve(&[
        "--database",
        "memory:",
        "--responder",
        "playback",
        "--allow-origin",
        ORIGIN,
    ]);
    let allowed = preflight(&server, ORIGIN);
    assert_eq!(allowed.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
    for other in ["https://evil.example.org", "null", "https://host.example.org.evil.example"] {
        let refused = preflight(&server, other);
        assert_eq!(refused.header("access-control-allow-origin"), None, "{other}");
    }
}
