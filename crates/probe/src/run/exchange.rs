//! One exchange, from the request to the end of the answer.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use chatkit_client::{Answer, Client, ClientError, Piece};
use chatkit_sse::Parser;
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::timeout_at,
};

use super::{
    Limits, Stop,
    room::{self, Room},
};
use crate::{End, Frame, FrameKind, Head, Live, Read, Recording, arrivals::characters};

/// A frame beyond this is no event of a chat.
const MAX_FRAME: usize = 32 * 1024 * 1024;
/// How much of a body that is no stream is kept, in bytes. Pages of items must fit.
const MAX_TEXT: usize = 16 * 1024 * 1024;
/// How much of a broken event is kept, in characters.
const MAX_NOT_JSON: usize = 400;
/// How many pieces may wait to be looked at, and how many KiB they may have.
const READ_AHEAD: usize = 1024;
const KIB_AHEAD: usize = 64 * 1024;
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
    (stop, room): (&Stop, &Room),
) -> Seen {
    let sending = client.send(request, streams);
    record(sending, request.clone(), limits, live, (stop, room)).await
}

/// Asks as a browser does before it sends what the stock client sends.
pub(super) async fn preflight(
    client: &Client,
    limits: Limits,
    (stop, room): (&Stop, &Room),
) -> Recording {
    let sending = client.preflight(&[
        ("origin", ORIGIN),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "chatkit-frame-instance-id,content-type"),
    ]);
    record(sending, Value::Null, limits, &Live::new(), (stop, room)).await.recording
}

/// Why nothing more is read.
#[derive(Clone, Copy)]
enum Ended {
    Stopped,
    Silent,
    OutOfTime,
    OutOfRoom,
}

struct Watch<'a> {
    start: Instant,
    limits: Limits,
    stop: &'a Stop,
    room: &'a Room,
    /// When the last event came, or the request was sent.
    last_event: Instant,
}

async fn record(
    sending: impl Future<Output = Result<Answer, ClientError>>,
    request: Value,
    limits: Limits,
    live: &Live,
    (stop, room): (&Stop, &Room),
) -> Seen {
    let start = Instant::now();
    let mut watch = Watch { start, limits, stop, room, last_event: start };
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
            End::Broken(start.elapsed(), reason(&error))
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
        let (deadline, ended) = self.deadline();
        tokio::select! {
            biased;
            () = self.stop.wait() => Err(Ended::Stopped),
            come = timeout_at(deadline.into(), coming) => come.map_err(|_| ended),
        }
    }

    fn deadline(&self) -> (Instant, Ended) {
        let silent = self.last_event + self.limits.silence;
        let late = self.start + self.limits.total;
        if silent <= late { (silent, Ended::Silent) } else { (late, Ended::OutOfTime) }
    }

    /// Takes note of a read, unless it came too late: where there is always more to read, nothing
    /// is ever waited for.
    fn note(&self, piece: &Piece, recording: &mut Recording) -> Result<(), Ended> {
        let (deadline, ended) = self.deadline();
        if piece.at > deadline {
            return Err(ended);
        }
        if !self.room.take(room::OF_READ) {
            return Err(Ended::OutOfRoom);
        }
        let at = piece.at.saturating_duration_since(self.start);
        recording.reads.push(Read { at, bytes: piece.wire_bytes });
        Ok(())
    }

    fn end(&self, ended: Ended) -> End {
        let at = self.start.elapsed();
        match ended {
            Ended::Silent => End::TimedOut(at),
            Ended::Stopped | Ended::OutOfTime => End::Left(at),
            Ended::OutOfRoom => End::TooMuch(at),
        }
    }

    async fn read_stream(&mut self, answer: Answer, recording: &mut Recording, live: &Live) -> End {
        let mut parser = Parser::new(MAX_FRAME).with_comments();
        let mut pieces = Pieces::of(answer);
        loop {
            // The place of the piece is free when it was looked at.
            let (piece, _place) = match self.wait(pieces.next()).await {
                Err(ended) => return self.end(ended),
                Ok(Some(Err(error))) => return End::Broken(self.start.elapsed(), reason(&error)),
                Ok(None) => break,
                Ok(Some(Ok(piece))) => piece,
            };
            let at = piece.at.saturating_duration_since(self.start);
            let read = recording.reads.len();
            if let Err(ended) = self.note(&piece, recording) {
                return self.end(ended);
            }
            parser.push(&piece.data);
            loop {
                let frame = match parser.next_frame() {
                    Ok(Some(frame)) => frame,
                    Ok(None) => break,
                    Err(too_large) => return End::Broken(at, too_large.to_string()),
                };
                if !self.room.take(room::size(&frame)) {
                    return self.end(Ended::OutOfRoom);
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
                Ok(Err(error)) => break End::Broken(self.start.elapsed(), reason(&error)),
                Ok(Ok(None)) => break End::Complete(self.start.elapsed()),
                Ok(Ok(Some(piece))) => {
                    if let Err(ended) = self.note(&piece, recording) {
                        break self.end(ended);
                    }
                    self.last_event = piece.at;
                    if body.len() + piece.data.len() > MAX_TEXT {
                        break self.end(Ended::OutOfRoom);
                    }
                    body.extend_from_slice(&piece.data);
                }
            }
        };
        recording.text = Some(String::from_utf8_lossy(&body).into_owned());
        end
    }
}

/// A piece, and the place that it takes among those that wait.
type Placed = (Piece, Option<OwnedSemaphorePermit>);

/// The pieces of a body, read by a task of its own: what is done with one piece must not make the
/// next one seem late.
struct Pieces {
    pieces: mpsc::Receiver<Result<Placed, ClientError>>,
    /// Ends the task when it is dropped.
    _task: JoinSet<()>,
}

impl Pieces {
    fn of(mut answer: Answer) -> Self {
        let (sender, pieces) = mpsc::channel(READ_AHEAD);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let places = Arc::new(Semaphore::new(KIB_AHEAD));
            while let Some(piece) = answer.read().await.transpose() {
                let failed = piece.is_err();
                let piece = match piece {
                    Ok(piece) => {
                        let kib = (piece.data.len() / 1024).min(KIB_AHEAD);
                        let kib = u32::try_from(kib).unwrap_or(u32::MAX);
                        // It is never closed.
                        Ok((piece, places.clone().acquire_many_owned(kib).await.ok()))
                    }
                    Err(error) => Err(error),
                };
                if sender.send(piece).await.is_err() || failed {
                    break;
                }
            }
        });
        Self { pieces, _task: task }
    }

    async fn next(&mut self) -> Option<Result<Placed, ClientError>> {
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
fn reason(error: &ClientError) -> String {
    match error {
        ClientError::NotConnected { reason, .. } => {
            let reason = reason.strip_prefix("client error (Connect): ").unwrap_or(reason);
            format!("no connection: {reason}")
        }
        ClientError::Broken { reason, .. } => reason.clone(),
        ClientError::Tls { reason, .. } => format!("no secure connection: {reason}"),
        ClientError::Encoding { reason, .. } => format!("it cannot be decompressed: {reason}"),
        error => error.to_string(),
    }
}
