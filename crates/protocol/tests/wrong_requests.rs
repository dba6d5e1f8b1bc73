//! What a wrong request is told.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use chatkit_protocol::{Op, Request, RequestErrorKind};
use serde_json::json;

/// Asserts the text and the op of the error.
#[track_caller]
fn assert_refused(body: &str, op: Option<Op>, expected: &str) {
    let error = Request::parse(body.as_bytes()).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.op), (expected, op), "{body}");
}

#[test]
fn a_wrong_field_is_named_with_what_was_expected() {
    use Op::{
        AttachmentsCreate, InputTranscribe, ItemsFeedback, ItemsList, ThreadsAddClientToolOutput,
        ThreadsAddStructuredInput, ThreadsCreate, ThreadsCustomAction, ThreadsGetById, ThreadsList,
        ThreadsRetryAfterItem, ThreadsUpdate,
    };

    const ID: &str = "invalid type: integer `5`, expected a string";
    const WHOLE: &str = "expected a whole number that is not negative";
    for (op, params, expected) in [
        (ThreadsCreate, r#"null"#, "params: missing field"),
        (ThreadsCreate, r#"5"#, "params: invalid type: integer `5`, expected an object"),
        (ThreadsCreate, r#"["x"]"#, "params: invalid type: array, expected an object"),
        (ThreadsCreate, r#"{}"#, "params.input: missing field"),
        (ThreadsCreate, r#"{"input": {}}"#, "params.input.content: missing field"),
        (
            ThreadsCreate,
            r#"{"input": [[]]}"#,
            "params.input: invalid type: array, expected an object",
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": "hello"}}"#,
            r#"params.input.content: invalid type: string "hello", expected an array"#,
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": {}}}"#,
            "params.input.content: invalid type: object, expected an array",
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": [], "content": []}}"#,
            "params.input.content: given twice",
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": ["hello"]}}"#,
            r#"params.input.content[0]: invalid type: string "hello", expected an object"#,
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": [{"text": "hello"}]}}"#,
            "params.input.content[0].type: missing field",
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": [{"type": "input_image"}]}}"#,
            "params.input.content[0].type: unknown value `input_image`, \
             expected `input_text` or `input_tag`",
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": [{"type": "input_text", "text": ""}, {"type": "input_text"}]}}"#,
            "params.input.content[1].text: missing field",
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": [{"type": "input_tag", "text": "Ada"}]}}"#,
            "params.input.content[0].id: missing field",
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": [{"type": "input_tag", "text": "Ada", "id": "a", "data": []}]}}"#,
            "params.input.content[0].data: invalid type: array, expected an object",
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": [], "attachments": ["a", {"id": "b"}]}}"#,
            "params.input.attachments[1]: invalid type: object, expected a string",
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": [], "inference_options": {"tool_choice": {}}}}"#,
            "params.input.inference_options.tool_choice.id: missing field",
        ),
        (
            ThreadsCreate,
            r#"{"input": {"content": [], "inference_options": []}}"#,
            "params.input.inference_options: invalid type: array, expected an object",
        ),
        (ThreadsGetById, r#"{"thread_id": 5}"#, &format!("params.thread_id: {ID}")),
        (
            ThreadsGetById,
            r#"{"thread_id": null}"#,
            "params.thread_id: invalid type: null, expected a string",
        ),
        (
            ThreadsGetById,
            r#"{"thread_id": "a", "thread_id": "b"}"#,
            "params.thread_id: given twice",
        ),
        (
            ThreadsGetById,
            r#"{"thread_id": "\ud800"}"#,
            "params.thread_id: unexpected end of hex escape",
        ),
        (ThreadsRetryAfterItem, r#"{"thread_id": "t"}"#, "params.item_id: missing field"),
        (
            ThreadsUpdate,
            r#"{"thread_id": "t", "title": null}"#,
            "params.title: invalid type: null, expected a string",
        ),
        (
            ThreadsCustomAction,
            r#"{"thread_id": "t", "action": {}}"#,
            "params.action.type: missing field",
        ),
        (
            ThreadsAddClientToolOutput,
            r#"{"thread_id": "t", "result": {"a": [1e999]}}"#,
            "params.result.a[0]: number out of range",
        ),
        (
            ThreadsAddStructuredInput,
            r#"{"thread_id": "t", "item_id": "i", "input": {"status": "done"}}"#,
            "params.input.status: unknown value `done`, expected `answered` or `skipped`",
        ),
        (
            ThreadsAddStructuredInput,
            r#"{"thread_id": "t", "item_id": "i", "input": {"answers": {"q": {"values": [5]}}}}"#,
            &format!("params.input.answers.q.values[0]: {ID}"),
        ),
        (
            ThreadsList,
            r#"{"order": "up"}"#,
            "params.order: unknown value `up`, expected `asc` or `desc`",
        ),
        (
            ThreadsList,
            r#"{"order": {"asc": null}}"#,
            "params.order: invalid type: object, expected a string",
        ),
        (
            ThreadsList,
            r#"{"limit": -1}"#,
            &format!("params.limit: invalid value: integer `-1`, {WHOLE}"),
        ),
        (
            ItemsList,
            r#"{"thread_id": "t", "limit": 1.5}"#,
            &format!("params.limit: invalid type: floating point `1.5`, {WHOLE}"),
        ),
        (
            ItemsList,
            r#"{"thread_id": "t", "limit": "10"}"#,
            &format!(r#"params.limit: invalid type: string "10", {WHOLE}"#),
        ),
        (
            ThreadsList,
            r#"{"limit": 18446744073709551616}"#,
            &format!(
                "params.limit: invalid type: floating point `1.8446744073709552e+19`, {WHOLE}"
            ),
        ),
        (ThreadsList, r#"{"limit": 1e999}"#, "params.limit: number out of range"),
        (
            ItemsFeedback,
            r#"{"thread_id": "t", "item_ids": ["a", 5], "kind": "positive"}"#,
            &format!("params.item_ids[1]: {ID}"),
        ),
        (
            ItemsFeedback,
            r#"{"thread_id": "t", "item_ids": [], "kind": "meh"}"#,
            "params.kind: unknown value `meh`, expected `positive` or `negative`",
        ),
        (AttachmentsCreate, r#"{"name": "n", "mime_type": "m"}"#, "params.size: missing field"),
        (
            AttachmentsCreate,
            r#"{"name": "n", "mime_type": "m", "size": -5}"#,
            &format!("params.size: invalid value: integer `-5`, {WHOLE}"),
        ),
        (
            InputTranscribe,
            r#"{"audio_base64": true, "mime_type": "m"}"#,
            "params.audio_base64: invalid type: boolean `true`, expected a string",
        ),
    ] {
        let body = format!(r#"{{"type": "{op}", "params": {params}}}"#);
        assert_refused(&body, Some(op), expected);
    }
}

#[test]
fn every_op_needs_its_parameters() {
    for op in Op::ALL {
        let body = format!(r#"{{"type": "{op}"}}"#);
        assert_refused(&body, Some(op), "params: missing field");
        let body = format!(r#"{{"type": "{op}", "params": {{}}, "metadata": []}}"#);
        assert_refused(&body, Some(op), "metadata: invalid type: array, expected an object");
    }
}

#[test]
fn an_unknown_op_is_told_what_a_type_is() {
    const EXPECTED: &str = "type: expected the name of an op such as `threads.create`, found";
    for (body, found) in [
        (r#"{}"#, "nothing"),
        (r#"{"type": null}"#, "nothing"),
        (r#"{"type": 5}"#, "5"),
        (r#"{"type": ["threads.list"]}"#, r#"["threads.list"]"#),
        (r#"{"type": "threads.List", "params": {}}"#, r#""threads.List""#),
        (r#"{"type": "threads.list "}"#, r#""threads.list ""#),
    ] {
        assert_refused(body, None, &format!("{EXPECTED} {found}"));
    }
    let long = format!(r#"{{"type": "{}"}}"#, "ä".repeat(100_000));
    assert_refused(&long, None, &format!("{EXPECTED} \"{}", "ä".repeat(63)));
}

#[test]
fn of_an_outer_field_given_twice_the_last_counts() {
    let body = br#"{"type": "a", "params": 1, "params": {}, "type": "threads.list"}"#;
    assert_eq!(Request::parse(body).unwrap().body.op(), Op::ThreadsList);
}

#[test]
fn what_is_no_json_object_is_told_so() {
    for (body, problem) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("hello", "expected value at line 1 column 1"),
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("{\n\"type\": \"threads.list\",\n}", "trailing comma at line 3 column 1"),
        (r#"{"type": "threads.list", "params": {}} x"#, "trailing characters at line 1 column 40"),
        ("null", "invalid type: null, expected an object at line 1 column 4"),
        ("[]", "invalid type: array, expected an object at line 1 column 0"),
        (r#"["threads.list", {}]"#, "invalid type: array, expected an object at line 1 column 0"),
    ] {
        assert_refused(body, None, &format!("body: expected a JSON object: {problem}"));
    }
    let error = Request::parse(b"{\"type\": \"threads.list\", \"\xff\": 1}").unwrap_err();
    assert_eq!(
        error.kind,
        RequestErrorKind::NotJson {
            problem: "invalid utf-8 sequence of 1 bytes from index 26".to_owned(),
        },
    );
}

#[test]
fn depth_without_end_is_refused_or_skipped() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_objects = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    for deep in [deep, deep_objects] {
        let refused = |body: &str| Request::parse(body.as_bytes()).unwrap_err().to_string();
        let body = format!(
            r#"{{"type": "threads.add_client_tool_output", "params": {{"thread_id": "t", "result": {deep}}}}}"#
        );
        let told = refused(&body);
        assert!(
            told.starts_with("params.result") && told.ends_with("…: nested too deep"),
            "{told}"
        );
        assert!(told.chars().count() < 250, "{told}");

        let body =
            format!(r#"{{"type": "threads.list", "params": {{}}, "metadata": {{"a": {deep}}}}}"#);
        assert!(refused(&body).ends_with("…: nested too deep"));
        assert!(refused(&format!(r#"{{"type": {deep}}}"#)).starts_with("type: expected the name"));
        assert!(refused(&deep[..100_000]).starts_with("body: "));

        let body =
            format!(r#"{{"type": "threads.list", "params": {{"new": {deep}}}, "new": {deep}}}"#);
        assert_eq!(Request::parse(body.as_bytes()).unwrap().body.op(), Op::ThreadsList);
    }
}

#[test]
fn what_is_told_of_a_long_request_is_short() {
    let long = "ä".repeat(100_000);
    for (params, start, end) in [
        (
            format!(r#"{{"limit": "{long}"}}"#),
            r#"params.limit: invalid type: string "ää"#,
            r#"ää", expected a whole number that is not negative"#,
        ),
        (
            format!(r#"{{"order": "{long}"}}"#),
            "params.order: unknown value `ää",
            "ää`, expected `asc` or `desc`",
        ),
    ] {
        let body = format!(r#"{{"type": "threads.list", "params": {params}}}"#);
        let told = Request::parse(body.as_bytes()).unwrap_err().to_string();
        assert!(told.starts_with(start) && told.ends_with(end), "{told}");
        assert!(told.chars().count() < 250, "{told}");
    }
    let answers = json!({ "thread_id": "t", "item_id": "i", "input": { "answers": { &long: 5 } } });
    let body = json!({ "type": "threads.add_structured_input", "params": answers }).to_string();
    let told = Request::parse(body.as_bytes()).unwrap_err().to_string();
    assert!(told.ends_with("ää…: invalid type: integer `5`, expected an object"), "{told}");
    assert!(told.chars().count() < 300, "{told}");
}
