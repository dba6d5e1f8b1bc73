//! From a request of a model to the body of a request of the API.

use chatkit_protocol::JsonObject;
use serde_json::{Value, json};

use super::messages::{messages, object};
use super::options::Quirks;
use crate::model::{ModelRequest, OutputSchema, ToolChoice, ToolSpec};

/// The body.
pub(super) fn body(model: &str, request: ModelRequest, quirks: Quirks) -> Value {
    let settings = request.settings;
    let mut body = Body(JsonObject::new());
    body.put("model", Some(model));
    body.put("messages", Some(messages(request.instructions, request.input, quirks)));
    body.put("stream", Some(true));
    body.put("stream_options", quirks.include_usage.then(|| json!({"include_usage": true})));

    let tools: Vec<Value> = request.tools.into_iter().filter_map(tool).collect();
    if !tools.is_empty() {
        // Without tools, providers refuse what is said about them.
        let choice = settings.tool_choice.and_then(|choice| tool_choice(choice, &tools));
        body.put("tool_choice", choice);
        body.put("parallel_tool_calls", settings.parallel_tool_calls);
        body.put("tools", Some(tools));
    }
    body.put("response_format", request.output.map(response_format));

    body.put("temperature", settings.temperature);
    body.put("top_p", settings.top_p);
    body.put(quirks.max_tokens.name(), settings.max_output_tokens);
    body.put("reasoning_effort", settings.reasoning.and_then(|reasoning| reasoning.effort));
    body.put("verbosity", settings.verbosity);
    body.put("store", settings.store);
    let metadata: JsonObject =
        settings.metadata.into_iter().map(|(name, value)| (name, value.into())).collect();
    body.put("metadata", (!metadata.is_empty()).then_some(metadata));
    body.0.extend(settings.extra_body);
    Value::Object(body.0)
}

struct Body(JsonObject);

impl Body {
    fn put(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
    }
}

/// A function. This API has no form for tools on the provider's side.
fn tool(spec: ToolSpec) -> Option<Value> {
    let ToolSpec::Function { name, description, parameters, strict } = spec else { return None };
    let mut function = object([("name", name.into()), ("parameters", parameters)]);
    if !description.is_empty() {
        function["description"] = description.into();
    }
    if strict {
        function["strict"] = true.into();
    }
    Some(object([("type", "function".into()), ("function", function)]))
}

fn tool_choice(choice: ToolChoice, tools: &[Value]) -> Option<Value> {
    match choice {
        ToolChoice::Auto => Some("auto".into()),
        ToolChoice::Required => Some("required".into()),
        ToolChoice::None => Some("none".into()),
        ToolChoice::Named(name) => tools
            .iter()
            .any(|tool| tool["function"]["name"] == name.as_str())
            .then(|| json!({"type": "function", "function": {"name": name}})),
    }
}

fn response_format(output: OutputSchema) -> Value {
    let OutputSchema { name, schema, strict } = output;
    let schema = object([("name", name.into()), ("schema", schema), ("strict", strict.into())]);
    object([("type", "json_schema".into()), ("json_schema", schema)])
}
