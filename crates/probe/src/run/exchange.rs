//! One exchange, from the request to the end of the answer.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use chatkit_client::{Answer, Client, ClientError, Piece};
use chatkit_sse::{Parser, TooLarge};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet, time::timeout_at};

use super::{
    Limits, Stop,
    room::{Full, Room, Share},
};
use crate::{End, Frame, FrameKind, Head, Live, Read, Recording, arrivals::characters};

/// How much of a body is read, in bytes after decompression: no chat has more to say in one answer.
const MAX_BODY: usize = 64 * 1024 * 1024;
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
    /// Whether it was left since all answers together take too much.
    pub(super) memory_full: bool,
}

/// How an answer is watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watching<'a> {
    pub(super) limits: Limits,
    pub(super) room: &'a Room,
    pub(super) live: &'a Live,
    pub(super) stop: &'a Stop,
}

/// Sends a request and watches the answer.
pub(super) async fn exchange(
    client: &Client,
    request: &Value,
    streams: bool,
    watching: Watching<'_>,
) -> Seen {
    record(client.send(request, streams), request.clone(), watching).await
}

/// Asks as a browser does before it sends what the stock client sends.
pub(super) async fn preflight(client: &Client, watching: Watching<'_>) -> Recording {
    let sending = client.preflight(&[
        ("origin", ORIGIN),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "chatkit-frame-instance-id,content-type"),
    ]);
    record(sending, Value::Null, watching).await.recording
}

/// Why nothing more is read.
#[derive(Clone, Copy)]
enum Ended {
    Stopped,
    Silent,
    OutOfTime,
    TooLarge,
    MemoryFull,
}

struct Watch<'a> {
    start: Instant,
    limits: Limits,
    stop: &'a Stop,
    /// When the last event came, or the request was sent.
    last_event: Instant,
    share: Share,
    memory_full: bool,
}

async fn record(
    sending: impl Future<Output = Result<Answer, ClientError>>,
    request: Value,
    watching: Watching<'_>,
) -> Seen {
    let Watching { limits, room, live, stop } = watching;
    let (start, share) = (Instant::now(), room.share());
    let mut watch = Watch { start, limits, stop, last_event: start, share, memory_full: false };
    let mut recording = Recording {
        request,
        connect: None,
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
            // Neither the making of the request nor the wait for a task is the server's, and the
            // connection has a time of its own.
            watch.start = answer.connected_at.unwrap_or(answer.sent_at);
            recording.connect =
                answer.connected_at.map(|at| at.saturating_duration_since(answer.sent_at));
            watch.last_event = answer.headers_at;
            recording.head = Some(head(&answer, watch.start));
            live.head(answer.status);
            if answer.is_event_stream() {
                watch.read_stream(answer, &mut recording, live).await
            } else {
                watch.read_text(answer, &mut recording).await
            }
        }
    };
    Seen { recording, unreachable, memory_full: watch.memory_full }
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

    fn end(&mut self, ended: Ended) -> End {
        let at = self.start.elapsed();
        self.memory_full |= matches!(ended, Ended::MemoryFull);
        match ended {
            Ended::Silent => End::TimedOut(at),
            Ended::TooLarge => End::TooLarge(at),
            Ended::Stopped | Ended::OutOfTime | Ended::MemoryFull => End::Left(at),
        }
    }

    async fn read_stream(&mut self, answer: Answer, recording: &mut Recording, live: &Live) -> End {
        let mut parser = Parser::new(MAX_BODY).with_comments();
        let mut pieces = Pieces::of(answer, self.share.clone());
        loop {
            let piece = match self.wait(pieces.next()).await {
                Err(ended) => return self.end(ended),
                Ok(None) => break,
                Ok(Some(Came::Piece(piece))) => piece,
                Ok(Some(Came::TooMuch(ended))) => return self.end(ended),
                Ok(Some(Came::Failed(error))) => return failed(&error, self.start.elapsed()),
            };
            let at = piece.at.saturating_duration_since(self.start);
            let read = recording.reads.len();
            recording.reads.push(Read { at, bytes: piece.wire_bytes });
            parser.push(&piece.data);
            if let Err(full) = self.share.take(size_of::<Read>()) {
                return self.end(full.into());
            }
            loop {
                let frame = match parser.next_frame() {
                    Ok(Some(frame)) => frame,
                    Ok(None) => break,
                    Err(TooLarge) => return End::TooLarge(at),
                };
                if let Err(full) = self.share.take(memory(&frame)) {
                    return self.end(full.into());
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
                    if piece.data.len() > room {
                        break End::TooLarge(at);
                    }
                    if let Err(full) = self.share.take(piece.data.len() + size_of::<Read>()) {
                        break self.end(full.into());
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
    TooMuch(Ended),
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
    fn of(mut answer: Answer, share: Share) -> Self {
        let (sender, pieces) = mpsc::channel(READ_AHEAD);
        let mut task = JoinSet::new();
        task.spawn(async move {
            // It is counted here, since what waits to be looked at takes memory too.
            let mut count = 0;
            while let Some(piece) = answer.read().await.transpose() {
                let came = match piece {
                    Ok(piece) => {
                        count += piece.data.len();
                        match share.take(piece.data.len()) {
                            Ok(()) if count <= MAX_BODY => Came::Piece(piece),
                            Ok(()) => Came::TooMuch(Ended::TooLarge),
                            Err(full) => Came::TooMuch(full.into()),
                        }
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

impl From<Full> for Ended {
    fn from(full: Full) -> Self {
        match full {
            Full::OfOne => Self::TooLarge,
            Full::OfAll => Self::MemoryFull,
        }
    }
}

fn head(answer: &Answer, start: Instant) -> Head {
    Head {
        at: answer.headers_at.saturating_duration_since(start),
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
            End::NotConnected(at, format!("no connection: {reason}"))
        }
        ClientError::Tls { reason, .. } => {
            End::NotConnected(at, format!("no secure connection: {reason}"))
        }
        ClientError::Broken { reason, .. } => End::Broken(at, reason.clone()),
        ClientError::Encoding { reason, .. } => End::Undecodable(at, reason.clone()),
        ClientError::TooLarge { .. } => End::TooLarge(at),
        error => End::Broken(at, error.to_string()),
    }
}
