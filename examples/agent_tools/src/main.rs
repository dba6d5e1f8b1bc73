//! Serves the assistant with a model of OpenAI's: `OPENAI_API_KEY=… cargo run -p agent_tools`. Pages find
//! it at `http://127.0.0.1:8000/chatkit`.

use agent_tools::Assistant;
use chatkit_agents::model::{ProviderOptions, ResponsesModel};
use chatkit_http::{Options, router, serve};
use chatkit_server::{ChatKit, MemoryStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = std::env::var("OPENAI_API_KEY").map_err(|_| "OPENAI_API_KEY is not set")?;
    let model = ResponsesModel::new("gpt-5-mini", ProviderOptions::new().api_key(key));
    let chatkit = ChatKit::new(Assistant::new(model), MemoryStore::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    serve(listener, router(chatkit, Options::default()), std::future::pending()).await?;
    Ok(())
}
