//! What HTTP says about a stream: how it was answered, which headers it has, how it ended.

use chatkit_client::glimpse;

use crate::{
    End, Finding, Head, Recording, Severity,
    arrivals::{events, heartbeats},
    words::{brief, count, time},
};

/// How much of another answer is shown, in characters.
const SHOWN: usize = 120;
const ODD: &str =
    "It is no answer that a client could read: it fails, or waits for one that does not come.";
const NOT_ODD: &str = "Look for what answers there: a server of another kind, or a proxy that turns automated \
    requests away. ChatKit is spoken with the statuses 200 and 4xx.";

/// Judges the transport of the answer to an op that streams.
pub(crate) fn check(recording: &Recording) -> Vec<Finding> {
    let Some(head) = &recording.head else {
        return vec![no_response(recording)];
    };
    if let Some(status) = status(head, recording) {
        return vec![status];
    }
    if let Some(content_type) = content_type(head, recording) {
        return vec![content_type];
    }
    let mut findings = headers(head);
    findings.extend(version(head));
    findings.extend(end(recording));
    findings
}

/// Judges the answer to an op that is answered with JSON.
pub(crate) fn check_json(recording: &Recording) -> Vec<Finding> {
    let Some(head) = &recording.head else {
        return vec![no_response(recording)];
    };
    let seen = with_text(format!("status {}", head.status), recording);
    let why = "The op was not done, and the stock client shows what stands in `message`.";
    let fix = "Check the request and the address. If both are right, look at the server's log.";
    match head.status {
        200..=299 => end(recording).into_iter().collect(),
        300..=399 => vec![Finding::error("status-3xx", seen, why, fix)],
        400..=499 => vec![Finding::error("status-4xx", seen, why, fix)],
        500..=599 => vec![Finding::error("status-5xx", seen, why, fix)],
        _ => vec![Finding::error("status-odd", seen, ODD, NOT_ODD)],
    }
}

/// Whether the answer is an event stream at all: the rules for streams say nothing else.
pub(crate) fn is_stream(recording: &Recording) -> bool {
    recording
        .head
        .as_ref()
        .is_some_and(|head| (200..300).contains(&head.status) && head.is_event_stream())
}

/// Something that was seen, and how the body begins or what it is.
fn with_text(seen: String, recording: &Recording) -> String {
    match recording.text.as_deref().map(|text| glimpse(text, SHOWN)) {
        Some(text) if !text.is_empty() => format!("{seen}: {text}"),
        _ => seen,
    }
}

fn no_response(recording: &Recording) -> Finding {
    if let End::NotConnected(at, reason) = &recording.end {
        return Finding::error(
            "no-response",
            format!("{} (after {})", brief(reason, 200), time(*at)),
            "The chat shows that something went wrong, and the message seems lost.",
            "Check the scheme (`http` or `https`), the host and the port; that the server runs; and \
             that it can be reached from here.",
        );
    }
    let seen = match &recording.end {
        End::Broken(at, error) => format!("no answer: {} after {}", brief(error, 200), time(*at)),
        End::TimedOut(at) => format!("no answer within {}", time(*at)),
        end => format!("no answer before the probe left after {}", time(end.at())),
    };
    let left = matches!(recording.end, End::Left(_));
    Finding {
        severity: if left { Severity::Note } else { Severity::Error },
        ..Finding::error(
            "no-response",
            seen,
            "The chat shows that something went wrong, and the message seems lost.",
            "Check the address, and that the server runs; one that expects `https` closes a plain \
             connection at once. If its log shows the request, look for work that is done before \
             the response begins; if it does not, look at the proxies.",
        )
    }
}

