//! The SQLite file, read as another program may: it has what no answer shows.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row};
use serde_json::Value;

/// A file that a server made, and may have open.
#[derive(Debug)]
pub(crate) struct Database(Connection);

impl Database {
    pub(crate) fn open(path: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Self(Connection::open_with_flags(path, flags).unwrap())
    }

    /// All items of a thread, hidden ones too, oldest first. `None`: there is no such thread.
    pub(crate) fn items(&self, thread: &str) -> Option<Vec<Value>> {
        let place = self.0.prepare_cached("SELECT place FROM threads WHERE id = ?1").unwrap();
        let place: i64 = { place }.query_row([thread], |row| row.get(0)).optional().unwrap()?;
        let sql = "SELECT body FROM items WHERE thread = ?1 ORDER BY seq";
        let mut items = self.0.prepare_cached(sql).unwrap();
        let body = |row: &Row<'_>| row.get::<_, String>(0);
        let items = items.query_map([place], body).unwrap();
        Some(items.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect())
    }

    /// The notes for the model in a thread.
    pub(crate) fn notes(&self, thread: &str) -> Vec<String> {
        let items = self.items(thread).expect("the thread is there");
        items.iter().filter_map(text_of_note).collect()
    }

    pub(crate) fn count_threads(&self) -> i64 {
        self.count("SELECT count(*) FROM threads")
    }

    /// How many turns have left what a crash would need.
    pub(crate) fn count_checkpoints(&self) -> i64 {
        self.count("SELECT count(*) FROM checkpoints")
    }

    /// Panics unless the file is whole.
    pub(crate) fn check(&self) {
        let verdict: String =
            self.0.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
        let mut broken = self.0.prepare("PRAGMA foreign_key_check").unwrap();
        assert!(!broken.exists([]).unwrap(), "rows without their thread");
    }

    fn count(&self, sql: &str) -> i64 {
        self.0.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// The text of a note for the model, if an item is one.
pub(crate) fn text_of_note(item: &Value) -> Option<String> {
    (item["type"] == "sdk_hidden_context").then(|| item["content"].as_str().unwrap().to_owned())
}
