//! A `chatkit chat` that is spoken to through pipes.

use std::{
    io::{Read, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use crate::common::{Server, until};

/// A running `chatkit chat`, killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Chat {
    process: Child,
    stdin: Option<ChildStdin>,
    out: Output,
    notes: Output,
}

/// What a chat has printed when it has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) notes: String,
}

#[derive(Debug)]
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Chat {
    /// A chat with a server.
    pub(crate) fn with(url: &str, args: &[&str]) -> Self {
        let mut command: Command = Server::command();
        let mut process = command
            .args(["chat", url])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let out = Output::of(process.stdout.take().unwrap());
        let notes = Output::of(process.stderr.take().unwrap());
        Self { stdin: process.stdin.take(), process, out, notes }
    }

    /// A chat that is told some lines, to its end.
    pub(crate) fn tell(url: &str, args: &[&str], lines: &[&str]) -> Ended {
        let mut chat = Self::with(url, args);
        for line in lines {
            chat.say(line);
        }
        chat.end()
    }

    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// What it has printed of the conversation.
    pub(crate) fn out(&self) -> String {
        self.out.text()
    }

    /// Waits until the conversation has a text.
    pub(crate) fn until(&self, text: &str) {
        until(&format!("the chat prints {text:?}"), || self.out().contains(text));
    }

    /// Waits until something is said about the conversation.
    pub(crate) fn until_note(&self, text: &str) {
        until(&format!("the chat notes {text:?}"), || self.notes.text().contains(text));
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let kill = format!("kill -INT {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Presses Ctrl-C, unless there is nothing left to be stopped.
    pub(crate) fn interrupt_if_running(&mut self) {
        if !self.has_ended() {
            self.interrupt();
        }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// Ends the input, and waits for the chat to end.
    pub(crate) fn end(mut self) -> Ended {
        drop(self.stdin.take());
        until("the chat ends", || self.process.try_wait().unwrap().is_some());
        let code = self.process.wait().unwrap().code();
        self.out.finish();
        self.notes.finish();
        let (out, notes) = (self.out.text(), self.notes.text());
        assert!(!notes.contains("panicked"), "{notes}");
        Ended { code, out, notes }
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            eprintln!("--- the chat\n{}\n--- its notes\n{}", self.out.text(), self.notes.text());
        }
    }
}

impl Output {
    fn of(mut reader: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut piece) {
                collected.lock().unwrap().extend_from_slice(&piece[..read]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }
}

/// The URL of a server.
pub(crate) fn url(server: &Server) -> String {
    format!("http://{}", server.address())
}
