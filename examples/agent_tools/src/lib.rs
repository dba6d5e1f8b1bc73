//! An assistant with three kinds of tools: one that shows its progress while it runs, one that runs
//! in the page, and one that shows a widget.

use std::time::Duration;

use chatkit_agents::{
    Agent, AgentContext, ClientTool, DefaultConverter, Runner, ToolCall, ToolError, function_tool,
    load_input, model::Model, stream_agent_response,
};
use chatkit_server::{
    ChatKitServer, EventStream, Turn,
    protocol::{CustomTask, StatusIndicator, Task, WidgetRoot},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

type Context = AgentContext<()>;

/// Answers with a model that may use the tools.
#[derive(Debug)]
pub struct Assistant {
    agent: Agent<Context>,
}

impl Assistant {
    /// With this model.
    pub fn new(model: impl Model) -> Self {
        let agent = Agent::new("Assistant")
            .instructions(
                "Help with the weather. If no city is named, ask the page where the user is.",
            )
            .model(model)
            .tool(function_tool("search_weather", "Searches weather reports.", search_weather))
            .tool(ClientTool::new::<LocateUser>("locate_user", "Tells where the user is."))
            .tool(function_tool("show_forecast", "Shows a forecast as a card.", show_forecast));
        Self { agent }
    }
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

#[derive(Deserialize, JsonSchema)]
struct SearchWeather {
    /// The city, in English.
    city: String,
}

/// Searches, which takes a while. What the tool sends meanwhile reaches the client at once.
async fn search_weather(call: ToolCall<Context>, args: SearchWeather) -> Result<String, ToolError> {
    let context = call.context();
    context.progress("search", format!("Looking for {}…", args.city)).await?;
    let task = context.add_workflow_task(searching(&args.city, StatusIndicator::Loading)).await?;
    // Here a weather service would be asked.
    tokio::time::sleep(Duration::from_millis(300)).await;
    context.update_workflow_task(searching(&args.city, StatusIndicator::Complete), task).await?;
    Ok(format!("{}: 21 °C and sunny", args.city))
}

fn searching(city: &str, status_indicator: StatusIndicator) -> Task {
    let title = Some(format!("Weather reports of {city}"));
    Task::Custom(CustomTask { status_indicator, title, ..CustomTask::default() })
}

/// The arguments of a tool that the page has (`onClientTool` in ChatKit.js). The run ends with its
/// call, and the assistant responds again when the page has sent the output.
#[derive(Deserialize, JsonSchema)]
#[allow(dead_code, reason = "the page reads the arguments")]
struct LocateUser {
    /// Whether the city is not enough.
    exact: bool,
}

#[derive(Deserialize, JsonSchema)]
struct ShowForecast {
    /// The city, as the user writes it.
    city: String,
    /// One for each day from today, in degrees Celsius.
    temperatures: Vec<i32>,
}

/// Shows a widget. The model only hears that it is there.
async fn show_forecast(
    call: ToolCall<Context>,
    args: ShowForecast,
) -> Result<&'static str, ToolError> {
    let days =
        args.temperatures.iter().map(|t| json!({"type": "Text", "value": format!("{t} °C")}));
    let mut children = vec![json!({"type": "Title", "value": args.city})];
    children.extend(days);
    let card = WidgetRoot::new(json!({"type": "Card", "children": children}))?;
    call.context().add_widget(card, None).await?;
    Ok("The forecast is shown.")
}
