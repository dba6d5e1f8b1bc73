//! Requests: whole bodies.

use serde_json::{Value, json};

use super::super::messages::messages;
use super::super::options::{MaxTokensField, Quirks, SystemRole};
use super::super::request::body;
use super::quirks;
use crate::model::{
    FunctionCall, FunctionCallOutput, InputContent, InputItem, InputMessage, ModelRequest,
    OutputSchema, ReasoningSettings, Role, ToolChoice, ToolSpec,
};

fn call(id: &str, arguments: &str) -> InputItem {
    InputItem::FunctionCall(FunctionCall {
        call_id: id.into(),
        name: "find".into(),
        arguments: arguments.into(),
    })
}

fn output(id: &str, output: &str) -> InputItem {
    InputItem::FunctionCallOutput(FunctionCallOutput { call_id: id.into(), output: output.into() })
}

fn assistant(text: &str) -> InputItem {
    InputItem::text(Role::Assistant, text)
}

fn raw(fields: Value) -> InputItem {
    match fields {
        Value::Object(fields) => InputItem::Raw(fields),
        other => panic!("{other}"),
    }
}

fn thoughts(text: &str) -> InputItem {
    raw(json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}))
}

fn tool_call(id: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": "find", "arguments": arguments}})
}

fn tool_message(id: &str, output: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": output})
}

fn converted(input: Vec<InputItem>) -> Value {
    messages(None, input, quirks()).into()
}

fn function(name: &str, strict: bool) -> ToolSpec {
    ToolSpec::Function {
        name: name.into(),
        description: if strict { "Finds.".into() } else { String::new() },
        parameters: json!({"type": "object"}),
        strict,
    }
}

