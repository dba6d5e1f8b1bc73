//! Servers that are programs: this test's own executable, started anew.

use std::{io::Write, net::TcpStream, sync::Arc, sync::Mutex, time::Duration};

use chatkit_agents::mcp::{McpEndpoint, McpError, McpOptions, McpServer};
use rmcp::ServiceExt;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpListener,
};

use crate::{call, call_tool, find, workshop::Workshop};

const REPORTS_TO: &str = "MCP_TEST_REPORTS_TO";
const BEHAVIOUR: &str = "MCP_TEST_BEHAVIOUR";

/// The program. The harness writes lines to its output that are no messages: they are passed over.
#[test]
#[ignore = "this is the server that other tests start"]
fn serve() {
    let Ok(address) = std::env::var(REPORTS_TO) else { return };
    let behaviour = std::env::var(BEHAVIOUR).unwrap_or_default();
    // The connection is closed when the program ends, in whatever way.
    let reports = Mutex::new(TcpStream::connect(address).unwrap());
    eprintln!("a line on the standard error");
    if behaviour == "broken" {
        eprintln!("no wood today");
        std::process::exit(7);
    }
    let report = Arc::new(move |text: &str| {
        let _ = writeln!(reports.lock().unwrap(), "{text}");
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let workshop = Workshop::new(report.clone()).serve(rmcp::transport::stdio()).await.unwrap();
        let _ = workshop.waiting().await;
        if behaviour == "stubborn" {
            report("stays");
            std::future::pending::<()>().await;
        }
    });
}

/// A program to connect to, and what it reports.
pub(crate) struct ServerProgram {
    listener: TcpListener,
    behaviour: &'static str,
}

/// What one start of the program reports; its end is the end of the program.
pub(crate) struct Reports(Lines<BufReader<tokio::net::TcpStream>>);

impl Reports {
    pub(crate) async fn next(&mut self) -> Option<String> {
        self.0.next_line().await.ok().flatten()
    }

    async fn until(&mut self, report: &str) {
        while self.next().await.expect("the program has ended") != report {}
    }

    async fn until_end(&mut self) {
        while self.next().await.is_some() {}
    }
}

impl ServerProgram {
    pub(crate) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), behaviour: "" }
    }

    async fn behaving(behaviour: &'static str) -> Self {
        Self { behaviour, ..Self::new().await }
    }

    pub(crate) fn endpoint(&self) -> McpEndpoint {
        let args = ["--exact", "process::serve", "--ignored", "--nocapture"];
        McpEndpoint::command(std::env::current_exe().unwrap(), args)
            .env(REPORTS_TO, self.listener.local_addr().unwrap().to_string())
            .env(BEHAVIOUR, self.behaviour)
    }

    pub(crate) async fn connect(&self) -> McpServer {
        McpServer::connect(self.endpoint()).await.unwrap()
    }

    /// The reports of the next start.
    pub(crate) async fn accept(&mut self) -> Reports {
        Reports(BufReader::new(self.listener.accept().await.unwrap().0).lines())
    }
}

#[tokio::test]
async fn the_program_ends_with_the_last_handle() {
    let mut program = ServerProgram::new().await;
    let server = program.connect().await;
    let mut reports = program.accept().await;
    let tool = find(&server, "echo").await;
    drop(server);
    assert_eq!(call_tool(&*tool, "{}").await.unwrap(), "nothing", "a tool keeps it");
    drop(tool);
    reports.until_end().await;
}

#[tokio::test]
async fn a_program_that_does_not_end_is_killed() {
    let mut program = ServerProgram::behaving("stubborn").await;
    let server = program.connect().await;
    let mut reports = program.accept().await;
    drop(server);
    reports.until("stays").await;
    reports.until_end().await;
}

#[test]
fn a_program_ends_with_the_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (server, reports) = runtime.block_on(async {
        let mut program = ServerProgram::behaving("stubborn").await;
        let server = program.connect().await;
        (server, program.accept().await.0.into_inner().into_inner().into_std().unwrap())
    });
    runtime.shutdown_background();
    drop(server);
    reports.set_nonblocking(false).unwrap();
    std::io::copy(&mut &reports, &mut std::io::sink()).unwrap();
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_at_the_server() {
    let mut program = ServerProgram::new().await;
    let server = program.connect().await;
    let mut reports = program.accept().await;
    let tool = find(&server, "wait").await;
    tokio::select! {
        () = reports.until("waiting") => {}
        output = call_tool(&*tool, "{}") => panic!("{output:?}"),
    }
    reports.until("cancelled").await;
    assert_eq!(call(&server, "echo", "{}").await.unwrap(), "nothing");
}