fn status(head: &Head, recording: &Recording) -> Option<Finding> {
    let seen = with_text(format!("status {}", head.status), recording);
    match head.status {
        200..=299 => None,
        300..=399 => Some(Finding::error(
            "status-3xx",
            match head.header("location") {
                Some(location) => format!("{seen}, to {}", brief(location, 120)),
                None => seen,
            },
            "The request was not answered but sent elsewhere: a redirected POST may lose its body.",
            "Give clients the final address, often the same with `https` or a slash at the end.",
        )),
        400..=499 => Some(Finding::error(
            "status-4xx",
            seen,
            "The stock client gives up and hardly says why.",
            fix(head.status),
        )),
        500..=599 => Some(Finding::error(
            "status-5xx",
            seen,
            "The stock client sends a failed streaming op again, up to five times: the message may \
             be stored five times, and users wait for all of them.",
            fix(head.status),
        )),
        _ => Some(Finding::error("status-odd", seen, ODD, NOT_ODD)),
    }
}

/// What helps against a status of 4xx or 5xx.
fn fix(status: u16) -> &'static str {
    match status {
        401 | 403 | 407 => {
            "Send what the server asks for: `--header \"Authorization: Bearer …\"`, or a cookie. A \
             page passes it on in the `fetch` that it gives to ChatKit."
        }
        // No such path, no POST there, or none at all.
        404 | 405 | 410 | 501 => {
            "Check the address: this one has no ChatKit server, or has it at another path. The path \
             is usually `/chatkit`."
        }
        502..=504 => {
            "A proxy answers here: look at whether the server behind it runs, and how long the proxy \
             waits for it."
        }
        _ => {
            "Answer every streaming op with 200 and `text/event-stream`, also one that cannot be \
             done, and put what failed into an `error` event."
        }
    }
}

fn content_type(head: &Head, recording: &Recording) -> Option<Finding> {
    if head.is_event_stream() {
        return None;
    }
    let found = match head.header("content-type") {
        Some(value) => format!("content-type `{}`", brief(value, 80)),
        None => "no content-type".to_owned(),
    };
    Some(Finding::error(
        "wrong-content-type",
        with_text(found, recording),
        "The stock client takes it for a failure and sends the message again, up to five times.",
        "Answer streaming ops with `content-type: text/event-stream`. If the body is a web page, \
         the address is not the server's: its path is usually `/chatkit`.",
    ))
}

fn headers(head: &Head) -> Vec<Finding> {
    let mut findings = Vec::new();
    let cache_control = head.list("cache-control");
    let lower = cache_control.as_deref().unwrap_or_default().to_ascii_lowercase();
    let directives: Vec<&str> = lower.split(',').map(str::trim).collect();
    let seen = match &cache_control {
        Some(value) => format!("cache-control is `{}`", brief(value, 80)),
        None => "there is no cache-control".to_owned(),
    };
    if !directives.contains(&"no-transform") {
        findings.push(Finding::note(
            "missing-no-transform",
            seen.clone(),
            "Proxies may compress the stream, and compressors keep events until they have enough.",
            "Send `Cache-Control: no-cache, no-transform`.",
        ));
    }
    if !directives.iter().any(|directive| matches!(*directive, "no-cache" | "no-store")) {
        findings.push(Finding::note(
            "cached-by-proxies",
            seen,
            "Some proxies and service workers keep what is not marked, and hold it back to do so.",
            "Send `Cache-Control: no-cache, no-transform`.",
        ));
    }
    let accel = head.header("x-accel-buffering");
    if !accel.is_some_and(|value| value.trim().eq_ignore_ascii_case("no")) {
        findings.push(Finding::warning(
            "accel-buffering",
            match accel {
                Some(value) => format!("x-accel-buffering is `{}`", brief(value, 40)),
                None => "there is no x-accel-buffering".to_owned(),
            },
            "nginx, which stands before many servers, buffers responses unless it is told not \
                 to: the text comes in bursts or at the end.",
            "Send `X-Accel-Buffering: no`, or set `proxy_buffering off` in every nginx on the \
                 way.",
        ));
    }
    let encoding = head.header("content-encoding").filter(|value| *value != "identity");
    if let Some(encoding) = encoding {
        findings.push(Finding::warning(
            "compressed-stream",
            format!("content-encoding is `{}`", brief(encoding, 40)),
            "A compressor keeps events until it is flushed. Even one that is flushed after each \
                 event saves little and costs memory for each open stream.",
            "Leave `text/event-stream` out of compression, in the server's middleware and in \
                 the proxy.",
        ));
    }
    findings
}

