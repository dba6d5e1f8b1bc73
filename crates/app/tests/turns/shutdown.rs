//! A signal while turns run.

use std::{
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    common::{
        Connection, Database, LONG, Server, add_message, attach, by_id, create, kinds, said,
        script, shown_text, text_of, until,
    },
    completes, created, done_text, says_and_waits, talks_on, until_words,
};

/// What the server may take beyond the grace to clean up and to end.
const TO_END: Duration = Duration::from_secs(10);

#[test]
fn a_turn_that_ends_in_time_ends_as_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let mut server = Server::sqlite_with(&path, &["--shutdown-grace", "60"]);
    let mut stream = server.stream(&create(&completes(50, 20)));
    let mut told = until_words(&mut stream, 3);
    let mut alone = server.resumable_stream(&create(&completes(50, 20)));
    let thread_alone = created(&until_words(&mut alone, 3));
    drop(alone);

    let asked = Instant::now();
    server.signal("TERM");
    told.extend(stream.rest());
    assert_eq!(done_text(told.last().unwrap()), said(50));
    assert_eq!(server.wait().0.code(), Some(0));
    assert!(asked.elapsed() < LONG, "it waits for the turns only");
    for thread in [created(&told), thread_alone] {
        assert_stored(&path, &thread, &said(50), None);
    }
}

/// Connections have as much time as the turns that they show, however long that is.
#[test]
fn no_connection_is_cut_while_its_turn_has_time() {
    let mut server = Server::playback_with(&["--shutdown-grace", "60"]);
    // Longer than connections have that nothing is said about.
    let reply = script(json!([{"text": {"deltas": 2, "delta": "a ", "gap_ms": 11_000}}]));
    let mut streams: Vec<_> = (0..60).map(|_| server.stream(&create(&reply))).collect();
    for stream in &mut streams {
        stream.until_text();
    }
    server.signal("TERM");
    for stream in streams {
        assert_eq!(done_text(stream.rest().last().unwrap()), "a a ");
    }
    assert_eq!(server.wait().0.code(), Some(0));
    let log = server.stderr();
    assert!(!log.contains("connections were still open"), "{log}");
}

#[test]
fn a_turn_that_takes_longer_is_cut_short_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let grace = Duration::from_millis(700);
    let mut server = Server::sqlite_with(&path, &["--shutdown-grace", "0.7"]);
    let mut stream = server.stream(&create(&talks_on(20)));
    let mut told = until_words(&mut stream, 3);
    let mut alone = server.resumable_stream(&create(&says_and_waits(4)));
    let thread_alone = created(&until_words(&mut alone, 4));
    drop(alone);

    let asked = Instant::now();
    server.signal("TERM");
    let shown_before = shown_text(&told);
    told.extend(stream.rest());
    assert_eq!(server.wait().0.code(), Some(0));
    let took = asked.elapsed();
    assert!(took >= grace && took < grace + TO_END, "{took:?}");

    let [.., done, error] = &told[..] else { panic!("{told:?}") };
    let code = (&error["type"], &error["code"], &error["allow_retry"]);
    assert_eq!(code, (&json!("error"), &json!("stream.error"), &json!(true)));
    assert_eq!(done_text(done), shown_text(&told));
    assert!(shown_text(&told).len() > shown_before.len(), "it had no grace");
    let note = Some("the server was shutting down");
    assert_stored(&path, &created(&told), &shown_text(&told), note);
    assert_stored(&path, &thread_alone, &said(4), note);
}

fn assert_stored(path: &Path, thread: &str, text: &str, note: Option<&str>) {
    let database = Database::open(path);
    let items = database.items(thread).unwrap();
    assert_eq!(kinds(&items)[..2], ["user_message", "assistant_message"]);
    assert_eq!(text_of(&items[1]), text);
    let notes = database.notes(thread);
    assert_eq!(notes.len(), usize::from(note.is_some()), "{notes:?}");
    assert!(notes.iter().all(|found| note.is_some_and(|note| found.contains(note))), "{notes:?}");
    assert_eq!(items.len(), 2 + notes.len(), "{items:?}");
    assert_eq!(database.count_checkpoints(), 0);
}

/// Requests whose head is read before the signal, and whose body is sent in the time of grace.
#[test]
fn what_is_asked_for_in_the_time_of_grace() {
    let mut server = Server::playback_with(&["--shutdown-grace", "60"]);
    let mut stream = server.stream(&create(&talks_on(20)));
    let thread = created(&until_words(&mut stream, 3));
    let turn = Begun::send(&server, &add_message(&thread, &completes(1, 0)));
    let turn_elsewhere = Begun::send(&server, &create(&completes(1, 0)));
    let look = Begun::send(&server, &by_id(&thread));
    let join = Begun::send(&server, &attach(&thread, None));
    let stop = Begun::send(&server, &crate::common::stop(&thread));

    server.signal("TERM");
    until("nothing is accepted any more", || TcpStream::connect(server.address()).is_err());
    for refused in [turn, turn_elsewhere] {
        let events = refused.finish().into_events().rest();
        let [error] = &events[..] else { panic!("{events:?}") };
        assert_eq!((&error["type"], &error["allow_retry"]), (&json!("error"), &json!(true)));
        assert!(error.to_string().contains("shutting down"), "{error}");
    }
    let looked: Value = look.finish().read_response("POST").json();
    assert_eq!(looked["items"]["data"].as_array().unwrap().len(), 2, "{looked}");
    let mut joined = join.finish().into_events();
    until_words(&mut joined, 3);
    until_words(&mut stream, 3);
    assert_eq!(stop.finish().read_response("POST").json(), json!({"stopped": true}));
    for stream in [stream, joined] {
        assert_eq!(stream.rest().last().unwrap()["type"], "thread.item.done");
    }
    assert_eq!(server.wait().0.code(), Some(0));
}

/// A request that the server waits for the body of.
struct Begun {
    connection: Connection,
    body: String,
}

impl Begun {
    fn send(server: &Server, request: &Value) -> Self {
        let body = request.to_string();
        let mut connection = server.connect();
        let length = body.len();
        let head = format!(
            "POST /chatkit HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\
             Expect: 100-continue\r\n\r\n",
        );
        connection.send(head.as_bytes());
        assert_eq!(connection.read_interim().status, 100);
        Self { connection, body }
    }

    fn finish(mut self) -> Connection {
        self.connection.send(self.body.as_bytes());
        self.connection
    }
}
