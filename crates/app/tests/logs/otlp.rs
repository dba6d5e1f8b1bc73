//! Traces sent to a collector.

mod collector;

use std::{
    fs,
    net::TcpListener,
    time::{Instant, SystemTime},
};

use chatkit_testkit::provider::{Answer, responses};
use serde_json::json;

use crate::{
    common::{LONG, Server, create, list_items, op, script, until, words},
    lines, lines_with,
    provider::{Provider, says},
};
use collector::{Collector, Span};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A server that sends its spans to a collector, soon.
fn traced(endpoint: &str, args: &[&str]) -> Server {
    let mut command = Server::command();
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
        .env("OTEL_BSP_SCHEDULE_DELAY", "50")
        .args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:", "--log-format", "json"])
        .args(args);
    Server::spawn(command)
}

#[test]
fn a_turn_is_a_child_of_its_request_which_goes_on_with_its_callers_trace() {
    let collector = Collector::start();
    let server = traced(&collector.url(), &["--responder", "playback"]);
    let failing = script(json!([{"fail": {}}]));
    let mut stream = server.connect().stream_with(&[("traceparent", CALLER)], &create(&failing));
    let created = stream.next().unwrap();
    stream.rest();
    let spans = collector.spans_once("the turn's", |spans| named(spans, "run").len() == 1);
    let (request, run) = (one(&spans, "POST /chatkit"), one(&spans, "run"));
    assert_eq!(request.trace, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(request.parent.as_deref(), Some("b7ad6b7169203331"));
    assert_eq!((&run.trace, run.parent.as_ref()), (&request.trace, Some(&request.id)));
    // The numbers are those of the protocol: a server, an internal span; an error.
    assert_eq!((request.kind, request.status, run.kind, run.status), (2, 0, 1, 2));
    let attribute = |span: &Span, name: &str| span.attributes.get(name).cloned();
    assert_eq!(attribute(request, "http.request.method"), Some(json!("POST")));
    assert_eq!(attribute(request, "http.response.status_code"), Some(json!("200")));
    assert_eq!(attribute(request, "chatkit.op"), Some(json!("threads.create")));
    assert_eq!(attribute(run, "chatkit.thread"), Some(created["thread"]["id"].clone()));
    assert_eq!(attribute(run, "chatkit.end"), Some(json!("failed")));
    assert_eq!(attribute(run, "chatkit.owner"), Some(json!("local")));
    assert!(run.events.iter().any(|event| event == "the response failed"), "{:?}", run.events);
    assert_eq!(collector.resource("service.name"), Some(json!("chatkit")));
    assert_eq!(collector.resource("service.version"), Some(json!(env!("CARGO_PKG_VERSION"))));
}

#[test]
fn an_agents_turn_is_one_trace_by_the_conventions() {
    let collector = Collector::start();
    let provider = Provider::start();
    provider.answer(Answer::events(responses::function_call("nothing_like_it", "{}")));
    provider.answer(says("Hello, MARK-7f3a."));
    let server = traced(&collector.url(), &["--model-url", &provider.url(), "--model", "gpt-test"]);
    let events = server.events(&create("Hi, MARK-7f3a"));
    provider.answer_always(Answer::status(400).body("no MARK-7f3a"));
    server.events(&create("Hi again"));
    let spans = collector.spans_once("two turns'", |spans| named(spans, "run").len() == 2);
    let thread = &events[0]["thread"]["id"];
    let of_thread = |span: &&Span| span.attributes.get("gen_ai.conversation.id") == Some(thread);
    let agent = spans.iter().filter(of_thread).find(|span| span.name == "invoke_agent Assistant");
    let agent = agent.unwrap();
    let run = spans.iter().find(|span| Some(&span.id) == agent.parent.as_ref()).unwrap();
    assert_eq!((&*run.name, run.attributes.get("chatkit.thread")), ("run", Some(thread)));
    let mut chats: Vec<_> =
        spans.iter().filter(of_thread).filter(|span| span.name == "chat gpt-test").collect();
    chats.sort_by_key(|chat| chat.start);
    assert_eq!(chats.len(), 2);
    for (chat, reason) in chats.iter().zip(["tool_calls", "stop"]) {
        assert_eq!(chat.parent.as_ref(), Some(&agent.id));
        assert_eq!(chat.trace, run.trace);
        assert_eq!((chat.kind, chat.status), (3, 0), "{chat:?}");
        let reasons = json!({"values": [{"stringValue": reason}]});
        assert_eq!(chat.attributes["gen_ai.response.finish_reasons"], reasons);
        assert_eq!(chat.attributes["gen_ai.operation.name"], "chat");
        assert!(chat.start >= agent.start && chat.end <= agent.end);
    }
    let failed = spans.iter().find(|span| span.attributes.get("error.type") == Some(&json!("400")));
    assert_eq!(failed.unwrap().status, 2);
    let all = format!("{spans:?}");
    assert!(!all.contains("MARK-7f3a"), "{all}");
}

/// An MCP server with one tool, which says what trace it was called in.
const TELLER: &str = r#"
while read -r line; do
    id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
    trace=$(printf '%s' "$line" | sed -n 's/.*"traceparent":"\([-0-9a-f]*\)".*/\1/p')
    case $line in
        *'"initialize"'*) result='{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},
            "serverInfo":{"name":"teller","version":"1"}}' ;;
        *'"tools/list"'*) result='{"tools":[{"name":"tell","inputSchema":{"type":"object"}}]}' ;;
        *'"tools/call"'*) result='{"content":[{"type":"text","text":"<'$trace'>"}]}' ;;
        *) continue ;;
    esac
    printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$(printf '%s' "$result" | tr -d '\n')"
done
"#;

