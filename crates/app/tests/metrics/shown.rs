//! To whom the figures are shown.

use std::net::SocketAddr;

use crate::{
    OPENMETRICS,
    common::{Connection, Server, create, until},
    read, scrape,
};

#[test]
fn on_a_loopback_address_they_are_shown() {
    let server = Server::playback();
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(scrape(&server).value("chatkit_build_info", &version), Some(1.0));
    let plain = server.get("/metrics");
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(plain.text().contains("\n# TYPE chatkit_runs_total counter\n"), "{}", plain.text());
}

#[test]
fn not_through_a_proxy_and_to_no_page() {
    let server = Server::playback();
    for header in ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"] {
        let answer = server.connect().request("GET", "/metrics", &[(header, "x")], b"");
        assert_eq!(answer.status(), 404, "{header}");
        assert!(answer.text().contains("--metrics-listen"), "{}", answer.text());
    }
    let origin = [("Origin", "https://a.example")];
    let answer = server.connect().request("GET", "/metrics", &origin, b"");
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[test]
fn where_the_public_is_they_are_not() {
    let listen = |more: &[&str]| {
        let mut command = Server::command();
        command.args(["serve", "--listen", "0.0.0.0:0", "--database", "memory:"]).args(more);
        Server::spawn(command)
    };
    assert_eq!(listen(&[]).get("/metrics").status(), 404);
    let asked = listen(&["--metrics"]);
    let proxied = [OPENMETRICS, ("X-Forwarded-For", "192.0.2.1")];
    read(&asked.connect().request("GET", "/metrics", &proxied, b""));
    let mut command = Server::command();
    command.env("CHATKIT_METRICS", "false");
    command.args(["serve", "--listen", "0.0.0.0:0", "--database", "memory:"]);
    assert_eq!(Server::spawn(command).get("/metrics").status(), 404);
}

#[test]
fn on_an_address_of_their_own() {
    let server = Server::playback_with(&["--metrics-listen", "127.0.0.1:0"]);
    let address = shown_at(&server);
    server.events(&create(r#"{"steps": []}"#));
    assert_eq!(server.get("/metrics").status(), 404);
    let ask = |path| Connection::open(address).request("GET", path, &[OPENMETRICS], b"");
    let created = [("op", "threads.create"), ("status", "200")];
    let found = read(&ask("/metrics"));
    assert_eq!(found.value("chatkit_http_requests_total", &created), Some(1.0));
    assert_eq!(ask("/").status(), 404, "there is nothing else");
    assert_eq!(Connection::open(address).request("POST", "/chatkit", &[], b"{}").status(), 404);
}

/// Where the log says that the figures are shown.
fn shown_at(server: &Server) -> SocketAddr {
    let find = || {
        let log = server.stderr();
        let (_, rest) = log.split_once("metrics are shown at http://")?;
        rest.split_once("/metrics")?.0.parse().ok()
    };
    until("the server says where", || find().is_some());
    find().unwrap()
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let server = Server::playback();
    let address = server.address().to_string();
    let mut command = Server::command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:"]);
    command.args(["--metrics-listen", &address]);
    let output = Server::output(command);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(&format!("cannot listen on {address}")), "{stderr}");
}
