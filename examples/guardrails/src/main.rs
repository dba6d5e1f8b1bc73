//! Serves the assistant with a model of OpenAI's.

use chatkit_agents::model::{ProviderOptions, ResponsesModel, Secret};
use chatkit_http::{Options, router, serve};
use chatkit_server::{ChatKit, MemoryStore};
use guardrails::Assistant;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = Secret::new(std::env::var("OPENAI_API_KEY")?);
    let model = ResponsesModel::new("gpt-5-mini", ProviderOptions::new().api_key(key));
    let chatkit = ChatKit::new(Assistant::new(model), MemoryStore::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    serve(listener, router(chatkit, Options::default()), std::future::pending()).await?;
    Ok(())
}
