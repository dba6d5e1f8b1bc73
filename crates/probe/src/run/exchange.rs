//! One exchange, from the request to the end of the answer.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use chatkit_client::{Answer, Client, ClientError, Piece};
use chatkit_sse::{Parser, TooLarge};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet, time::timeout_at};

use super::{Limits, Stop};
use crate::{End, Frame, FrameKind, Head, Live, Read, Recording, arrivals::characters};

/// How much of a body is read, in bytes after decompression: no chat has more to say in one answer.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// How much memory the frames and reads of an answer may take, in bytes.
const MAX_KEPT: usize = 512 * 1024 * 1024;
/// What an object and an entry of an object or a list take at most, in bytes, without their texts.
const OBJECT: usize = 640;
const ENTRY: usize = 112;
/// How much of a body that is no stream is kept, in bytes. Pages of items must fit.
const MAX_TEXT: usize = 16 * 1024 * 1024;
/// How much of a broken event is kept, in characters.
const MAX_NOT_JSON: usize = 400;
/// How many pieces may wait to be looked at.
const READ_AHEAD: usize = 1024;
/// The origin that a browser would ask for.
const ORIGIN: &str = "https://chat.example";

/// What was seen of an exchange.
pub(super) struct Seen {
    pub(super) recording: Recording,
    /// Why there was no connection.
    pub(super) unreachable: Option<String>,
}

/// Sends a request and watches the answer.
pub(super) async fn exchange(
    client: &Client,
    request: &Value,
    streams: bool,
    limits: Limits,
    live: &Live,
    stop: &Stop,
) -> Seen {
    let sending = client.send(request, streams);
    record(sending, request.clone(), limits, live, stop).await
}

/// Asks as a browser does before it sends what the stock client sends.
pub(super) async fn preflight(client: &Client, limits: Limits, stop: &Stop) -> Recording {
    let sending = client.preflight(&[
        ("origin", ORIGIN),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "chatkit-frame-instance-id,content-type"),
    ]);
    record(sending, Value::Null, limits, &Live::new(), stop).await.recording
}

/// Why nothing more is read.
#[derive(Clone, Copy)]
enum Ended {
    Stopped,
    Silent,
    OutOfTime,
}

struct Watch<'a> {
    start: Instant,
    limits: Limits,
    stop: &'a Stop,
    /// When the last event came, or the request was sent.
    last_event: Instant,
}

async fn record(
    sending: impl Future<Output = Result<Answer, ClientError>>,
    request: Value,
    limits: Limits,
    live: &Live,
    stop: &Stop,
) -> Seen {
    let start = Instant::now();
    let mut watch = Watch { start, limits, stop, last_event: start };
    let mut recording = Recording {
        request,
        head: None,
        reads: Vec::new(),
        frames: Vec::new(),
        text: None,
        end: End::Left(Duration::ZERO),
    };
    let mut unreachable = None;
    recording.end = match watch.wait(sending).await {
        Err(ended) => watch.end(ended),
        Ok(Err(error)) => {
            if matches!(error, ClientError::NotConnected { .. } | ClientError::Tls { .. }) {
                unreachable = Some(error.to_string());
            }
            failed(&error, start.elapsed())
        }
        Ok(Ok(answer)) => {
            // Neither the making of the request nor the wait for a task is the server's.
            watch.start = answer.sent_at;
            watch.last_event = answer.headers_at;
            recording.head = Some(head(&answer));
            live.head(answer.status);
            if answer.is_event_stream() {
                watch.read_stream(answer, &mut recording, live).await
            } else {
                watch.read_text(answer, &mut recording).await
            }
        }
    };
    Seen { recording, unreachable }
}

