//! What the tests of this store share.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, ThreadId, ThreadItem, ThreadMetadata,
};
use chatkit_server::Owner;
use rusqlite::Connection;

pub(crate) fn owner() -> Owner {
    Owner::default()
}

pub(crate) fn thread(id: &str) -> ThreadMetadata {
    ThreadMetadata::new(id.into(), "2026-01-01T00:00:00Z".parse().unwrap())
}

pub(crate) fn said(thread_id: &ThreadId, id: &str, text: &str) -> ThreadItem {
    ThreadItem::AssistantMessage(AssistantMessageItem {
        id: id.into(),
        thread_id: thread_id.clone(),
        created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        content: vec![AssistantMessageContent::text(text)],
    })
}

/// Nothing in the file contradicts anything else in it.
pub(crate) fn assert_intact(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let verdict: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let orphans: i64 = connection
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(orphans, 0);
}

/// This test binary again, to run the one test that acts for the parent when the variable is set.
pub(crate) fn this_binary(test: &str, variable: &str, value: &Path) -> Command {
    again(&env::current_exe().unwrap(), test, variable, value)
}

/// As [`this_binary`], from a copy in a folder, for users who cannot reach the original.
pub(crate) fn copy_of_this_binary(
    folder: &Path,
    test: &str,
    variable: &str,
    value: &Path,
) -> Command {
    let copy = folder.join("test-binary");
    fs::copy(env::current_exe().unwrap(), &copy).unwrap();
    again(&copy, test, variable, value)
}

fn again(binary: &Path, test: &str, variable: &str, value: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(variable, value);
    command
}

/// The path that the parent put into the variable, in a process that acts for it.
pub(crate) fn acting_for_parent(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from)
}
