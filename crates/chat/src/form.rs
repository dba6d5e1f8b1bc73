//! Questions of a structured input, answered in lines.

use std::fmt::Write as _;

use chatkit_protocol::{StructuredInput, StructuredInputAnswerSubmission};

/// A question as it is put to the user.
pub(crate) fn question(input: &StructuredInput) -> String {
    match input {
        StructuredInput::Freeform(input) => match &input.description {
            Some(description) => format!("{}\n  ({description})", input.question),
            None => input.question.clone(),
        },
        StructuredInput::MultipleChoice(input) => {
            let mut text = input.question.clone();
            for (number, option) in input.options.iter().enumerate() {
                // Writing to a string does not fail.
                let _ = write!(text, "\n  {}  {}", number + 1, option.value);
            }
            text.push_str(if input.multiple {
                "\n  (numbers with commas between them; nothing skips the question)"
            } else {
                "\n  (a number; nothing skips the question)"
            });
            text
        }
    }
}

/// The answer that a line is.
///
/// # Errors
///
/// What was expected.
pub(crate) fn answer(
    input: &StructuredInput,
    line: &str,
) -> Result<StructuredInputAnswerSubmission, String> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(StructuredInputAnswerSubmission { values: Vec::new(), skipped: true });
    }
    let values = match input {
        StructuredInput::Freeform(_) => vec![line.to_owned()],
        StructuredInput::MultipleChoice(input) => {
            let options: Vec<&str> =
                input.options.iter().map(|option| option.value.as_str()).collect();
            // An option may have a comma in it.
            match choice(&options, line) {
                Some(value) => vec![value],
                None if input.multiple => line
                    .split(',')
                    .map(|one| choice(&options, one).ok_or_else(|| expected(&options, one)))
                    .collect::<Result<_, _>>()?,
                None => return Err(expected(&options, line)),
            }
        }
    };
    Ok(StructuredInputAnswerSubmission { values, skipped: false })
}

/// An option by its text or its number.
fn choice(options: &[&str], text: &str) -> Option<String> {
    let text = text.trim();
    let by_text = options.iter().find(|option| option.to_lowercase() == text.to_lowercase());
    let by_number = || options.get(text.parse::<usize>().ok()?.checked_sub(1)?);
    by_text.or_else(by_number).map(|&option| option.to_owned())
}

fn expected(options: &[&str], found: &str) -> String {
    format!("expected a number from 1 to {}, found `{}`", options.len(), found.trim())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn choose(is_multiple: bool, options: &[&str]) -> StructuredInput {
        let options: Vec<_> = options.iter().map(|option| json!({"value": option})).collect();
        serde_json::from_value(json!({"type": "multiple_choice", "id": "q", "question": "Which?",
            "options": options, "multiple": is_multiple}))
        .unwrap()
    }

    fn values(input: &StructuredInput, line: &str) -> Result<Vec<String>, String> {
        answer(input, line).map(|answer| {
            assert_eq!(answer.skipped, answer.values.is_empty());
            answer.values
        })
    }

    #[test]
    fn a_choice_is_made_by_number_or_text() {
        let input = choose(false, &["Red", "7", "Blue, dark"]);
        assert_eq!(
            question(&input),
            "Which?\n  1  Red\n  2  7\n  3  Blue, dark\n  (a number; nothing skips the question)"
        );
        for (line, chosen) in [("1", "Red"), (" red ", "Red"), ("7", "7"), ("3", "Blue, dark")] {
            assert_eq!(values(&input, line), Ok(vec![chosen.to_owned()]), "{line}");
        }
        assert_eq!(values(&input, ""), Ok(vec![]));
        for wrong in ["0", "4", "green", "1,2", "-1"] {
            let error = values(&input, wrong).unwrap_err();
            assert!(error.contains("1 to 3") && error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn several_choices_have_commas_between_them() {
        let input = choose(true, &["a", "b", "c, d"]);
        assert_eq!(values(&input, "1, b"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(values(&input, "c, d"), Ok(vec!["c, d".to_owned()]));
        assert!(values(&input, "1,9").is_err());
    }

    #[test]
    fn free_text_is_as_it_was_written() {
        let input = serde_json::from_value(
            json!({"type": "freeform", "id": "q", "question": "Why?", "description": "in short"}),
        )
        .unwrap();
        assert_eq!(question(&input), "Why?\n  (in short)");
        assert_eq!(values(&input, " because, 1 "), Ok(vec!["because, 1".to_owned()]));
    }
}
