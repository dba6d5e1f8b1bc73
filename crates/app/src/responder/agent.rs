//! The responder that asks a model.

use std::{fs, io, path::PathBuf, sync::Arc};

use chatkit_agents::{
    Agent, AgentContext, DefaultConverter, RunConfig, Runner, TitleWriter, TokenBudget, load_input,
    mcp::{McpOptions, McpServer},
    model::{ChatCompletionsModel, Model, ProviderOptions, ResponsesModel, Secret},
    stream_agent_response, thinking,
};
use chatkit_server::{ChatKitServer, EventStream, RespondError, Turn};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    cli::{AgentArgs, ModelApi},
    logging::propagator,
};

/// What the agent is told unless a file says otherwise.
const INSTRUCTIONS: &str = "You are a helpful assistant.";

/// Answers with a model, whose provider is named on the command line.
#[derive(Debug)]
pub(crate) struct AgentResponder {
    agent: Agent<AgentContext<()>>,
    budget: TokenBudget,
    titles: TitleWriter,
    log_content: bool,
}

/// Why there is no agent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AgentError {
    #[error(
        "the responder `agent` needs a model: set OPENAI_API_KEY, or name a provider with \
         --model-url (http://127.0.0.1:11434/v1 is Ollama's)"
    )]
    NoModel,
    #[error("cannot read the instructions in {}: {error}", path.display())]
    Instructions { path: PathBuf, error: io::Error },
    #[error("the MCP server `{name}`: {error}")]
    Mcp { name: String, error: chatkit_agents::mcp::McpError },
}

impl AgentResponder {
    /// The agent of the command line. The provider is not asked yet; MCP servers are.
    pub(crate) async fn new(args: &AgentArgs, log_content: bool) -> Result<Self, AgentError> {
        let mut agent =
            Agent::new("Assistant").instructions(instructions(args)?).model(model(args)?);
        for (number, endpoint) in args.mcp.iter().enumerate() {
            // Two servers may have tools of the same name.
            let mut options = match args.mcp.len() {
                1 => McpOptions::default(),
                _ => McpOptions::default().prefix(format!("s{}", number + 1)),
            };
            options.propagator = propagator();
            let name = endpoint.to_string();
            let server = McpServer::connect_with(endpoint.clone(), options)
                .await
                .map_err(|error| AgentError::Mcp { name: name.clone(), error })?;
            agent = agent.tool_source(server);
            tracing::info!(server = %name, "the agent has the tools of an MCP server");
        }
        Ok(Self {
            agent,
            budget: TokenBudget::new(args.max_input_tokens),
            titles: TitleWriter::from_first_message(),
            log_content,
        })
    }
}

impl ChatKitServer for AgentResponder {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        let answering = turn.clone();
        let answer = stream::once(async move {
            let converter =
                DefaultConverter::for_turn(&answering).token_budget(self.budget.clone());
            let input = load_input(&answering, &converter).await?;
            let config = RunConfig::new()
                .conversation_id(answering.thread().id().as_str())
                .log_content(self.log_content);
            let context = AgentContext::new(answering);
            let run = Runner::run_streamed_with(&self.agent, input, context.clone(), config);
            Ok::<_, RespondError>(stream_agent_response(&context, run))
        });
        // Behind the answer, so that clients hear of the title when they have it.
        let titled = stream::once(async move { self.titles.set_title(&turn).await });
        let titled = titled.filter_map(async |()| None);
        EventStream::new(thinking("Thinking…", answer.try_flatten()).chain(titled))
    }
}

fn model(args: &AgentArgs) -> Result<Arc<dyn Model>, AgentError> {
    let key = std::env::var("OPENAI_API_KEY").ok().filter(|key| !key.is_empty());
    if key.is_none() && args.model_url.is_none() {
        return Err(AgentError::NoModel);
    }
    let mut provider = ProviderOptions::new();
    if let Some(url) = &args.model_url {
        provider = provider.base_url(url);
    }
    if let Some(key) = key {
        provider = provider.api_key(Secret::new(key));
    }
    if let Some(propagator) = propagator() {
        provider = provider.propagator(propagator);
    }
    tracing::info!(model = args.model, "the agent asks");
    Ok(match args.model_api {
        ModelApi::Responses => Arc::new(ResponsesModel::new(&args.model, provider)),
        ModelApi::ChatCompletions => Arc::new(ChatCompletionsModel::new(&args.model, provider)),
    })
}

fn instructions(args: &AgentArgs) -> Result<String, AgentError> {
    let Some(path) = &args.instructions else { return Ok(INSTRUCTIONS.to_owned()) };
    fs::read_to_string(path).map_err(|error| AgentError::Instructions { path: path.clone(), error })
}
