//! What every scene of the demo works with.

use std::time::Duration;

use chatkit_protocol::{ItemId, ThreadId, Timestamp};
use chatkit_server::{Emitter, IdKind, MessageWriter, RespondError, Turn};
use tokio::time::sleep;

/// The longest piece of a word that is sent at once, in characters.
const TOKEN_CHARS: usize = 8;

/// The turn, its events, and what the user said behind the word that was found.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) turn: Turn<()>,
    pub(super) events: Emitter,
    pub(super) rest: String,
}

impl Stage {
    pub(super) fn new(turn: Turn<()>, events: Emitter, rest: &str) -> Self {
        Self { turn, events, rest: rest.to_owned() }
    }

    /// Streams a text as an assistant message, at the pace of a quick model.
    pub(super) async fn say(&self, text: &str) -> Result<(), RespondError> {
        let mut reply = self.events.stream_message().await?;
        write(&mut reply, text).await?;
        reply.done().await
    }

    pub(super) fn thread_id(&self) -> ThreadId {
        self.turn.thread().id().clone()
    }

    pub(super) fn new_id(&self, kind: IdKind) -> ItemId {
        self.turn.new_item_id(kind)
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Appends a text to a message piece by piece, at the pace of a quick model: 45 tokens a second.
pub(super) async fn write(reply: &mut MessageWriter, text: &str) -> Result<(), RespondError> {
    for (number, token) in tokens(text).into_iter().enumerate() {
        // Models are not even: some tokens come together, some late.
        pause([14, 30, 20, 8, 38][number % 5]).await;
        reply.text(token).await?;
    }
    Ok(())
}

pub(super) async fn pause(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds)).await;
}

/// A text in pieces as a model would send them: words with the space behind them, long ones cut.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for mut word in text.split_inclusive(char::is_whitespace) {
        while let Some((cut, _)) = word
            .trim_end()
            .char_indices()
            .nth(TOKEN_CHARS)
            .and(word.char_indices().nth(TOKEN_CHARS / 2))
        {
            let (token, rest) = word.split_at(cut);
            tokens.push(token);
            word = rest;
        }
        tokens.push(word);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn tokens_are_short_and_lose_nothing() {
        for text in
            ["", " ", "a b\nc", "internationalisation of 🫐🫐🫐🫐🫐🫐🫐🫐🫐🫐 blåbær", "\n\n"]
        {
            let tokens = tokens(text);
            assert_eq!(tokens.concat(), text);
            assert!(tokens.iter().all(|token| (1..=9).contains(&token.chars().count())));
        }
    }
}
