//! The spans of requests, and the traces that they take to the server.

use std::sync::{Arc, Mutex};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::{Next, from_fn},
};
use chatkit_agents::{
    Agent, Propagator, Runner,
    mcp::{McpEndpoint, McpOptions, McpServer},
};
use chatkit_testkit::spans::{RecordedSpan, Recorder};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::{
    call,
    common::{Scripted, calls, says},
    http::HttpServer,
    process::ServerProgram,
};

type Heard = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

/// A server, and what it was sent.
fn listening() -> (HttpServer, Heard) {
    let heard = Heard::default();
    let hears = Arc::clone(&heard);
    let http = HttpServer::layered(HttpServer::plain(), |app| {
        app.layer(from_fn(move |request: Request, next: Next| {
            let hears = Arc::clone(&hears);
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                if let Ok(message) = serde_json::from_slice(&body) {
                    hears.lock().unwrap().push((head.headers.clone(), message));
                }
                next.run(Request::from_parts(head, Body::from(body))).await
            }
        }))
    });
    (http, heard)
}

fn naming() -> McpOptions {
    McpOptions::default().propagator(Propagator::new(|span, headers| {
        let name = span.metadata().map_or("none", |metadata| metadata.name());
        headers.insert("traceparent", HeaderValue::from_static(name));
    }))
}

fn field<'a>(span: &'a RecordedSpan, name: &str) -> Option<&'a str> {
    span.fields.get(name).map(String::as_str)
}

fn of<'a>(spans: &'a [RecordedSpan], name: &str) -> &'a RecordedSpan {
    let mut named = spans.iter().filter(|span| field(span, "otel.name") == Some(name));
    let found = named.next().unwrap_or_else(|| panic!("{name} in {spans:#?}"));
    assert!(named.next().is_none(), "{name} in {spans:#?}");
    found
}

