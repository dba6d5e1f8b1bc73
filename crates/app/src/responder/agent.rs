//! The responder that asks a model.

use std::{fs, io, path::PathBuf, sync::Arc};

use chatkit_agents::{
    Agent, AgentContext, DefaultConverter, Runner, TitleWriter, TokenBudget, load_input,
    mcp::McpServer,
    model::{ChatCompletionsModel, Model, ProviderOptions, ResponsesModel, Secret},
    stream_agent_response, thinking,
};
use chatkit_server::{ChatKitServer, EventStream, RespondError, Turn};
use futures_util::{TryStreamExt as _, stream};

use crate::cli::{AgentArgs, ModelApi};

/// What the agent is told unless a file says otherwise.
const INSTRUCTIONS: &str = "You are a helpful assistant.";

/// Answers with a model, whose provider is named on the command line.
#[derive(Debug)]
pub(crate) struct AgentResponder {
    agent: Agent<AgentContext<()>>,
    budget: TokenBudget,
    titles: TitleWriter,
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
    pub(crate) async fn new(args: &AgentArgs) -> Result<Self, AgentError> {
        let mut agent =
            Agent::new("Assistant").instructions(instructions(args)?).model(model(args)?);
        for endpoint in &args.mcp {
            let name = endpoint.to_string();
            let server = McpServer::connect(endpoint.clone())
                .await
                .map_err(|error| AgentError::Mcp { name: name.clone(), error })?;
            agent = agent.tool_source(server);
            tracing::info!(server = %name, "the agent has the tools of an MCP server");
        }
        Ok(Self {
            agent,
            budget: TokenBudget::new(args.max_input_tokens),
            titles: TitleWriter::from_first_message(),
        })
    }
}

impl ChatKitServer for AgentResponder {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let answer = stream::once(async {
                let converter = DefaultConverter::for_turn(&turn).token_budget(self.budget.clone());
                let input = load_input(&turn, &converter).await?;
                let context = AgentContext::new(turn.clone());
                let run = Runner::run_streamed(&self.agent, input, context.clone());
                Ok::<_, RespondError>(stream_agent_response(&context, run))
            });
            events.forward(thinking("Thinking…", answer.try_flatten())).await?;
            self.titles.set_title(&turn).await;
            Ok(())
        })
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
