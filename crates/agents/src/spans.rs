//! Spans by the conventions of OpenTelemetry for generative AI, as of version 1.41: plain spans of
//! `tracing`, with the names that an exporter looks for.
//!
//! A run makes none of them the current one for longer than it takes to begin a request, but those of
//! tools and guardrails, so that nothing is entered and left for each piece of a reply. What users and models write is in no field unless it was asked for.

use std::borrow::Cow;

use serde_json::{Value, json};
use tracing::{Span, field::Empty, info_span};

use crate::{
    GuardrailResult, RunError, ToolError,
    model::{
        FunctionCall, InputContent, InputItem, Model, ModelError, ModelRequest, OutputItem,
        OutputKind, Role, Usage,
    },
};

/// The span of an agent's part of a run: `invoke_agent {name}`.
#[derive(Debug)]
pub(crate) struct AgentSpan {
    span: Span,
    has_asked: bool,
    usage: Usage,
}

impl AgentSpan {
    /// Of an agent that has not begun.
    pub(crate) fn none() -> Self {
        Self { span: Span::none(), has_asked: false, usage: Usage::default() }
    }

    /// An agent begins. The span is a child of what is current: a turn, or the tool that the agent
    /// is.
    pub(crate) fn begin(agent: &str, conversation: Option<&str>) -> Self {
        let span = info_span!(
            "invoke_agent",
            otel.name = format_args!("invoke_agent {agent}"),
            otel.kind = "internal",
            otel.status_code = Empty,
            gen_ai.operation.name = "invoke_agent",
            gen_ai.agent.name = agent,
            gen_ai.conversation.id = conversation,
            gen_ai.provider.name = Empty,
            gen_ai.request.model = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            "error.type" = Empty,
        );
        Self { span, has_asked: false, usage: Usage::default() }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// The model that the agent asks is known. Recorded once: exporters do not replace attributes.
    pub(crate) fn asks(&mut self, model: &dyn Model) {
        if !std::mem::replace(&mut self.has_asked, true) && !self.span.is_disabled() {
            self.span.record("gen_ai.provider.name", model.provider().name());
            self.span.record("gen_ai.request.model", model.name());
        }
    }

    /// An answer has cost so much.
    pub(crate) fn add(&mut self, usage: &Usage) {
        self.usage.add(usage);
    }

    /// The agent has ended, or handed over.
    pub(crate) fn end(&self, error: Option<&RunError>) {
        if self.usage != Usage::default() {
            self.span.record("gen_ai.usage.input_tokens", self.usage.input_tokens);
            self.span.record("gen_ai.usage.output_tokens", self.usage.output_tokens);
        }
        if let Some(error) = error {
            fail(&self.span, &error.kind());
        }
    }
}

/// The span of one request of a model: `chat {model}`.
#[derive(Debug)]
pub(crate) struct ChatSpan(Span);

/// What is known of a model's answer.
#[derive(Debug, Default)]
pub(crate) struct Answered<'a> {
    pub(crate) items: &'a [OutputItem],
    pub(crate) response_id: Option<&'a str>,
    pub(crate) model: Option<&'a str>,
    pub(crate) usage: Usage,
    pub(crate) incomplete: Option<&'a str>,
}

impl ChatSpan {
    /// A request is about to be made.
    pub(crate) fn begin(
        parent: &Span,
        model: &dyn Model,
        request: &ModelRequest,
        conversation: Option<&str>,
        log_content: bool,
    ) -> Self {
        let name = model.name();
        let settings = &request.settings;
        let span = info_span!(
            parent: parent,
            "chat",
            otel.name = format_args!("chat {name}"),
            otel.kind = "client",
            otel.status_code = Empty,
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = model.provider().name(),
            gen_ai.request.model = name,
            gen_ai.request.stream = true,
            gen_ai.request.max_tokens = settings.max_output_tokens,
            gen_ai.request.temperature = settings.temperature,
            gen_ai.request.top_p = settings.top_p,
            gen_ai.conversation.id = conversation,
            gen_ai.response.id = Empty,
            gen_ai.response.model = Empty,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.response.time_to_first_chunk = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.usage.cache_read.input_tokens = Empty,
            gen_ai.usage.reasoning.output_tokens = Empty,
            gen_ai.system_instructions = Empty,
            gen_ai.input.messages = Empty,
            gen_ai.output.messages = Empty,
            server.address = model.provider().address(),
            server.port = model.provider().port(),
            "error.type" = Empty,
        );
        if log_content && !span.is_disabled() {
            if let Some(instructions) = &request.instructions {
                let told = json!([{"type": "text", "content": instructions}]);
                span.record("gen_ai.system_instructions", told.to_string());
            }
            let messages = request.input.iter().map(input_message).collect::<Value>();
            span.record("gen_ai.input.messages", messages.to_string());
        }
        Self(span)
    }