#[tokio::test]
async fn a_slow_call_ends_at_its_limit_and_is_cancelled() {
    let mut program = ServerProgram::new().await;
    let options = McpOptions::default().call_timeout(Duration::from_millis(200));
    let server = McpServer::connect_with(program.endpoint(), options).await.unwrap();
    let mut reports = program.accept().await;
    let error = call(&server, "wait", "{}").await.unwrap_err();
    let text = format!("the MCP server `{}` did not answer the call within 0.2 s", server.name());
    assert_eq!((error.to_string(), error.is_fatal()), (text, false));
    reports.until("cancelled").await;
}

#[tokio::test]
async fn a_program_that_dies_in_a_call_is_started_anew_by_the_next() {
    let mut program = ServerProgram::new().await;
    let server = program.connect().await;
    let mut reports = program.accept().await;
    let error = call(&server, "exit", "{}").await.unwrap_err();
    let text = format!("the connection to the MCP server `{}` broke", server.name());
    assert!(error.to_string().starts_with(&text), "{error}");
    assert!(!error.is_fatal());
    reports.until_end().await;

    // Many calls at once start it once.
    let calls = (0..10).map(|_| call(&server, "pid", "{}"));
    let pids = futures_util::future::try_join_all(calls).await.unwrap();
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
    // It may have other tools now.
    let mut reports = program.accept().await;
    tokio::join!(crate::names(&server), reports.until("list"));
}

#[tokio::test]
async fn a_program_that_cannot_be_started_again_is_reported_to_the_model() {
    let mut program = ServerProgram::new().await;
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("server");
    std::fs::hard_link(std::env::current_exe().unwrap(), &link)
        .or_else(|_| std::fs::copy(std::env::current_exe().unwrap(), &link).map(drop))
        .unwrap();
    let endpoint =
        McpEndpoint::command(&link, ["--exact", "process::serve", "--ignored", "--nocapture"])
            .env(REPORTS_TO, program.listener.local_addr().unwrap().to_string());
    let server = McpServer::connect(endpoint).await.unwrap();
    let mut reports = program.accept().await;
    let tool = find(&server, "echo").await;
    std::fs::remove_file(&link).unwrap();
    call(&server, "exit", "{}").await.unwrap_err();
    reports.until_end().await;
    for _ in 0..2 {
        let error = call_tool(&*tool, "{}").await.unwrap_err().to_string();
        let text = "the MCP server `server` is not reachable: it cannot be started: ";
        assert!(error.starts_with(text), "{error}");
    }
    assert!(crate::names(&server).await.contains(&"echo".to_owned()), "the tools stay known");
}

#[tokio::test]
async fn a_program_that_fails_at_once_is_quoted() {
    let error = McpServer::connect(ServerProgram::behaving("broken").await.endpoint()).await;
    let McpError::Unreachable { reason, .. } = error.unwrap_err() else { panic!("other error") };
    assert!(reason.starts_with("the command ended with exit status: 7"), "{reason}");
    assert!(reason.ends_with("; a line on the standard error; no wood today"), "{reason}");

    let nothing = McpEndpoint::command("chatkit-no-such-program", [""; 0]);
    let error = McpServer::connect(nothing).await.unwrap_err().to_string();
    let text = "the MCP server `chatkit-no-such-program` is not reachable: it cannot be started: ";
    assert!(error.starts_with(text), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_is_given_what_it_needs_of_the_environment_and_no_more() {
    let program = ServerProgram::new().await;
    let endpoint = program.endpoint().env("GIVEN", "yes");
    let server = McpServer::connect(endpoint).await.unwrap();
    let variable = async |name: &str| {
        call(&server, "environment", &format!("{{\"name\": \"{name}\"}}")).await.unwrap()
    };
    assert_eq!(variable("GIVEN").await, "yes");
    let known = ["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"];
    let mut kept_back = 0;
    for (name, value) in std::env::vars() {
        let is_known = known.contains(&name.as_str()) || name.starts_with("LC_");
        let expected = if is_known { value.as_str() } else { "not set" };
        assert_eq!(variable(&name).await, expected, "{name}");
        kept_back += usize::from(!is_known);
    }
    assert!(kept_back > 0, "there was nothing to keep back");
}
