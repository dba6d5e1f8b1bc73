//! The body of a request.

use chatkit_protocol::JsonObject;
use serde_json::{Value, json};

use crate::model::{ModelRequest, ModelSettings, ToolChoice, ToolSpec};

/// What is sent to the provider. The fields of `extra_body` come last and win.
pub(super) fn body(model: &str, request: &ModelRequest) -> Value {
    let settings = &request.settings;
    let mut body = JsonObject::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    put("model", Some(model.into()));
    put("input", Some(json!(request.input)));
    put("stream", Some(true.into()));
    put("instructions", request.instructions.as_deref().map(Value::from));
    put("previous_response_id", request.previous_response_id.as_deref().map(Value::from));
    let has_tools = !request.tools.is_empty();
    put("tools", has_tools.then(|| request.tools.iter().map(tool).collect()));
    put(
        "tool_choice",
        settings.tool_choice.as_ref().map(|choice| tool_choice(choice, &request.tools)),
    );
    // Without tools the provider refuses to be told that it may call several.
    let parallel = settings.parallel_tool_calls.filter(|parallel| has_tools || !parallel);
    put("parallel_tool_calls", parallel.map(Value::from));
    put("temperature", settings.temperature.map(Value::from));
    put("top_p", settings.top_p.map(Value::from));
    put("max_output_tokens", settings.max_output_tokens.map(Value::from));
    put("reasoning", reasoning(settings));
    put("text", text(request));
    put("store", settings.store.map(Value::from));
    put("metadata", (!settings.metadata.is_empty()).then(|| json!(settings.metadata)));
    // What the provider does not keep has to come with the next request.
    let is_stored = settings.store != Some(false);
    put("include", (!is_stored).then(|| json!(["reasoning.encrypted_content"])));
    body.extend(settings.extra_body.clone());
    Value::Object(body)
}

fn tool(tool: &ToolSpec) -> Value {
    match tool {
        ToolSpec::Function { name, description, parameters, strict } => json!({
            "type": "function",
            "name": name,
            "description": description,
            "parameters": parameters,
            "strict": strict,
        }),
        ToolSpec::Hosted(spec) => Value::Object(spec.clone()),
    }
}

fn tool_choice(choice: &ToolChoice, tools: &[ToolSpec]) -> Value {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Named(name) => {
            let chosen = tools.iter().find(|tool| tool.name() == name);
            match chosen {
                Some(ToolSpec::Hosted(_)) => json!({"type": name}),
                _ => json!({"type": "function", "name": name}),
            }
        }
    }
}

fn reasoning(settings: &ModelSettings) -> Option<Value> {
    let reasoning = settings.reasoning.as_ref()?;
    let fields = [("effort", &reasoning.effort), ("summary", &reasoning.summary)];
    let fields = fields.into_iter().filter_map(|(name, value)| {
        value.as_deref().map(|value| (name.to_owned(), Value::from(value)))
    });
    let fields: JsonObject = fields.collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}

fn text(request: &ModelRequest) -> Option<Value> {
    let mut text = JsonObject::new();
    if let Some(output) = &request.output {
        let format = json!({
            "type": "json_schema",
            "name": output.name,
            "schema": output.schema,
            "strict": output.strict,
        });
        text.insert("format".to_owned(), format);
    }
    if let Some(verbosity) = &request.settings.verbosity {
        text.insert("verbosity".to_owned(), verbosity.as_str().into());
    }
    (!text.is_empty()).then_some(Value::Object(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ModelRequest, ToolChoice, ToolSpec, body};
    use crate::model::{InputItem, OutputSchema, ReasoningSettings};

    #[test]
    fn what_is_not_set_is_left_out() {
        assert_eq!(
            body("m", &ModelRequest::new(vec!["hi".into()])),
            json!({
                "model": "m",
                "stream": true,
                "input": [{
                    "type": "message", "role": "user",
                    "content": [{"type": "input_text", "text": "hi"}],
                }],
            })
        );
    }

    #[test]
    fn everything() {
        let mut request = ModelRequest::new(vec![InputItem::Raw(Default::default())]);
        request.instructions = Some("be kind".to_owned());
        request.previous_response_id = Some("resp_1".to_owned());
        request.tools = vec![
            ToolSpec::Function {
                name: "f".to_owned(),
                description: "does f".to_owned(),
                parameters: json!({"type": "object"}),
                strict: true,
            },
            ToolSpec::hosted("web_search"),
        ];
        request.output =
            Some(OutputSchema { name: "o".to_owned(), schema: json!({"a": 1}), strict: false });
        let settings = &mut request.settings;
        settings.temperature = Some(0.5);
        settings.top_p = Some(0.25);
        settings.max_output_tokens = Some(9);
        settings.tool_choice = Some(ToolChoice::Named("web_search".to_owned()));
        settings.parallel_tool_calls = Some(true);
        settings.reasoning =
            Some(ReasoningSettings { effort: Some("low".to_owned()), summary: None });
        settings.verbosity = Some("high".to_owned());
        settings.store = Some(false);
        settings.metadata.insert("k".to_owned(), "v".to_owned());
        settings.extra_body.insert("top_p".to_owned(), json!(1));
        assert_eq!(
            body("m", &request),
            json!({
                "model": "m",
                "stream": true,
                "input": [{}],
                "instructions": "be kind",
                "previous_response_id": "resp_1",
                "tools": [
                    {"type": "function", "name": "f", "description": "does f", "parameters": {"type": "object"}, "strict": true},
                    {"type": "web_search"},
                ],
                "tool_choice": {"type": "web_search"},
                "parallel_tool_calls": true,
                "temperature": 0.5,
                "top_p": 1,
                "max_output_tokens": 9,
                "reasoning": {"effort": "low"},
                "text": {
                    "format": {"type": "json_schema", "name": "o", "schema": {"a": 1}, "strict": false},
                    "verbosity": "high",
                },
                "store": false,
                "metadata": {"k": "v"},
                "include": ["reasoning.encrypted_content"],
            })
        );
    }

    #[test]
    fn tools_that_must_be_called() {
        let mut request = ModelRequest::new(Vec::new());
        request.settings.parallel_tool_calls = Some(true);
        for (choice, expected) in [
            (ToolChoice::Auto, json!("auto")),
            (ToolChoice::Required, json!("required")),
            (ToolChoice::None, json!("none")),
            (ToolChoice::Named("f".to_owned()), json!({"type": "function", "name": "f"})),
        ] {
            request.settings.tool_choice = Some(choice);
            assert_eq!(body("m", &request)["tool_choice"], expected);
        }
        assert_eq!(body("m", &request).get("parallel_tool_calls"), None);
    }
}
