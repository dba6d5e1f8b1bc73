//! What the demo says about itself.

use std::fmt::Write as _;

use chatkit_server::RespondError;

use super::{stage::Stage, words::WORDS};

/// The longest quote of what the user said, in characters.
const QUOTE_CHARS: usize = 120;

/// Lists the words that the demo knows.
pub(super) async fn list(stage: Stage) -> Result<(), RespondError> {
    let mut text = String::from(
        "Say one of these words, and you will see that part of the protocol at work. \
         The third column is what it is called on the wire.\n\n\
         | Say | You get | On the wire |\n| --- | --- | --- |\n",
    );
    for word in WORDS {
        let sends = word.sends.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>();
        let names = word.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let (names, sends) = (names.join(" or "), sends.join(" "));
        writeln!(text, "| {names} | {} | {sends} |", word.shows)?;
    }
    text.push_str("\nAnything else gets a plain reply.");
    stage.events.message(text).await
}

/// Answers what begins with no word that the demo knows.
pub(super) async fn introduce(stage: Stage) -> Result<(), RespondError> {
    let mut text = String::new();
    let quote = quote(&stage.rest);
    if !quote.is_empty() {
        write!(text, "You said: “{quote}”\n\n")?;
    }
    text.push_str(
        "I am the **demo responder** of chatkit-rs. There is no model behind me and no network: \
         my answers are scripted, but they are streamed and stored exactly as real ones are.\n\n\
         - Say `help` to see everything I can show. `stream`, `widget` and `form` are good first \
         words.\n\
         - To answer yourself, implement `ChatKitServer::respond`. The example `hello` does it in \
         25 lines:\n\n\
         ```rust\n\
         fn respond(&self, turn: Turn<()>) -> EventStream<'_> {\n    \
             turn.stream(async |turn, events| {\n        \
                 events.message(format!(\"You said: {}\", turn.input_text())).await\n    \
             })\n\
         }\n\
         ```",
    );
    stage.say(&text).await
}

/// A text in one short line that Markdown takes literally.
pub(super) fn quote(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut quote = String::new();
    for (number, character) in line.chars().enumerate() {
        if number == QUOTE_CHARS {
            quote.push('…');
            break;
        }
        if matches!(
            character,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '$' | '#'
        ) {
            quote.push('\\');
        }
        quote.push(character);
    }
    quote
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_quote_is_short_and_plain() {
        assert_eq!(quote(" a\n\n b "), "a b");
        assert_eq!(quote("![x](y) <b>|`"), "!\\[x\\](y) \\<b\\>\\|\\`");
        assert_eq!(quote(&"å".repeat(121)), format!("{}…", "å".repeat(120)));
    }
}
