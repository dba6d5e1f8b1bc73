//! What it means that a client is gone: it stopped the turn, or it comes back.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    common::{Database, RESUMABLE, Server, attach, create, said, shown_text, until},
    completes, created, end_of, reply, talks_on, until_words,
};

#[test]
fn a_turn_whose_client_can_resume_goes_on_alone_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let server = Server::sqlite(&path);
    let mut stream = server.resumable_stream(&create(&completes(50, 10)));
    let thread = created(&until_words(&mut stream, 3));
    drop(stream);
    assert_eq!(end_of(&server, &thread), "completed");
    assert_eq!(reply(&server, &thread), said(50));
    assert_eq!(Database::open(&path).notes(&thread), [""; 0]);
}

/// The stock client announces nothing, and its Stop button closes the connection.
#[test]
fn the_turn_of_a_client_that_says_nothing_ends_with_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let server = Server::sqlite(&path);
    for header in [None, Some("0"), Some("true"), Some("")] {
        let headers: Vec<_> = header.map(|value| (RESUMABLE.0, value)).into_iter().collect();
        let mut stream = server.connect().stream_with(&headers, &create(&talks_on(5)));
        let told = until_words(&mut stream, 3);
        let thread = created(&told);
        drop(stream);
        assert_eq!(end_of(&server, &thread), "disconnect", "{header:?}");
        assert!(reply(&server, &thread).starts_with(&shown_text(&told)));
        let notes = Database::open(&path).notes(&thread);
        assert!(notes[0].contains("stopped it or the connection was lost"), "{notes:?}");
        assert_eq!(notes.len(), 1);
    }
}

#[test]
fn nobody_comes_back_and_the_turn_ends_after_its_time() {
    let server = Server::playback_with(&["--linger", "1"]);
    let mut stream = server.resumable_stream(&create(&talks_on(20)));
    let told = until_words(&mut stream, 3);
    let thread = created(&told);
    let left = Instant::now();
    drop(stream);
    assert_eq!(end_of(&server, &thread), "disconnect");
    assert!(left.elapsed() >= Duration::from_secs(1), "{:?}", left.elapsed());
    let kept = reply(&server, &thread);
    assert!(kept.len() > shown_text(&told).len(), "nothing was said any more");
    assert!(kept.starts_with(&shown_text(&told)));
}

/// The time begins anew each time.
#[test]
fn whoever_comes_back_in_time_keeps_the_turn_going() {
    let server = Server::playback_with(&["--linger", "3"]);
    let mut stream = server.resumable_stream(&create(&talks_on(20)));
    let thread = created(&until_words(&mut stream, 3));
    for _ in 0..3 {
        let last = stream.last_id().unwrap();
        drop(stream);
        sleep(Duration::from_millis(1200));
        stream = server.stream(&attach(&thread, Some(&last)));
        until_words(&mut stream, 3);
    }
    assert!(server.stop(&thread));
}

#[test]
fn without_a_time_to_linger_every_turn_ends_with_its_connection() {
    let server = Server::playback_with(&["--linger", "0"]);
    let mut stream = server.resumable_stream(&create(&talks_on(5)));
    let thread = created(&until_words(&mut stream, 3));
    drop(stream);
    assert_eq!(end_of(&server, &thread), "disconnect");
}

#[test]
fn a_turn_with_a_reader_goes_on_whoever_else_leaves() {
    let server = Server::playback();
    let mut stream = server.stream(&create(&talks_on(5)));
    let thread = created(&until_words(&mut stream, 3));
    let mut joined = server.stream(&attach(&thread, None));
    until_words(&mut joined, 3);
    drop(stream);
    until_words(&mut joined, 100);
    assert!(server.stop(&thread));
}

/// Whoever joins knows how to come back.
#[test]
fn whoever_joined_may_lose_the_connection() {
    let server = Server::playback();
    let mut stream = server.stream(&create(&talks_on(5)));
    let told = until_words(&mut stream, 3);
    let thread = created(&told);
    let joined = server.stream(&attach(&thread, None));
    drop(stream);
    drop(joined);
    until("it goes on", || reply(&server, &thread).len() > shown_text(&told).len() + 500);
    assert!(server.stop(&thread));
}