#[tokio::test]
async fn connecting_listing_and_calling_have_spans() {
    let (http, _) = listening();
    let recorder = Recorder::start();
    let server = McpServer::connect(http.endpoint()).await.unwrap();
    assert_eq!(call(&server, "echo", r#"{"text": "MARK-7f3a"}"#).await.unwrap(), "MARK-7f3a");
    call(&server, "fail", "{}").await.unwrap_err();
    call(&server, "refuse", "{}").await.unwrap_err();
    let spans = recorder.spans();
    let port = http.address.port().to_string();
    for (name, method) in [
        ("initialize", "initialize"),
        ("tools/list", "tools/list"),
        ("tools/call echo", "tools/call"),
        ("tools/call fail", "tools/call"),
        ("tools/call refuse", "tools/call"),
    ] {
        let span = of(&spans, name);
        assert_eq!((field(span, "otel.kind"), span.closed), (Some("client"), true));
        assert_eq!(field(span, "mcp.method.name"), Some(method));
        assert_eq!(field(span, "network.transport"), Some("tcp"));
        assert_eq!(field(span, "server.address"), Some("127.0.0.1"));
        assert_eq!(field(span, "server.port"), Some(port.as_str()));
        assert_eq!(field(span, "chatkit.mcp.server"), Some(server.name()));
    }
    let failures = [
        ("echo", None, None),
        ("fail", Some("tool_error"), None),
        ("refuse", Some("-32602"), Some("-32602")),
    ];
    for (tool, kind, code) in failures {
        let span = of(&spans, &format!("tools/call {tool}"));
        assert_eq!(field(span, "gen_ai.tool.name"), Some(tool));
        assert_eq!(field(span, "gen_ai.operation.name"), Some("execute_tool"));
        assert_eq!(field(span, "error.type"), kind);
        assert_eq!(field(span, "otel.status_code"), kind.map(|_| "ERROR"));
        assert_eq!(field(span, "rpc.response.status_code"), code);
    }
    let recorded = format!("{spans:?}");
    assert!(!recorded.contains("MARK-7f3a") && !recorded.contains("glue"), "{recorded}");
}

#[tokio::test]
async fn within_a_run_a_call_is_the_tools_own_span() {
    let program = ServerProgram::new().await;
    let server = program.connect().await;
    let turns = [
        calls([("echo", r#"{"text":"hi"}"#), ("fail", "{}"), ("refuse", "{}"), ("grow", "{}")]),
        says("Done."),
    ];
    let agent = Agent::new("Assistant").model(Scripted::new(turns)).tool_source(server.clone());
    let recorder = Recorder::start();
    Runner::run(&agent, "Hi", ()).await.unwrap();
    let spans = recorder.spans();
    assert!(!spans.iter().any(|span| span.name == "mcp"), "{spans:#?}");
    for (tool, kind) in
        [("echo", None), ("fail", Some("tool_error")), ("refuse", Some("-32602")), ("grow", None)]
    {
        let span = of(&spans, &format!("execute_tool {tool}"));
        assert_eq!(field(span, "mcp.method.name"), Some("tools/call"));
        assert_eq!(field(span, "network.transport"), Some("pipe"));
        assert_eq!(field(span, "server.address"), None);
        assert_eq!(field(span, "chatkit.mcp.server"), Some(server.name()));
        assert_eq!(field(span, "error.type"), kind);
    }
    let lines = recorder.events();
    let failed = lines.iter().filter(|line| line.fields["message"] == "a tool failed");
    let failed: Vec<_> = failed.map(|line| line.fields["error"].as_str()).collect();
    let refused = format!("the MCP server `{}` refused the request (-32602)", server.name());
    assert_eq!(failed, ["the MCP server says that the tool has failed", &*refused]);
    assert!(spans.iter().all(|span| span.closed), "{spans:#?}");

    // The tools have changed. They are listed anew for the first agent that starts when that is
    // known here.
    let list = loop {
        let agent: Agent<()> = Agent::new("Next").tool_source(server.clone());
        Runner::run(&agent, "Hi", ()).await.unwrap_err();
        if let Some(list) = recorder.spans().into_iter().find(|span| span.name == "mcp") {
            break list;
        }
    };
    assert_eq!(field(&list, "otel.name"), Some("tools/list"));
    assert_eq!(list.parent.as_deref(), Some("invoke_agent"));
}

#[tokio::test]
async fn the_server_is_told_of_the_trace_in_the_message_and_in_the_headers() {
    let (http, heard) = listening();
    let recorder = Recorder::start();
    let server = McpServer::connect_with(http.endpoint(), naming()).await.unwrap();
    let model = Scripted::new([calls([("echo", r#"{"text":"hi"}"#)]), says("Done.")]);
    let agent = Agent::new("Assistant").model(model).tool_source(server);
    Runner::run(&agent, "Hi", ()).await.unwrap();
    drop(recorder);
    let mut heard = heard.lock().unwrap().clone();
    heard.retain(|(_, message)| message["method"].as_str().is_some_and(|it| it.contains("tools/")));
    let told: Vec<_> = heard
        .iter()
        .map(|(headers, message)| {
            let meta = message["params"]["_meta"]["traceparent"].as_str().unwrap();
            assert_eq!(headers["traceparent"], meta);
            (message["method"].as_str().unwrap(), meta)
        })
        .collect();
    let expected = [("tools/list", "mcp"), ("tools/list", "mcp"), ("tools/call", "execute_tool")];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_header_of_the_endpoint_comes_before_that_of_the_trace() {
    let (http, heard) = listening();
    let endpoint = http.endpoint().header("traceparent", "mine");
    McpServer::connect_with(endpoint, naming()).await.unwrap();
    let heard = heard.lock().unwrap();
    assert!(heard.iter().all(|(headers, _)| headers["traceparent"] == "mine"), "{heard:?}");
}

#[tokio::test]
async fn a_connection_that_is_made_in_a_run_holds_none_of_its_spans() {
    let mut program = ServerProgram::new().await;
    let server = program.connect().await;
    let mut reports = program.accept().await;
    call(&server, "exit", "{}").await.unwrap_err();
    while reports.next().await.is_some() {}
    let model = Scripted::new([calls([("echo", r#"{"text":"hi"}"#)]), says("Done.")]);
    let agent = Agent::new("Assistant").model(model).tool_source(server.clone());
    let recorder = Recorder::start();
    Runner::run(&agent, "Hi", ()).await.unwrap();
    let spans = recorder.spans();
    let connected = of(&spans, "initialize");
    assert_eq!(connected.parent.as_deref(), Some("execute_tool"));
    for span in &spans {
        let is_ours = ["invoke_agent", "chat", "execute_tool", "mcp"].contains(&&*span.name);
        assert!(span.closed || !is_ours, "{span:#?}");
    }
    assert_eq!(call(&server, "echo", "{}").await.unwrap(), "nothing", "it is still connected");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_of_the_span() {
    let recorder = Recorder::start();
    McpServer::connect(McpEndpoint::http("http://127.0.0.1:1/mcp")).await.unwrap_err();
    let span = recorder.span("mcp");
    assert_eq!(field(&span, "error.type"), Some("transport"));
}