    /// Makes it the current one for a moment.
    pub(crate) fn in_scope<T>(&self, begin: impl FnOnce() -> T) -> T {
        self.0.in_scope(begin)
    }

    /// The first event has come, so many seconds after the request.
    pub(crate) fn first_chunk(&self, seconds: f64) {
        self.0.record("gen_ai.response.time_to_first_chunk", seconds);
    }

    /// The model has answered.
    pub(crate) fn answered(&self, answer: &Answered<'_>, log_content: bool) {
        let span = &self.0;
        if span.is_disabled() {
            return;
        }
        if let Some(id) = answer.response_id {
            span.record("gen_ai.response.id", id);
        }
        if let Some(model) = answer.model {
            span.record("gen_ai.response.model", model);
        }
        let reason = finish_reason(answer);
        span.record("gen_ai.response.finish_reasons", reason);
        let usage = &answer.usage;
        if usage.input_tokens + usage.output_tokens > 0 {
            span.record("gen_ai.usage.input_tokens", usage.input_tokens);
            span.record("gen_ai.usage.output_tokens", usage.output_tokens);
            span.record("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens);
            span.record("gen_ai.usage.reasoning.output_tokens", usage.reasoning_tokens);
        }
        if log_content {
            let parts = answer.items.iter().filter_map(output_part).collect::<Value>();
            let said = json!([{"role": "assistant", "parts": parts, "finish_reason": reason}]);
            span.record("gen_ai.output.messages", said.to_string());
        }
    }

    /// The model has failed.
    pub(crate) fn failed(&self, error: &ModelError) {
        fail(&self.0, &error.kind());
    }

    /// The run has ended before the model did.
    pub(crate) fn ended_early(&self, error: &RunError) {
        fail(&self.0, &error.kind());
    }
}

/// The span of a guardrail's work: `run_guardrail {name}`. The conventions have none yet, so what is
/// said of the guardrail has names of this project's own. It is the current one while the guardrail
/// works.
pub(crate) fn run_guardrail(
    parent: &Span,
    guardrail: &str,
    target: &'static str,
    agent: &str,
    conversation: Option<&str>,
) -> Span {
    info_span!(
        parent: parent,
        "run_guardrail",
        otel.name = format_args!("run_guardrail {guardrail}"),
        otel.kind = "internal",
        otel.status_code = Empty,
        gen_ai.agent.name = agent,
        gen_ai.conversation.id = conversation,
        chatkit.guardrail.name = guardrail,
        chatkit.guardrail.target = target,
        chatkit.guardrail.tripwire = Empty,
        chatkit.guardrail.info = Empty,
        "error.type" = Empty,
    )
}

/// What a guardrail found. That it ends the run is no failure of the guardrail's.
pub(crate) fn guardrail_found(span: &Span, result: &GuardrailResult, log_content: bool) {
    span.record("chatkit.guardrail.tripwire", result.tripwire);
    if log_content && !result.info.is_null() {
        span.record("chatkit.guardrail.info", result.info.to_string());
    }
}

/// The span of a tool's work: `execute_tool {name}`. It is the current one while the tool works.
pub(crate) fn execute_tool(
    parent: &Span,
    call: &FunctionCall,
    conversation: Option<&str>,
    log_content: bool,
) -> Span {
    let name = call.name.as_str();
    let span = info_span!(
        parent: parent,
        "execute_tool",
        otel.name = format_args!("execute_tool {name}"),
        otel.kind = "internal",
        otel.status_code = Empty,
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = name,
        gen_ai.tool.call.id = call.call_id,
        "gen_ai.tool.type" = "function",
        gen_ai.tool.call.arguments = Empty,
        gen_ai.tool.call.result = Empty,
        gen_ai.conversation.id = conversation,
        // Filled in when the tool is one of an MCP server's.
        mcp.method.name = Empty,
        network.transport = Empty,
        server.address = Empty,
        server.port = Empty,
        rpc.response.status_code = Empty,
        chatkit.mcp.server = Empty,
        "error.type" = Empty,
    );
    if log_content {
        span.record("gen_ai.tool.call.arguments", call.arguments.as_str());
        tracing::info!(tool = name, arguments = call.arguments, "a tool is called");
    }
    span
}

/// Whether a span is that of a tool's work.
#[cfg(feature = "mcp")]
pub(crate) fn is_execute_tool(span: &Span) -> bool {
    span.metadata().is_some_and(|it| it.name() == "execute_tool" && it.target() == module_path!())
}

/// What a tool has returned, for those who have asked for it.
pub(crate) fn tool_returned(span: &Span, tool: &str, output: &str) {
    span.record("gen_ai.tool.call.result", output);
    tracing::info!(tool, output, "a tool has returned");
}

/// The work of a span has failed.
pub(crate) fn fail(span: &Span, kind: &str) {
    span.record("error.type", kind);
    span.record("otel.status_code", "ERROR");
}

impl ToolError {
    /// The kind of it in one word, for traces.
    pub(crate) fn kind(&self) -> Cow<'static, str> {
        #[cfg(feature = "mcp")]
        if let Some(kind) = crate::mcp::kind_of(self) {
            return kind;
        }
        Cow::Borrowed("tool")
    }

