//! Where everything is printed.

use std::{
    env, fmt,
    io::{self, Write},
};

use crate::clean::{clean, one_line};

const RESET: &str = "\x1b[0m";
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
/// Back to the beginning of the line, and nothing on it.
const ERASE: &str = "\r\x1b[2K";
/// How wide a status is at most, in characters: one that wraps could not be erased.
const STATUS_WIDTH: usize = 76;

/// The conversation, and what is said about it. All text that it is given is cleaned.
pub(crate) struct Screen {
    out: Box<dyn Write + Send>,
    /// Where everything goes that is not the conversation; with it, if there is no other place.
    notes: Option<Box<dyn Write + Send>>,
    is_terminal: bool,
    has_colours: bool,
    within_line: bool,
    has_status: bool,
}

impl Screen {
    /// The process' output.
    pub(crate) fn standard(is_terminal: bool) -> Self {
        let notes: Option<Box<dyn Write + Send>> =
            if is_terminal { None } else { Some(Box::new(io::stderr())) };
        let mut screen = Self::new(Box::new(io::stdout()), notes);
        screen.is_terminal = is_terminal;
        // https://no-color.org
        screen.has_colours =
            is_terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        screen
    }

    /// An output that is no terminal.
    pub(crate) fn new(out: Box<dyn Write + Send>, notes: Option<Box<dyn Write + Send>>) -> Self {
        Self {
            out,
            notes,
            is_terminal: false,
            has_colours: false,
            within_line: false,
            has_status: false,
        }
    }

    /// Whether somebody sits in front of it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Text of the conversation, which may go on.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        let text = clean(text);
        if text.is_empty() {
            return Ok(());
        }
        self.erase_status()?;
        self.out.write_all(text.as_bytes())?;
        self.within_line = !text.ends_with('\n');
        self.out.flush()
    }

    /// Ends the line that was begun, if one was.
    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        self.erase_status()?;
        if std::mem::take(&mut self.within_line) {
            self.out.write_all(b"\n")?;
        }
        self.out.flush()
    }

    /// Whole lines of the conversation.
    pub(crate) fn lines(&mut self, text: &str) -> io::Result<()> {
        self.end_line()?;
        writeln!(self.out, "{}", clean(text))?;
        self.out.flush()
    }

    /// What the user said before.
    pub(crate) fn said(&mut self, text: &str) -> io::Result<()> {
        self.end_line()?;
        let text = format!("> {}", clean(text).replace('\n', "\n  "));
        let text = self.styled(BOLD, &text);
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// Something about the conversation.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        self.aside(DIM, text)
    }

    /// Something that went wrong.
    pub(crate) fn error(&mut self, text: &str) -> io::Result<()> {
        self.end_line()?;
        self.aside(RED, &format!("error: {text}"))
    }

    /// What is going on, until anything else is printed. Only a terminal can take it back.
    pub(crate) fn status(&mut self, text: &str) -> io::Result<()> {
        if !self.is_terminal || self.within_line {
            return Ok(());
        }
        self.erase_status()?;
        let text = one_line(text, STATUS_WIDTH);
        if text.is_empty() {
            return self.out.flush();
        }
        let text = self.styled(DIM, &text);
        self.out.write_all(text.as_bytes())?;
        self.has_status = true;
        self.out.flush()
    }

    /// Asks the user for a line.
    pub(crate) fn prompt(&mut self, prompt: &str) -> io::Result<()> {
        if !self.is_terminal {
            return Ok(());
        }
        self.end_line()?;
        let prompt = self.styled(BOLD, prompt);
        self.out.write_all(prompt.as_bytes())?;
        self.out.flush()
    }

    /// The user has pressed Ctrl-C, which a terminal shows.
    pub(crate) fn interrupted(&mut self) -> io::Result<()> {
        if !self.is_terminal {
            return Ok(());
        }
        self.has_status = false;
        self.within_line = false;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }

    fn aside(&mut self, style: &str, text: &str) -> io::Result<()> {
        let text = self.styled(style, &clean(text));
        match &mut self.notes {
            Some(notes) => {
                // Nobody may read it, which is no reason to stop.
                let _ = writeln!(notes, "{text}").and_then(|()| notes.flush());
                Ok(())
            }
            None => {
                self.end_line()?;
                writeln!(self.out, "{text}")?;
                self.out.flush()
            }
        }
    }

    fn erase_status(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.has_status) {
            self.out.write_all(ERASE.as_bytes())?;
        }
        Ok(())
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.has_colours { format!("{style}{text}{RESET}") } else { text.to_owned() }
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("is_terminal", &self.is_terminal).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What was printed.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Printed(Arc<Mutex<Vec<u8>>>);

    impl Printed {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }

        /// A screen that prints here, notes too.
        pub(crate) fn screen(&self) -> Screen {
            Screen::new(Box::new(self.clone()), None)
        }
    }

    impl Write for Printed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_no_text_begins_a_line_of_its_own() {
        let printed = Printed::default();
        let mut screen = printed.screen();
        screen.text("one").unwrap();
        screen.text(" two").unwrap();
        screen.note("a note").unwrap();
        screen.lines("x\ny").unwrap();
        screen.text("three\n").unwrap();
        screen.error("bad").unwrap();
        screen.status("never seen").unwrap();
        screen.prompt("> ").unwrap();
        assert_eq!(printed.text(), "one two\na note\nx\ny\nthree\nerror: bad\n");
    }

    #[test]
    fn a_status_is_taken_back() {
        let printed = Printed::default();
        let mut screen = Screen { is_terminal: true, ..printed.screen() };
        screen.status("one\ntwo").unwrap();
        screen.status("three").unwrap();
        screen.text("hi").unwrap();
        screen.status("within a line").unwrap();
        assert_eq!(printed.text(), format!("one two{ERASE}three{ERASE}hi"));
    }

    #[test]
    fn notes_have_a_place_of_their_own_when_there_is_one() {
        let (out, notes) = (Printed::default(), Printed::default());
        let mut screen = Screen::new(Box::new(out.clone()), Some(Box::new(notes.clone())));
        screen.text("a").unwrap();
        screen.note("note").unwrap();
        screen.text("b").unwrap();
        assert_eq!((out.text(), notes.text()), ("ab".to_owned(), "note\n".to_owned()));
    }

    #[test]
    fn no_text_has_sequences() {
        let printed = Printed::default();
        let mut screen = Screen { is_terminal: true, ..printed.screen() };
        let evil = "\u{1b}[2J\u{9b}1m";
        for print in [Screen::text, Screen::lines, Screen::note, Screen::error, Screen::said] {
            print(&mut screen, evil).unwrap();
        }
        screen.status(evil).unwrap();
        assert!(!printed.text().contains(['\u{1b}', '\u{9b}']), "{:?}", printed.text());
    }
}