fn version(head: &Head) -> Option<Finding> {
    (head.version == "HTTP/1.0").then(|| {
        Finding::note(
            "http-1-0",
            "the answer is HTTP/1.0".to_owned(),
            "It has no chunks: the end of the stream is the end of the connection, and a break \
             looks like a proper end.",
            "Let the proxy speak HTTP/1.1 with the server (nginx: `proxy_http_version 1.1`).",
        )
    })
}

fn end(recording: &Recording) -> Option<Finding> {
    let events = events(recording).count();
    let heartbeats = heartbeats(recording);
    match &recording.end {
        End::Complete(_) if is_stream(recording) && recording.frames.is_empty() => {
            Some(Finding::error(
                "no-event",
                "the stream ended without an event".to_owned(),
                "The chat waits for an answer that does not come, and says nothing.",
                "Yield the events: a responder whose events are made and not yielded looks like this. \
             After a failure, send an `error` event.",
            ))
        }
        End::Complete(_) | End::Left(_) | End::NotConnected(..) => None,
        End::CutFrame(_) => Some(Finding::error(
            "cut-frame",
            format!("the stream ended within a frame, after {}", count(events, "event")),
            "The last event is lost without a trace: often the one that says that the message is \
             done.",
            "End each event with an empty line. If the server does, something on the way cuts the \
             stream: a limit on its length or its time.",
        )),
        End::Broken(at, what) => Some(Finding::error(
            "connection-broken",
            format!(
                "the connection broke after {} and {}: {}",
                time(*at),
                count(events, "event"),
                brief(what, 160)
            ),
            "The chat says that something went wrong and offers to try again.",
            "Look at the server's log for an exception or a restart at that moment, and at the \
             proxies for a limit on the time of a response or on silence.",
        )),
        End::Undecodable(at, what) => Some(Finding::error(
            "undecodable",
            format!("what came by {} cannot be decompressed: {}", time(*at), brief(what, 160)),
            "A browser breaks the stream off where it cannot decompress it: the rest is lost.",
            "Answer with an encoding that the request's `accept-encoding` names, or better with \
             none. If the server does, look for a proxy that compresses or cuts the body.",
        )),
        End::TooLarge(at) => Some(Finding::error(
            "too-large",
            format!(
                "the probe left after {} and {}: more than it keeps of one answer had come",
                time(*at),
                count(events, "event")
            ),
            "A page keeps all of it in memory, and grows slow before it fails.",
            "Look for a loop that sends the same again and again. Send images and files as \
             addresses, and end a turn that writes without end.",
        )),
        End::TimedOut(at) if events == 0 && heartbeats > 0 => Some(Finding::error(
            "nothing-but-heartbeats",
            format!("{} and no event in {}", count(heartbeats, "heartbeat"), time(*at)),
            "The connection is kept open, and users see nothing.",
            "The connection works, so the producer hangs: look for a call without a timeout, a \
             lock, an iterator that is never awaited.",
        )),
        End::TimedOut(at) => Some(no_end(recording, at.saturating_sub(last_event(recording)))),
    }
}

fn last_event(recording: &Recording) -> std::time::Duration {
    events(recording).next_back().map(|event| event.at).unwrap_or_default()
}

