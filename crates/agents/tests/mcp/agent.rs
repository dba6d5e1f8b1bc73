//! An agent with the tools of a server.

use chatkit_agents::{Agent, Runner, mcp::McpServer};

use crate::{
    common::{Scripted, calls, outputs, says},
    http::HttpServer,
};

#[tokio::test]
async fn an_agent_calls_the_tools_that_the_server_has_when_it_starts() {
    let http = HttpServer::start(HttpServer::sessions());
    let server = McpServer::connect(http.endpoint()).await.unwrap();
    let turns = [
        calls([("echo", r#"{"text":"hi"}"#), ("fail", "{}"), ("echo", "{"), ("grow", "{}")]),
        says("Done."),
        calls([("late", "{}")]),
        says("Done."),
    ];
    let model = Scripted::new(turns);
    let agent = Agent::new("Assistant").model(model.clone()).tool_source(server.clone());
    Runner::run(&agent, "Hi", ()).await.unwrap();

    let told = outputs(&model.requests()[1]);
    let told: Vec<_> = told.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!((told[0], told[3]), ("hi", "grown"));
    assert!(told[1].ends_with("Error: the glue has dried"), "{told:?}");
    assert!(told[2].contains("try again with valid JSON"), "{told:?}");

    while !crate::names(&server).await.contains(&"late".to_owned()) {
        tokio::task::yield_now().await;
    }
    Runner::run(&agent, "Hi", ()).await.unwrap();
    assert_eq!(outputs(&model.requests()[3])[0].1, "here");
    let offered = |request: usize| model.requests()[request].tools.len();
    assert_eq!((offered(0), offered(1), offered(2)), (9, 9, 10), "the same for a whole run");
}
