//! Questions to the user.

use std::fmt::Write as _;

use chatkit_protocol::{
    StructuredInput, StructuredInputFreeform, StructuredInputItem, StructuredInputMultipleChoice,
    StructuredInputOption, StructuredInputStatus, ThreadItem,
};
use chatkit_server::{IdKind, RespondError};

use super::{help::quote, stage::Stage};

pub(super) async fn ask(stage: Stage) -> Result<(), RespondError> {
    stage.say("Three questions. You may skip any of them, or all:").await?;
    let choice = |id: &str, question: &str, multiple, options: &[&str]| {
        let option = |value: &&str| StructuredInputOption { value: (*value).to_owned() };
        StructuredInput::MultipleChoice(StructuredInputMultipleChoice {
            id: id.to_owned(),
            question: question.to_owned(),
            answer: None,
            options: options.iter().map(option).collect(),
            multiple,
        })
    };
    let inputs = vec![
        choice("season", "When would you like to travel?", false, &["Spring", "Summer", "Winter"]),
        choice("likes", "What do you like?", true, &["Museums", "Walks", "Food", "Music"]),
        StructuredInput::Freeform(StructuredInputFreeform {
            id: "wish".to_owned(),
            question: "Anything else?".to_owned(),
            answer: None,
            description: Some("In your own words.".to_owned()),
        }),
    ];
    let item = StructuredInputItem {
        id: stage.new_id(IdKind::Message),
        thread_id: stage.thread_id(),
        created_at: stage.now(),
        status: StructuredInputStatus::Pending,
        inputs,
    };
    stage.events.item(ThreadItem::StructuredInput(item)).await
}

/// Goes on with the answers.
pub(super) async fn go_on(stage: Stage, item: &StructuredInputItem) -> Result<(), RespondError> {
    if item.status == StructuredInputStatus::Skipped {
        return stage.say("You skipped the questions. That is an answer too!").await;
    }
    let mut text = String::from("Thank you! Your answers arrived:\n\n");
    for input in &item.inputs {
        let question = match input {
            StructuredInput::MultipleChoice(input) => &input.question,
            StructuredInput::Freeform(input) => &input.question,
        };
        let values = match input.answer() {
            Some(answer) if !answer.skipped && !answer.values.is_empty() => answer
                .values
                .iter()
                .map(|value| format!("**{}**", quote(value)))
                .collect::<Vec<_>>()
                .join(", "),
            _ => "skipped".to_owned(),
        };
        writeln!(text, "- {} {values}", quote(question))?;
    }
    text.push_str(
        "\nThey were first recorded in the questions themselves; then I was called again, without \
         a message, and read them from the thread.",
    );
    stage.say(&text).await
}
