//! `GET /metrics` beside real turns.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../common/mod.rs"]
mod common;

mod http;
mod runs;
mod shown;

use chatkit_testkit::exposition::{Exposition, Format};
use common::{Response, Server, until};

const OPENMETRICS: (&str, &str) = ("Accept", "application/openmetrics-text;version=1.0.0");

/// The figures as they are.
fn scrape(server: &Server) -> Exposition {
    read(&server.connect().request("GET", "/metrics", &[OPENMETRICS], b""))
}

fn read(response: &Response) -> Exposition {
    assert_eq!(response.status(), 200, "{}", response.text());
    let kind = response.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = response.text();
    Exposition::parse(&text, Format::OpenMetrics).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

/// The figures when no run is left: its clients see the end of one before all is cleaned up.
fn scrape_idle(server: &Server) -> Exposition {
    let mut found = None;
    until("no run is left", || {
        let figures = scrape(server);
        let active = figures.value("chatkit_runs_active", &[]).unwrap();
        let readers = figures.value("chatkit_subscribers_active", &[]).unwrap();
        found = Some(figures);
        active == 0.0 && readers == 0.0
    });
    found.unwrap()
}
