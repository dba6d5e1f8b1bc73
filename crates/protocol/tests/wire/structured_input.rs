use chatkit_protocol::{
    StructuredInput, StructuredInputAnswer, StructuredInputFreeform, StructuredInputItem,
    StructuredInputMultipleChoice, StructuredInputOption, StructuredInputStatus,
    StructuredInputSubmission,
};
use serde_json::{Value, json};

use crate::{assert_read, assert_wire, at};

#[test]
fn multiple_choice() {
    let mut question = StructuredInputMultipleChoice {
        id: "color".to_owned(),
        question: "Which color?".to_owned(),
        answer: None,
        options: vec![],
        multiple: false,
    };
    assert_wire(
        &StructuredInput::MultipleChoice(question.clone()),
        &json!({
            "type": "multiple_choice",
            "id": "color",
            "question": "Which color?",
            "options": [],
            "multiple": false,
        }),
    );
    assert_read(
        &json!({
            "type": "multiple_choice",
            "id": "color",
            "question": "Which color?",
            "options": [],
        }),
        &StructuredInput::MultipleChoice(question.clone()),
    );
    question.options = vec![StructuredInputOption { value: "red".to_owned() }];
    question.multiple = true;
    question.answer =
        Some(StructuredInputAnswer { values: vec!["red".to_owned()], skipped: false });
    assert_wire(
        &StructuredInput::MultipleChoice(question),
        &json!({
            "type": "multiple_choice",
            "id": "color",
            "question": "Which color?",
            "options": [{ "value": "red" }],
            "multiple": true,
            "answer": { "values": ["red"], "skipped": false },
        }),
    );
}

#[test]
fn freeform() {
    let mut question = StructuredInputFreeform {
        id: "name".to_owned(),
        question: "What name?".to_owned(),
        answer: None,
        description: None,
    };
    assert_wire(
        &StructuredInput::Freeform(question.clone()),
        &json!({ "type": "freeform", "id": "name", "question": "What name?" }),
    );
    question.description = Some("As in the passport".to_owned());
    question.answer = Some(StructuredInputAnswer { values: vec![], skipped: true });
    assert_wire(
        &StructuredInput::Freeform(question),
        &json!({
            "type": "freeform",
            "id": "name",
            "question": "What name?",
            "description": "As in the passport",
            "answer": { "values": [], "skipped": true },
        }),
    );
    assert_read(&json!({}), &StructuredInputAnswer::default());
}

fn answered(submission: Value) -> (StructuredInputStatus, Vec<Value>) {
    let choice = |id: &str, multiple| json!({ "type": "multiple_choice", "id": id, "question": "?", "options": [], "multiple": multiple });
    let inputs = json!([
        choice("one", false),
        choice("many", true),
        { "type": "freeform", "id": "free", "question": "?" },
    ]);
    let item = StructuredInputItem {
        id: "itm_1".into(),
        thread_id: "thr_1".into(),
        created_at: at(),
        status: StructuredInputStatus::Pending,
        inputs: serde_json::from_value(inputs).unwrap(),
    };
    let submission: StructuredInputSubmission = serde_json::from_value(submission).unwrap();
    let item = item.answered(&submission);
    let ids: Vec<_> = item.inputs.iter().map(StructuredInput::id).collect();
    assert_eq!(ids, ["one", "many", "free"]);
    let answers = item.inputs.iter().map(|input| serde_json::to_value(input.answer()).unwrap());
    (item.status, answers.collect())
}

#[test]
fn answers_are_recorded() {
    let answer = |values: &[&str]| json!({ "values": values, "skipped": false });
    let skipped = json!({ "values": [], "skipped": true });
    assert_eq!(
        answered(json!({
            "answers": {
                "one": { "values": ["a", "b"] },
                "many": { "values": ["a", "b"] },
                "free": { "values": ["a"], "skipped": true },
                "unknown": { "values": ["a"] },
            },
        })),
        (
            StructuredInputStatus::Answered,
            vec![answer(&["a"]), answer(&["a", "b"]), skipped.clone()],
        ),
    );
    assert_eq!(
        answered(json!({ "answers": { "many": { "values": [] }, "free": { "values": ["x"] } } })),
        (StructuredInputStatus::Answered, vec![skipped.clone(), skipped.clone(), answer(&["x"])]),
    );
    assert_eq!(
        answered(json!({ "status": "skipped", "answers": { "one": { "values": ["a"] } } })),
        (StructuredInputStatus::Skipped, vec![skipped.clone(), skipped.clone(), skipped]),
    );
}