#[test]
fn a_callers_trace_goes_on_at_the_models_provider_and_at_mcp_servers() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("teller.sh");
    fs::write(&script, TELLER).unwrap();
    let mcp = format!("sh '{}'", script.display());
    let (collector, provider) = (Collector::start(), Provider::start());
    provider.answer(Answer::status(500));
    provider.answer(Answer::events(responses::function_call("tell", "{}")));
    let (answer, gate) = says("Hello.").gated();
    provider.answer(answer);
    let options = ["--model-url", &provider.url(), "--model", "gpt-test", "--mcp", &mcp];
    let server = traced(&collector.url(), &options);
    let headers = [("traceparent", CALLER), ("tracestate", "caller=1")];
    let mut stream = server.connect().stream_with(&headers, &create("Hi"));
    stream.next().unwrap();
    let requests: Vec<_> = (1..=3).map(|number| provider.request(number)).collect();
    // The last request's span goes on long after its trace was told of.
    let told = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    gate.open(100);
    stream.rest();

    let spans = collector.spans_once("the turn's", |spans| named(spans, "run").len() == 1);
    let mut chats = named(&spans, "chat gpt-test");
    chats.sort_by_key(|chat| chat.start);
    let tool = one(&spans, "execute_tool tell");
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = |span: &Span| format!("00-{trace}-{}-01", span.id);
    // Both attempts of the first request are in one span.
    for (request, chat) in requests.iter().zip([chats[0], chats[0], chats[1]]) {
        assert_eq!(chat.trace, trace);
        assert_eq!(request.header("traceparent"), Some(parent(chat).as_str()));
        assert_eq!(request.header("tracestate"), Some("caller=1"));
    }
    assert!(u128::from(chats[1].end) > told, "{chats:?}");
    let output = requests[2].body["input"].to_string();
    assert!(output.contains(&format!("<{}>", parent(tool))), "{output}");
    assert_eq!(tool.attributes["mcp.method.name"], "tools/call");
    // The connection was made before there was a trace.
    assert_ne!(one(&spans, "tools/list").trace, trace);
}

#[test]
fn traces_go_nowhere_if_they_shall_not() {
    let (collector, provider) = (Collector::start(), Provider::start());
    let mut servers = Vec::new();
    for (name, value) in [("OTEL_PROPAGATORS", "none"), ("OTEL_SDK_DISABLED", "true")] {
        provider.answer(says("Hello."));
        let mut command = Server::command();
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
            .env("OTEL_BSP_SCHEDULE_DELAY", "50")
            .env(name, value)
            .args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:"])
            .args(["--model-url", &provider.url(), "--model", "gpt-test"]);
        let server = Server::spawn(command);
        server.connect().stream_with(&[("traceparent", CALLER)], &create("Hi")).rest();
        let requests = provider.requests();
        assert_eq!(requests.last().unwrap().header("traceparent"), None, "{name}");
        // It sends its spans later.
        servers.push(server);
    }
    let spans = collector.spans_once("the first turn's", |spans| named(spans, "run").len() == 1);
    assert_ne!(one(&spans, "run").trace, "0af7651916cd43dd8448eb211c80319c");
}

#[test]
fn what_is_left_is_sent_at_the_end_and_by_protobuf_if_nobody_says_otherwise() {
    let collector = Collector::start();
    let mut command = Server::command();
    command
        .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{}/v1/traces", collector.url()))
        .env("OTEL_SERVICE_NAME", "my-chat")
        .args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:"]);
    let mut server = Server::spawn(command);
    let thread = server.thread("hello");
    assert_eq!(server.post(&list_items(&thread, json!({}))).status(), 200);
    server.signal("TERM");
    assert_eq!(server.wait().0.code(), Some(0));
    let (content_type, body) = collector.bodies().remove(0);
    assert_eq!(content_type, "application/x-protobuf");
    let has = |text: &str| body.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("POST /chatkit") && has("my-chat") && has(&thread));
}

#[test]
fn a_sampler_and_the_switch_are_the_environments() {
    for (name, value) in [
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ] {
        let collector = Collector::start();
        let mut command = Server::command();
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()).env(name, value).args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            "memory:",
        ]);
        let mut server = Server::spawn(command);
        server.thread("hello");
        server.signal("TERM");
        assert_eq!(server.wait().0.code(), Some(0));
        assert!(collector.bodies().is_empty(), "{name}");
    }
    let mut command = Server::command();
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:"]);
    let output = Server::output(command);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("http/protobuf"));
}

/// One that refuses connections, and one that takes them and never answers.
#[test]
fn a_collector_that_is_not_there_disturbs_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for address in [silent.local_addr().unwrap(), gone] {
        let mut server = traced(&format!("http://{address}"), &["--responder", "playback"]);
        for turn in 0..20 {
            let said = words(&format!("msg_{turn}"), 3, 0);
            let events = server.events(&create(&script(json!(said))));
            assert_eq!(events.last().unwrap()["type"], "thread.item.done");
            assert_eq!(server.post(&op("threads.list", json!({}))).status(), 200);
        }
        lines_with(&server, "the turn ended", 20);
        if address == gone {
            let failed = |line: &serde_json::Value| {
                line["target"].as_str().is_some_and(|target| target.starts_with("opentelemetry"))
            };
            until("the operator is told", || lines(&server).iter().any(failed));
        }
        let asked = Instant::now();
        server.signal("TERM");
        assert_eq!(server.wait().0.code(), Some(0));
        assert!(asked.elapsed() < LONG / 6, "{:?}", asked.elapsed());
    }
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn one<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let named = named(spans, name);
    assert_eq!(named.len(), 1, "{name}: {spans:#?}");
    named[0]
}
