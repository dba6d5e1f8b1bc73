//! What a line of the user's means.

/// What a line of the user's means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// A message.
    Say(String),
    Help,
    Threads,
    /// A thread, by its number in the list or its id.
    Open(String),
    New,
    Retry,
    Items,
    /// A file.
    Attach(String),
    Delete,
    Quit,
    /// A command that is none, with what is wrong.
    Wrong(String),
}

/// What `/help` says.
pub(crate) const HELP: &str = "\
/threads        the newest threads
/open N|ID      go on with a thread, by its number in the list or its id
/new            begin a new thread with the next message
/items          all of this thread
/retry          have the last message answered again
/attach PATH    send a file with the next message
/delete         delete this thread
/quit           leave, as Ctrl-D does
Ctrl-C stops a reply, and leaves when there is none. A line that ends with \\ goes on in the next
one. A message that begins with / is written with two.";

/// What a line means; nothing for an empty one.
pub(crate) fn parse(line: &str) -> Option<Command> {
    let line = line.trim();
    let Some(command) = line.strip_prefix('/') else {
        return (!line.is_empty()).then(|| Command::Say(line.to_owned()));
    };
    if command.starts_with('/') {
        return Some(Command::Say(command.to_owned()));
    }
    let (name, argument) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let argument = argument.trim();
    let wrong = |what: &str| Command::Wrong(what.to_owned());
    Some(match (name, argument) {
        ("open", "") => wrong("/open wants a thread: its number in /threads, or its id"),
        ("open", thread) => Command::Open(thread.to_owned()),
        ("attach", "") => wrong("/attach wants the path of a file"),
        ("attach", path) => Command::Attach(path.to_owned()),
        ("help" | "?", "") => Command::Help,
        ("threads", "") => Command::Threads,
        ("new", "") => Command::New,
        ("retry", "") => Command::Retry,
        ("items", "") => Command::Items,
        ("delete", "") => Command::Delete,
        ("quit" | "exit" | "q", "") => Command::Quit,
        _ => Command::Wrong(format!("no such command: {line}; /help lists them")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let say = |text: &str| Some(Command::Say(text.to_owned()));
        assert_eq!(parse("  hi there "), say("hi there"));
        assert_eq!(parse("//help"), say("/help"));
        assert_eq!(parse("  "), None);
        assert_eq!(parse("/retry "), Some(Command::Retry));
        assert_eq!(parse("/open  2"), Some(Command::Open("2".to_owned())));
        assert_eq!(parse("/attach a file.txt"), Some(Command::Attach("a file.txt".to_owned())));
        for wrong in ["/open", "/attach", "/nothing", "/", "/new thread"] {
            assert!(matches!(parse(wrong), Some(Command::Wrong(_))), "{wrong}");
        }
    }
}