impl Watch<'_> {
    /// Waits for something, for as long as it may take.
    async fn wait<T>(&self, coming: impl Future<Output = T>) -> Result<T, Ended> {
        let silent = self.last_event + self.limits.silence;
        let late = self.start + self.limits.total;
        let (deadline, ended) =
            if silent <= late { (silent, Ended::Silent) } else { (late, Ended::OutOfTime) };
        tokio::select! {
            biased;
            () = self.stop.wait() => Err(Ended::Stopped),
            come = timeout_at(deadline.into(), coming) => come.map_err(|_| ended),
        }
    }

    fn end(&self, ended: Ended) -> End {
        let at = self.start.elapsed();
        match ended {
            Ended::Silent => End::TimedOut(at),
            Ended::Stopped | Ended::OutOfTime => End::Left(at),
        }
    }

    async fn read_stream(&mut self, answer: Answer, recording: &mut Recording, live: &Live) -> End {
        let mut parser = Parser::new(MAX_BODY).with_comments();
        let mut pieces = Pieces::of(answer);
        let mut kept = 0;
        loop {
            let piece = match self.wait(pieces.next()).await {
                Err(ended) => return self.end(ended),
                Ok(None) => break,
                Ok(Some(Came::Piece(piece))) => piece,
                Ok(Some(Came::TooMuch)) => return End::TooLarge(self.start.elapsed()),
                Ok(Some(Came::Failed(error))) => return failed(&error, self.start.elapsed()),
            };
            let at = piece.at.saturating_duration_since(self.start);
            let read = recording.reads.len();
            recording.reads.push(Read { at, bytes: piece.wire_bytes });
            kept += size_of::<Read>();
            parser.push(&piece.data);
            loop {
                let frame = match parser.next_frame() {
                    Ok(Some(frame)) => frame,
                    Ok(None) => break,
                    Err(TooLarge) => return End::TooLarge(at),
                };
                kept += memory(&frame);
                if kept > MAX_KEPT {
                    return End::TooLarge(at);
                }
                let kind = kind(frame.data, &frame.comments);
                match &kind {
                    FrameKind::Comment(_) => live.heartbeat(),
                    FrameKind::Event(event) => live.event(characters(event)),
                    FrameKind::NotJson(_) => live.event(0),
                }
                if !matches!(kind, FrameKind::Comment(_)) {
                    self.last_event = piece.at;
                }
                recording.frames.push(Frame { at, read, id: frame.id, name: frame.event, kind });
            }
        }
        let at = self.start.elapsed();
        // What is left of a comment was nothing to anybody.
        match parser.finish() {
            Some(frame) if frame.data.is_some() || frame.comments.is_empty() => End::CutFrame(at),
            _ => End::Complete(at),
        }
    }

    async fn read_text(&mut self, mut answer: Answer, recording: &mut Recording) -> End {
        let mut body = Vec::new();
        let end = loop {
            match self.wait(answer.read()).await {
                Err(ended) => break self.end(ended),
                Ok(Err(error)) => break failed(&error, self.start.elapsed()),
                Ok(Ok(None)) => break End::Complete(self.start.elapsed()),
                Ok(Ok(Some(piece))) => {
                    let at = piece.at.saturating_duration_since(self.start);
                    recording.reads.push(Read { at, bytes: piece.wire_bytes });
                    self.last_event = piece.at;
                    let room = MAX_TEXT.saturating_sub(body.len());
                    body.extend_from_slice(piece.data.get(..room).unwrap_or(&piece.data));
                    let reads = recording.reads.len() * size_of::<Read>();
                    if piece.data.len() > room || reads > MAX_KEPT {
                        break End::TooLarge(at);
                    }
                }
            }
        };
        recording.text = Some(String::from_utf8_lossy(&body).into_owned());
        end
    }
}

/// What came of reading a body.
enum Came {
    Piece(Piece),
    /// More than is kept.
    TooMuch,
    Failed(ClientError),
}

/// The pieces of a body, read by a task of its own: what is done with one piece must not make the
/// next one seem late.
struct Pieces {
    pieces: mpsc::Receiver<Came>,
    /// Ends the task when it is dropped.
    _task: JoinSet<()>,
}

impl Pieces {
    fn of(mut answer: Answer) -> Self {
        let (sender, pieces) = mpsc::channel(READ_AHEAD);
        let mut task = JoinSet::new();
        task.spawn(async move {
            // It is counted here, since what waits to be looked at takes memory too.
            let mut count = 0;
            while let Some(piece) = answer.read().await.transpose() {
                let came = match piece {
                    Ok(piece) => {
                        count += piece.data.len();
                        if count <= MAX_BODY { Came::Piece(piece) } else { Came::TooMuch }
                    }
                    Err(error) => Came::Failed(error),
                };
                let is_last = !matches!(came, Came::Piece(_));
                if sender.send(came).await.is_err() || is_last {
                    break;
                }
            }
        });
        Self { pieces, _task: task }
    }

    async fn next(&mut self) -> Option<Came> {
        self.pieces.recv().await
    }
}

fn head(answer: &Answer) -> Head {
    Head {
        at: answer.headers_at.saturating_duration_since(answer.sent_at),
        status: answer.status,
        version: answer.version.clone(),
        headers: answer.headers.clone(),
    }
}

/// About how much memory a frame takes when its data was read: small values take many times the
/// bytes that they have on the way.
fn memory(frame: &chatkit_sse::Frame) -> usize {
    let comments: usize = frame.comments.iter().map(String::len).sum();
    let data = frame.data.as_deref().unwrap_or_default();
    let values = data.bytes().map(|byte| match byte {
        b'{' => OBJECT,
        b'[' | b',' => ENTRY,
        _ => 0,
    });
    size_of::<Frame>() + comments + data.len() + values.sum::<usize>()
}

fn kind(data: Option<String>, comments: &[String]) -> FrameKind {
    match data {
        None => FrameKind::Comment(comments.join("\n")),
        Some(data) => match serde_json::from_str(&data) {
            Ok(event) => FrameKind::Event(event),
            Err(_) => FrameKind::NotJson(data.chars().take(MAX_NOT_JSON).collect()),
        },
    }
}

/// What happened, without where: that is known.
fn failed(error: &ClientError, at: Duration) -> End {
    match error {
        ClientError::NotConnected { reason, .. } => {
            End::Broken(at, format!("no connection: {reason}"))
        }
        ClientError::Broken { reason, .. } => End::Broken(at, reason.clone()),
        ClientError::Tls { reason, .. } => {
            End::Broken(at, format!("no secure connection: {reason}"))
        }
        ClientError::Encoding { reason, .. } => End::Undecodable(at, reason.clone()),
        ClientError::TooLarge { .. } => End::TooLarge(at),
        error => End::Broken(at, error.to_string()),
    }
}
