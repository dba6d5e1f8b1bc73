//! Our side of the comparison in `conformance/agents`: an agent with the same fixed tools as the
//! reference's server there has. The first line on stdout is `listening on http://ADDR`.
//!
//! ```sh
//! conformance_server --model NAME --model-url URL --model-api responses|chat-completions \
//!     --instructions FILE [--no-tools] [--listen HOST:PORT]
//! ```

use std::{
    env,
    error::Error,
    fs,
    io::{self, Write as _},
    sync::Arc,
};

use chatkit_agents::{
    Agent, AgentContext, DefaultConverter, Runner, Tool, ToolCall, ToolError, ToolOutput,
    ToolUseBehavior, function_tool, load_input,
    model::{ChatCompletionsModel, ProviderOptions, ResponsesModel},
    stream_agent_response,
};
use chatkit_http::{Options, router, serve};
use chatkit_server::{
    ChatKit, ChatKitServer, EventStream, MemoryStore, Turn,
    protocol::{
        CustomTask, StatusIndicator, Task, ThreadStreamEvent, WidgetRoot, Workflow, WorkflowKind,
    },
};
use serde_json::json;

type Context = AgentContext<()>;

struct Assistant {
    agent: Agent<Context>,
}

impl ChatKitServer for Assistant {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let input = load_input(&turn, &DefaultConverter::for_turn(&turn)).await?;
            let context = AgentContext::new(turn);
            let run = Runner::run_streamed(&self.agent, input, context.clone());
            events.forward(stream_agent_response(&context, run)).await
        })
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Place {
    city: String,
}

fn tools() -> Vec<Arc<dyn Tool<Context>>> {
    vec![
        Arc::new(function_tool(
            "get_weather",
            "Tells the weather in a city.",
            |_: ToolCall<Context>, place: Place| async move {
                Ok::<_, ToolError>(format!("4 degrees and snow in {}", place.city))
            },
        )),
        Arc::new(function_tool(
            "slow_progress",
            "Takes long and tells how far it is.",
            |call, (): ()| slow_progress(call),
        )),
        Arc::new(function_tool(
            "pick_color",
            "Lets the user choose a color.",
            |call: ToolCall<Context>, (): ()| async move {
                let arguments = [("of".to_owned(), json!(["green", "blue"]))].into_iter().collect();
                Ok::<_, ToolError>(call.context().client_tool_call("pick_color", arguments))
            },
        )),
        Arc::new(function_tool(
            "show_card",
            "Shows a card.",
            |call: ToolCall<Context>, (): ()| async move {
                let text = json!({"type": "Text", "value": "Seven birds", "id": "count"});
                let card = WidgetRoot::new(json!({"type": "Card", "children": [text]}))?;
                call.context().add_widget(card, None).await?;
                Ok::<_, ToolError>("shown")
            },
        )),
        Arc::new(function_tool(
            "fails",
            "Does not work.",
            |_: ToolCall<Context>, (): ()| async move {
                Err::<ToolOutput, _>(ToolError::new("the pond is dry"))
            },
        )),
    ]
}

async fn slow_progress(call: ToolCall<Context>) -> Result<&'static str, ToolError> {
    let chat = call.context();
    chat.stream(ThreadStreamEvent::progress(None, "Walking to the pond")).await?;
    let kind = WorkflowKind::Custom;
    chat.start_workflow(Workflow { kind, tasks: Vec::new(), summary: None, expanded: false })
        .await?;
    let looking =
        chat.add_workflow_task(task("Look around", None, StatusIndicator::Loading)).await?;
    let looked = task("Look around", None, StatusIndicator::Complete);
    chat.update_workflow_task(looked, looking).await?;
    chat.add_workflow_task(task("Count", Some("Seven birds"), StatusIndicator::Complete)).await?;
    chat.end_workflow(None, false).await?;
    Ok("seven birds")
}

fn task(title: &str, content: Option<&str>, status_indicator: StatusIndicator) -> Task {
    Task::Custom(CustomTask {
        status_indicator,
        title: Some(title.to_owned()),
        content: content.map(str::to_owned),
        ..CustomTask::default()
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let instructions = fs::read_to_string(option("--instructions")?)?;
    let provider = ProviderOptions::new().base_url(option("--model-url")?).max_retries(0);
    let mut agent = Agent::new("Assistant").instructions(instructions);
    agent = match option("--model-api")?.as_str() {
        "responses" => agent.model(ResponsesModel::new(option("--model")?, provider)),
        _ => agent.model(ChatCompletionsModel::new(option("--model")?, provider)),
    };
    if !env::args().any(|argument| argument == "--no-tools") {
        let stop = ToolUseBehavior::StopAtTools(vec!["pick_color".to_owned()]);
        agent = agent.tools(tools()).tool_use_behavior(stop);
    }
    let app = router(ChatKit::new(Assistant { agent }, MemoryStore::new()), Options::default());
    let address = option("--listen").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    writeln!(io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    serve(listener, app, std::future::pending()).await?;
    Ok(())
}

/// The argument behind a name.
fn option(name: &str) -> Result<String, String> {
    let mut arguments = env::args().skip_while(|argument| argument != name).skip(1);
    arguments.next().ok_or_else(|| format!("{name} is missing"))
}
