//! The user's lines.

use std::{
    io::{BufRead as _, BufReader, Read},
    thread,
};

use tokio::sync::mpsc;

/// Lines that are read on a thread of their own: a terminal cannot be waited for otherwise.
#[derive(Debug)]
pub(crate) struct Input {
    lines: mpsc::Receiver<String>,
}

impl Input {
    /// The lines of a reader.
    pub(crate) fn of(reader: impl Read + Send + 'static) -> Self {
        let (sender, lines) = mpsc::channel(1);
        thread::spawn(move || {
            let mut reader = BufReader::new(reader);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line);
                let text = text.trim_end_matches(['\n', '\r']).to_owned();
                if sender.blocking_send(text).is_err() {
                    break;
                }
                line.clear();
            }
        });
        Self { lines }
    }

    /// The next line; none at the end. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Option<String> {
        self.lines.recv().await
    }
}