fn no_end(recording: &Recording, silence: std::time::Duration) -> Finding {
    let events = events(recording).count();
    let after = if events == 0 { "the head".to_owned() } else { count(events, "event") };
    Finding::error(
        "no-end",
        format!("the stream is still open {} after {after}", time(silence)),
        "The chat stays busy: the Stop button stays, and the next message cannot be sent.",
        "End the response when the turn is over: let the generator return, close queues that feed \
         it, and set a limit on how long a turn may be silent.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::{Tape, codes};

    const SSE: (&str, &str) = ("content-type", "text/event-stream");
    const CACHE: (&str, &str) = ("cache-control", "no-cache, no-transform");
    const ACCEL: (&str, &str) = ("x-accel-buffering", "no");

    fn with(status: u16, headers: &[(&str, &str)]) -> Vec<Finding> {
        let tape = Tape::new().wait(3.0).head_with(status, headers).opening();
        check(&tape.paced(5, |_| 20.0).done())
    }

    #[test]
    fn a_stream_as_it_should_be() {
        assert_eq!(with(200, &[SSE, CACHE, ACCEL]), []);
        let loud = [
            ("content-type", "Text/Event-Stream; charset=utf-8"),
            ("cache-control", "No-Store,No-Transform"),
            ("x-accel-buffering", "No"),
            ("content-encoding", "identity"),
        ];
        assert_eq!(with(200, &loud), []);
        // A list may stand in several headers.
        let split = [SSE, ("cache-control", "no-cache"), ("cache-control", "no-transform"), ACCEL];
        assert_eq!(with(200, &split), []);
    }

    #[test]
    fn statuses_and_types() {
        for (status, code) in [
            (500, "status-5xx"),
            (599, "status-5xx"),
            (404, "status-4xx"),
            (308, "status-3xx"),
            (101, "status-odd"),
            (600, "status-odd"),
            (999, "status-odd"),
        ] {
            assert_eq!(codes(&with(status, &[SSE])), [code]);
            let mut json = Tape::new().wait(3.0).head_with(status, &[]).end(End::Complete);
            json.request = serde_json::json!({"type": "threads.list", "params": {}});
            assert_eq!(codes(&check_json(&json)), [code]);
        }
        assert_eq!(codes(&with(200, &[("content-type", "text/html")])), ["wrong-content-type"]);
        assert_eq!(codes(&with(200, &[])), ["wrong-content-type"]);
    }

    #[test]
    fn headers_that_invite_buffering() {
        let only = |headers: &[(&str, &str)]| {
            let found = with(200, headers);
            assert_eq!(found.len(), 1, "{found:?}");
            (found[0].code, found[0].severity)
        };
        let no_cache = ("cache-control", "no-cache");
        assert_eq!(only(&[SSE, no_cache, ACCEL]), ("missing-no-transform", Severity::Note));
        let no_transform = ("cache-control", "no-transform");
        assert_eq!(only(&[SSE, no_transform, ACCEL]), ("cached-by-proxies", Severity::Note));
        assert_eq!(only(&[SSE, CACHE]), ("accel-buffering", Severity::Warning));
        let gzip = ("content-encoding", "gzip");
        assert_eq!(only(&[SSE, CACHE, ACCEL, gzip]), ("compressed-stream", Severity::Warning));
    }

    #[test]
    fn ends() {
        let begun = || Tape::new().wait(3.0).head().opening().paced(5, |_| 20.0);
        let code = |recording: &Recording| codes(&check(recording)).join(" ");
        assert_eq!(code(&begun().end(End::CutFrame)), "cut-frame");
        let reset = |at| End::Broken(at, "reset".to_owned());
        assert_eq!(code(&begun().end(reset)), "connection-broken");
        assert_eq!(code(&begun().wait(9000.0).end(End::TimedOut)), "no-end");
        let undecodable = |at| End::Undecodable(at, "corrupt".to_owned());
        assert_eq!(code(&begun().end(undecodable)), "undecodable");
        assert_eq!(code(&begun().end(End::TooLarge)), "too-large");
        assert_eq!(code(&begun().end(End::Left)), "");
        let silent = || Tape::new().wait(3.0).head();
        assert_eq!(code(&silent().end(End::Complete)), "no-event");
        assert_eq!(code(&silent().wait(9000.0).end(End::TimedOut)), "no-end");
        let beating = silent().wait(5000.0).heartbeat().wait(5000.0).heartbeat();
        assert_eq!(code(&beating.end(End::TimedOut)), "nothing-but-heartbeats");
        assert_eq!(code(&Tape::new().wait(9000.0).end(End::TimedOut)), "no-response");
        assert_eq!(code(&Tape::new().end(reset)), "no-response");
        let refused = |at| End::NotConnected(at, "no connection".to_owned());
        assert_eq!(code(&Tape::new().end(refused)), "no-response");
    }
}