#[test]
fn the_smallest_request() {
    let request = ModelRequest::new(vec!["Hi".into()]);
    assert_eq!(
        body("m", request, quirks()),
        json!({
            "model": "m",
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
}

#[test]
fn a_request_with_everything() {
    let mut request = ModelRequest::new(vec!["Hi".into()]);
    request.instructions = Some("Be kind.".into());
    request.tools =
        vec![function("find", true), ToolSpec::hosted("web_search"), function("get", false)];
    request.output =
        Some(OutputSchema { name: "o".into(), schema: json!({"type": "object"}), strict: true });
    request.previous_response_id = Some("r1".into());
    let settings = &mut request.settings;
    settings.temperature = Some(0.5);
    settings.top_p = Some(0.9);
    settings.max_output_tokens = Some(100);
    settings.tool_choice = Some(ToolChoice::Named("find".into()));
    settings.parallel_tool_calls = Some(false);
    settings.reasoning =
        Some(ReasoningSettings { effort: Some("low".into()), summary: Some("auto".into()) });
    settings.verbosity = Some("low".into());
    settings.store = Some(false);
    settings.metadata.insert("a".into(), "b".into());
    settings.extra_body.insert("seed".into(), 7.into());
    settings.extra_body.insert("top_p".into(), 0.1.into());

    let openai = Quirks {
        max_tokens: MaxTokensField::MaxCompletionTokens,
        system_role: SystemRole::Developer,
        include_usage: false,
        ..quirks()
    };
    assert_eq!(
        body("m", request, openai),
        json!({
            "model": "m",
            "messages": [
                {"role": "developer", "content": "Be kind."},
                {"role": "user", "content": "Hi"},
            ],
            "stream": true,
            "tools": [
                {"type": "function", "function": {"name": "find", "description": "Finds.",
                    "parameters": {"type": "object"}, "strict": true}},
                {"type": "function", "function": {"name": "get", "parameters": {"type": "object"}}},
            ],
            "tool_choice": {"type": "function", "function": {"name": "find"}},
            "parallel_tool_calls": false,
            "response_format": {"type": "json_schema",
                "json_schema": {"name": "o", "schema": {"type": "object"}, "strict": true}},
            "temperature": 0.5,
            "top_p": 0.1,
            "max_completion_tokens": 100,
            "reasoning_effort": "low",
            "verbosity": "low",
            "store": false,
            "metadata": {"a": "b"},
            "seed": 7,
        })
    );
}

#[test]
fn without_tools_nothing_is_said_about_them() {
    let mut request = ModelRequest::new(vec!["Hi".into()]);
    request.tools = vec![ToolSpec::hosted("web_search")];
    request.settings.tool_choice = Some(ToolChoice::Required);
    request.settings.parallel_tool_calls = Some(true);
    request.settings.max_output_tokens = Some(5);
    assert_eq!(
        body("m", request, quirks()),
        json!({
            "model": "m",
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_tokens": 5,
        })
    );
}

#[test]
fn choices_of_tools() {
    let choices = [
        (ToolChoice::Auto, json!("auto")),
        (ToolChoice::Required, json!("required")),
        (ToolChoice::None, json!("none")),
        (ToolChoice::Named("web_search".into()), json!(null)),
    ];
    for (choice, expected) in choices {
        let mut request = ModelRequest::new(vec!["Hi".into()]);
        request.tools = vec![function("find", false), ToolSpec::hosted("web_search")];
        request.settings.tool_choice = Some(choice);
        assert_eq!(body("m", request, quirks())["tool_choice"], expected);
    }
}

#[test]
fn messages_of_all_roles_and_contents() {
    let user = InputMessage {
        role: Role::User,
        content: vec![
            InputContent::Text(String::new()),
            InputContent::Text("Look:".into()),
            InputContent::Image { url: "data:image/png;base64,AA".into(), detail: None },
            InputContent::Image { url: "https://x.example".into(), detail: Some("low".into()) },
            InputContent::File {
                filename: Some("a.pdf".into()),
                data: Some("data:application/pdf;base64,AA".into()),
                url: Some("https://y.example".into()),
            },
            InputContent::File { filename: None, data: Some("data:,x".into()), url: None },
            InputContent::File { filename: None, data: None, url: None },
            InputContent::Raw(json!({"type": "input_audio"}).as_object().unwrap().clone()),
        ],
    };
    let texts = InputMessage {
        role: Role::User,
        content: vec![
            InputContent::Text("One".into()),
            InputContent::Text("two".into()),
            InputContent::File {
                filename: Some("b.pdf".into()),
                data: None,
                url: Some("https://b.example".into()),
            },
        ],
    };
    let input = vec![
        InputItem::text(Role::System, "s"),
        InputItem::text(Role::Developer, "d"),
        InputItem::Message(user),
        assistant("a"),
        assistant(""),
        InputItem::Message(texts),
    ];
    assert_eq!(
        converted(input),
        json!([
            {"role": "system", "content": "s"},
            {"role": "system", "content": "d"},
            {"role": "user", "content": [
                {"type": "text", "text": "Look:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
                {"type": "image_url", "image_url": {"url": "https://x.example", "detail": "low"}},
                {"type": "file", "file":
                    {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA"}},
                {"type": "file", "file": {"file_data": "data:,x"}},
            ]},
            {"role": "assistant", "content": "a"},
            {"role": "user", "content": "One\ntwo\nb.pdf: https://b.example"},
        ])
    );
}

#[test]
fn calls_join_the_message_before_them() {
    let input = vec![
        "Hi".into(),
        assistant("Let me look."),
        call("k1", "{}"),
        call("k2", "{\"a\":1}"),
        output("k1", "one"),
        output("k2", "two"),
        call("k3", ""),
        output("k3", "three"),
        assistant("There."),
    ];
    assert_eq!(
        converted(input),
        json!([
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Let me look.",
                "tool_calls": [tool_call("k1", "{}"), tool_call("k2", "{\"a\":1}")]},
            tool_message("k1", "one"),
            tool_message("k2", "two"),
            {"role": "assistant", "content": null, "tool_calls": [tool_call("k3", "{}")]},
            tool_message("k3", "three"),
            {"role": "assistant", "content": "There."},
        ])
    );
}

#[test]
fn arguments_that_are_no_json_are_none() {
    assert_eq!(
        converted(vec![call("k1", "{\"a\":"), output("k1", "no")]),
        json!([
            {"role": "assistant", "content": null, "tool_calls": [tool_call("k1", "{}")]},
            tool_message("k1", "no"),
        ])
    );
}

#[test]
fn calls_and_outputs_come_in_pairs() {
    let input = vec![
        output("k0", "lost"),
        call("k1", "{}"),
        call("k2", "{}"),
        "And?".into(),
        output("k2", "late"),
        output("k2", "again"),
        assistant("Done."),
        call("k4", "{}"),
    ];
    assert_eq!(
        converted(input),
        json!([
            {"role": "assistant", "content": null, "tool_calls": [tool_call("k2", "{}")]},
            tool_message("k2", "late"),
            {"role": "user", "content": "And?"},
            {"role": "assistant", "content": "Done."},
        ])
    );
}

#[test]
fn an_id_may_come_again_in_a_later_answer() {
    let input = vec![call("k", "{}"), output("k", "one"), call("k", "[1]"), output("k", "two")];
    assert_eq!(
        converted(input),
        json!([
            {"role": "assistant", "content": null, "tool_calls": [tool_call("k", "{}")]},
            tool_message("k", "one"),
            {"role": "assistant", "content": null, "tool_calls": [tool_call("k", "[1]")]},
            tool_message("k", "two"),
        ])
    );
}

#[test]
fn items_as_other_models_wrote_them() {
    let extra = json!({"google": {"thought_signature": "abc"}});
    let input = vec![
        raw(json!({"role": "user", "content": "Hi"})),
        raw(json!({"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "Look:"},
            {"type": "input_image", "image_url": "https://x.example", "detail": "low"},
            {"type": "input_file", "file_data": "data:,x", "filename": "a"},
            {"type": "input_audio"},
        ]})),
        thoughts("Hm"),
        raw(json!({"type": "web_search_call", "id": "w1"})),
        raw(json!({"type": "message", "role": "assistant", "id": "m1", "content": [
            {"type": "output_text", "text": "One", "annotations": []},
            {"type": "refusal", "refusal": "no"},
        ]})),
        raw(json!({"type": "function_call", "id": "f1", "call_id": "k1", "name": "find",
            "arguments": "{}", "extra_content": extra})),
        raw(json!({"type": "function_call_output", "call_id": "k1", "output": {"a": 1}})),
        raw(json!({"type": "function_call"})),
        raw(json!({"type": "message", "role": "robot", "content": "x"})),
    ];
    let mut with_extra = tool_call("k1", "{}");
    with_extra["extra_content"] = extra.clone();
    assert_eq!(
        converted(input),
        json!([
            {"role": "user", "content": "Hi"},
            {"role": "user", "content": [
                {"type": "text", "text": "Look:"},
                {"type": "image_url", "image_url": {"url": "https://x.example", "detail": "low"}},
                {"type": "file", "file": {"file_data": "data:,x", "filename": "a"}},
            ]},
            {"role": "assistant", "content": "One\nno", "tool_calls": [with_extra]},
            tool_message("k1", "{\"a\":1}"),
        ])
    );
}

#[test]
fn thoughts_go_back_if_wanted() {
    let input = vec![
        "Hi".into(),
        thoughts("One"),
        assistant("Let me look."),
        thoughts("Two"),
        call("k1", "{}"),
        output("k1", "one"),
        call("k2", "{}"),
        output("k2", "two"),
        thoughts("Forgotten"),
        "And?".into(),
        assistant("Yes."),
    ];
    let keep = Quirks { reasoning_in_history: true, ..quirks() };
    assert_eq!(
        Value::from(messages(None, input, keep)),
        json!([
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Let me look.", "reasoning_content": "One\nTwo",
                "tool_calls": [tool_call("k1", "{}")]},
            tool_message("k1", "one"),
            {"role": "assistant", "content": null, "reasoning_content": "",
                "tool_calls": [tool_call("k2", "{}")]},
            tool_message("k2", "two"),
            {"role": "user", "content": "And?"},
            {"role": "assistant", "content": "Yes."},
        ])
    );
}
