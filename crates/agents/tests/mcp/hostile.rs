//! Servers that are none, or do not behave.

use std::time::Duration;

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect},
    routing::any,
};
use chatkit_agents::mcp::{McpEndpoint, McpError, McpOptions, McpServer};

use crate::http::HttpServer;

async fn error_of(app: Router) -> String {
    let http = HttpServer::with(app);
    let endpoint = http.endpoint().bearer_token("sk-very-secret").header("X-Key", "also-secret");
    let options = McpOptions::default().connect_timeout(Duration::from_secs(5));
    let error = McpServer::connect_with(endpoint, options).await.unwrap_err();
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(!shown.contains("secret"), "{shown}");
    }
    error.to_string().replace(&http.address.to_string(), "HOST")
}

fn answering<R: IntoResponse + Clone + Send + Sync + 'static>(response: R) -> Router {
    Router::new().route("/mcp", any(move || async move { response }))
}

#[tokio::test]
async fn what_is_no_mcp_server_is_told_apart() {
    const NOT: &str = "the MCP server `http://HOST/mcp` is not reachable: ";
    for (app, reason) in [
        (answering(Html("<html>")), "Unexpected content type: Some(\"text/html; charset=utf-8\")"),
        (answering(StatusCode::NOT_FOUND), "HTTP 404 Not Found:"),
        (answering(StatusCode::SERVICE_UNAVAILABLE), "HTTP 503"),
        (
            answering((StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")])),
            "HTTP 401: it wants authorization",
        ),
        (answering(Redirect::temporary("http://127.0.0.2/mcp")), "HTTP 307 Temporary Redirect:"),
        (
            answering((
                [(header::CONTENT_TYPE, "application/json")],
                r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"closed today"}}"#,
            )),
            "closed today",
        ),
    ] {
        assert_eq!(error_of(app).await, format!("{NOT}{reason}"));
    }
}

#[tokio::test]
async fn headers_are_sent_and_never_shown_even_if_the_server_echoes_them() {
    let echo = |headers: HeaderMap| async move {
        let sent = |name: &str| headers[name].to_str().unwrap().to_owned();
        let text = format!("no: {} {}", sent("authorization"), sent("x-key"));
        (StatusCode::BAD_REQUEST, text)
    };
    let error = error_of(Router::new().route("/mcp", any(echo))).await;
    assert!(error.ends_with("HTTP 400 Bad Request: no: … …"), "{error}");
}

#[tokio::test]
async fn redirects_are_followed_on_the_same_server() {
    let app = Router::new()
        .route("/mcp", any(|| async { Redirect::temporary("/other") }))
        .route("/other", any(|| async { (StatusCode::BAD_REQUEST, "arrived") }));
    assert!(error_of(app).await.ends_with("HTTP 400 Bad Request: arrived"));
}

#[tokio::test]
async fn a_server_that_is_not_there_or_never_answers_is_not_waited_for() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = McpServer::connect(McpEndpoint::http(format!("http://{free}/mcp?key=hidden")));
    let error = error.await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("the MCP server `http://{free}/mcp` is not reachable: ")));
    assert!(!error.contains("hidden"), "{error}");

    let silent = HttpServer::with(Router::new().route("/mcp", any(std::future::pending::<()>)));
    let options = McpOptions::default().connect_timeout(Duration::from_millis(100));
    let error = McpServer::connect_with(silent.endpoint(), options.clone()).await.unwrap_err();
    assert!(matches!(error, McpError::Timeout { what: "did not answer", .. }), "{error}");

    #[cfg(unix)]
    {
        let sleep = McpEndpoint::command("sleep", ["1000"]);
        let error = McpServer::connect_with(sleep, options).await.unwrap_err();
        assert!(matches!(error, McpError::Timeout { what: "did not answer", .. }), "{error}");
    }
}

#[tokio::test]
async fn a_list_that_never_comes_is_not_waited_for() {
    let app = Router::new().route("/mcp", any(|body: String| async move {
        let json = [(header::CONTENT_TYPE, "application/json")];
        if body.contains("initialize\"") {
            let result = r#"{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#;
            return (json, format!(r#"{{"jsonrpc":"2.0","id":0,"result":{result}}}"#)).into_response();
        }
        if body.contains("notifications/") {
            return StatusCode::ACCEPTED.into_response();
        }
        std::future::pending().await
    }));
    let http = HttpServer::with(app);
    let options = McpOptions::default().list_timeout(Duration::from_millis(100));
    let error = McpServer::connect_with(http.endpoint(), options).await.unwrap_err();
    assert!(matches!(error, McpError::Timeout { what: "did not list its tools", .. }), "{error}");
}
