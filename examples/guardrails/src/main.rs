//! Serves the assistant with models of OpenAI's: `OPENAI_API_KEY=… cargo run -p guardrails`. Pages find
//! it at `http://127.0.0.1:8000/chatkit`.

use chatkit_agents::model::{ProviderOptions, ResponsesModel};
use chatkit_http::{Options, router, serve};
use chatkit_server::{ChatKit, MemoryStore};
use guardrails::Assistant;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = std::env::var("OPENAI_API_KEY").map_err(|_| "OPENAI_API_KEY is not set")?;
    let openai = ProviderOptions::new().api_key(key);
    let model = ResponsesModel::new("gpt-5-mini", openai.clone());
    let judge = ResponsesModel::new("gpt-5-nano", openai);
    let chatkit = ChatKit::new(Assistant::new(model, judge), MemoryStore::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    serve(listener, router(chatkit, Options::default()), std::future::pending()).await?;
    Ok(())
}
