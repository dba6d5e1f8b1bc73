//! What servers of either kind answer.

use std::time::Duration;

use chatkit_agents::mcp::{McpOptions, McpServer};
use serde_json::json;

use crate::{call, call_tool, find, function, http::HttpServer, names, process::ServerProgram};

/// Whatever kind of server it is, all of this holds.
async fn is_used(server: &McpServer) {
    let listed =
        ["echo", "fail", "math_add", "wait", "grow", "refuse", "environment", "pid", "exit"];
    assert_eq!(names(server).await, listed, "both pages, with names that providers take");

    let tool = find(server, "echo").await;
    let (description, parameters, strict) = function(tool.spec());
    assert_eq!(description, "The tool echo.");
    assert!(strict && parameters.get("$schema").is_none(), "{parameters}");
    let tool = find(server, "fail").await;
    let (_, parameters, strict) = function(tool.spec());
    assert_eq!((parameters, strict), (&json!({"type": "object", "properties": {}}), false));

    assert_eq!(call(server, "echo", r#"{"text": "hällo"}"#).await.unwrap(), "hällo");
    assert_eq!(call(server, "echo", "").await.unwrap(), "nothing");
    assert_eq!(call(server, "math_add", r#"{"a": 3}"#).await.unwrap(), r#"{"sum":3}"#);
    let failed = call(server, "fail", "{}").await.unwrap_err();
    assert_eq!((failed.to_string().as_str(), failed.is_fatal()), ("the glue has dried", false));
    let broken = call(server, "echo", r#"{"text": "#).await.unwrap_err();
    assert!(broken.model_message().contains("try again with valid JSON"), "{broken}");
    let refused = call(server, "refuse", "{}").await.unwrap_err();
    let text =
        format!("the MCP server `{}` refused the request: not today (-32602)", server.name());
    assert_eq!(refused.to_string(), text);

    // Calls go side by side.
    let calls = (0..20).map(|number| {
        let arguments = json!({"text": number.to_string()}).to_string();
        async move { call(server, "echo", &arguments).await.unwrap() }
    });
    let texts = futures_util::future::join_all(calls).await;
    assert_eq!(texts, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_program_is_used() {
    let program = ServerProgram::new().await;
    is_used(&program.connect().await).await;
}

#[tokio::test]
async fn a_server_at_a_url_is_used_whether_it_keeps_sessions_or_not() {
    for config in [HttpServer::sessions(), HttpServer::plain()] {
        let http = HttpServer::start(config);
        is_used(&McpServer::connect(http.endpoint()).await.unwrap()).await;
    }
}

#[tokio::test]
async fn names_begin_with_the_prefix() {
    let http = HttpServer::start(HttpServer::plain());
    let options = McpOptions::default().prefix("shop");
    let server = McpServer::connect_with(http.endpoint(), options).await.unwrap();
    assert_eq!(names(&server).await[0], "shop_echo");
    assert_eq!(call(&server, "shop_echo", r#"{"text": "x"}"#).await.unwrap(), "x");
}

/// Waits until the tool that came later is listed: the server says so some time after the call.
async fn grows(server: &McpServer) {
    assert!(!names(server).await.contains(&"late".to_owned()));
    assert_eq!(call(server, "grow", "{}").await.unwrap(), "grown");
    while !names(server).await.contains(&"late".to_owned()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(call(server, "late", "{}").await.unwrap(), "here");
}

#[tokio::test]
async fn tools_that_have_changed_are_listed_anew_and_only_then() {
    let mut program = ServerProgram::new().await;
    let server = program.connect().await;
    let mut reports = program.accept().await;
    let (first, second) = (reports.next().await, reports.next().await);
    assert_eq!((first.as_deref(), second.as_deref()), (Some("list"), Some("list")), "two pages");
    for _ in 0..3 {
        names(&server).await;
    }
    // The list is not asked for again: the next report is that of the call.
    let tool = find(&server, "wait").await;
    tokio::select! {
        report = reports.next() => assert_eq!(report.as_deref(), Some("waiting")),
        output = call_tool(&*tool, "{}") => panic!("{output:?}"),
    }
    grows(&server).await;

    let http = HttpServer::start(HttpServer::sessions());
    grows(&McpServer::connect(http.endpoint()).await.unwrap()).await;
}
