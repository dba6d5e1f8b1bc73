//! `ollama pull qwen3`, then `cargo run -p ollama`, or with another model `cargo run -p ollama NAME`.
//! Pages find it at `http://127.0.0.1:8000/chatkit`.

use chatkit_agents::model::ChatCompletionsModel;
use chatkit_http::{Options, router, serve};
use chatkit_server::{ChatKit, MemoryStore};
use ollama::Assistant;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "qwen3".to_owned());
    let assistant = Assistant::new(ChatCompletionsModel::ollama(name));
    let chatkit = ChatKit::new(assistant, MemoryStore::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    serve(listener, router(chatkit, Options::default()), std::future::pending()).await
}