    /// What the log may say of it: not what quotes the arguments or comes from somebody else's
    /// server.
    pub(crate) fn for_log(&self) -> String {
        if self.is_about_arguments() {
            return "the model's arguments do not fit".to_owned();
        }
        #[cfg(feature = "mcp")]
        if let Some(text) = crate::mcp::for_log(self) {
            return text;
        }
        self.to_string()
    }
}

/// Why the model stopped, in the words of the Chat Completions API where it has any.
fn finish_reason<'a>(answer: &Answered<'a>) -> &'a str {
    let calls = |item: &OutputItem| {
        matches!(item.kind, OutputKind::FunctionCall(_) | OutputKind::CustomToolCall(_))
    };
    match answer.incomplete {
        Some("max_output_tokens") => "length",
        Some(reason) => reason,
        None if answer.items.iter().any(calls) => "tool_calls",
        None => "stop",
    }
}

/// An item of the input, as the conventions write messages.
fn input_message(item: &InputItem) -> Value {
    let text = |text: &str| json!({"type": "text", "content": text});
    match item {
        InputItem::Message(message) => {
            let parts = message.content.iter().map(|content| match content {
                InputContent::Text(content) => text(content),
                _ => json!({"type": "blob"}),
            });
            let role = match message.role {
                Role::User => "user",
                Role::Assistant => "assistant",
                _ => "system",
            };
            json!({"role": role, "parts": parts.collect::<Value>()})
        }
        InputItem::FunctionCallOutput(output) => {
            let part = json!({"type": "tool_call_response", "id": output.call_id, "response": output.output});
            json!({"role": "tool", "parts": [part]})
        }
        InputItem::FunctionCall(call) => json!({"role": "assistant", "parts": [called(call)]}),
        InputItem::Raw(raw) => {
            let role = raw.get("role").cloned().unwrap_or_else(|| "assistant".into());
            json!({"role": role, "parts": [raw]})
        }
    }
}

fn called(call: &FunctionCall) -> Value {
    let FunctionCall { call_id, name, arguments } = call;
    json!({"type": "tool_call", "id": call_id, "name": name, "arguments": arguments})
}

fn output_part(item: &OutputItem) -> Option<Value> {
    match &item.kind {
        OutputKind::Message(_) => Some(json!({"type": "text", "content": item.message_text()})),
        OutputKind::FunctionCall(call) => Some(called(call)),
        OutputKind::Reasoning(thoughts) => {
            Some(json!({"type": "reasoning", "content": thoughts.join("\n")}))
        }
        _ => None,
    }
}
