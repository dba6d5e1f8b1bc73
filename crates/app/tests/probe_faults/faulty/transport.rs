//! What goes wrong between a server and its client. Each takes an exchange to its end.

use std::{
    io::{self, Write as _},
    thread,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};

use super::{Exchange, Wait};

/// All is passed on as it comes.
pub(crate) fn pass(exchange: &mut Exchange<'_>) -> io::Result<()> {
    exchange.send_head()?;
    exchange.send_frames(usize::MAX)?;
    exchange.client.end()
}

/// Everything is held until the stream has ended, the head too.
pub(crate) fn hold_to_end(exchange: &mut Exchange<'_>) -> io::Result<()> {
    let mut body = Vec::new();
    while let Some(piece) = exchange.piece() {
        body.extend(piece);
    }
    exchange.send_head()?;
    exchange.client.chunk(&body)?;
    exchange.client.end()
}

/// The head goes at once, the body each time so many bytes have come.
pub(crate) fn hold_bytes(
    count: usize,
) -> impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static {
    move |exchange| {
        exchange.send_head()?;
        let mut held = Vec::new();
        while let Some(piece) = exchange.piece() {
            held.extend(piece);
            while held.len() >= count {
                let full: Vec<u8> = held.drain(..count).collect();
                exchange.client.chunk(&full)?;
            }
        }
        exchange.client.chunk(&held)?;
        exchange.client.end()
    }
}

/// What has come is sent each time so much time has passed.
pub(crate) fn flush_each(
    interval: Duration,
) -> impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static {
    move |exchange| {
        exchange.send_head()?;
        let mut held = Vec::new();
        let mut due = Instant::now() + interval;
        loop {
            match exchange.piece_within(due.saturating_duration_since(Instant::now())) {
                Wait::Piece(piece) => held.extend(piece),
                Wait::Nothing => {
                    exchange.client.chunk(&std::mem::take(&mut held))?;
                    due += interval;
                }
                Wait::End => break,
            }
        }
        exchange.client.chunk(&held)?;
        exchange.client.end()
    }
}

/// The stream is compressed; the compressor gives what it has after each frame, or when it likes.
pub(crate) fn gzip(
    flush: bool,
) -> impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static {
    move |exchange| {
        let accepted = exchange.request.header("accept-encoding").unwrap_or_default();
        assert!(accepted.contains("gzip"), "the probe accepts what browsers do: {accepted:?}");
        exchange.set_header("content-encoding", Some("gzip"));
        exchange.send_head()?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        while let Some(frame) = exchange.frame() {
            encoder.write_all(&frame)?;
            if flush {
                encoder.flush()?;
            }
            exchange.client.chunk(&std::mem::take(encoder.get_mut()))?;
        }
        let rest = encoder.finish()?;
        exchange.client.chunk(&rest)?;
        exchange.client.end()
    }
}

/// After so many frames nothing comes any more, and no end.
pub(crate) fn quiet_after(
    frames: usize,
) -> impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static {
    move |exchange| {
        exchange.send_head()?;
        exchange.send_frames(frames)?;
        exchange.client.wait_until_it_leaves();
        Ok(())
    }
}

/// After so many frames there are only heartbeats.
pub(crate) fn heartbeats_after(
    frames: usize,
    interval: Duration,
) -> impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static {
    move |exchange| {
        exchange.send_head()?;
        exchange.send_frames(frames)?;
        loop {
            thread::sleep(interval);
            exchange.client.chunk(b": ping\n\n")?;
        }
    }
}

/// After so many frames the connection is closed.
pub(crate) fn break_after(
    frames: usize,
) -> impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static {
    move |exchange| {
        exchange.send_head()?;
        exchange.send_frames(frames)
    }
}

/// After so many frames the response ends within the next.
pub(crate) fn cut_frame(
    frames: usize,
) -> impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static {
    move |exchange| {
        exchange.send_head()?;
        exchange.send_frames(frames)?;
        let frame = exchange.frame().unwrap_or_default();
        exchange.client.chunk(&frame[..frame.len() / 2])?;
        exchange.client.end()
    }
}

/// No frame comes.
pub(crate) fn empty(exchange: &mut Exchange<'_>) -> io::Result<()> {
    exchange.send_head()?;
    exchange.client.end()
}

/// All but the comments is passed on.
pub(crate) fn without_heartbeats(exchange: &mut Exchange<'_>) -> io::Result<()> {
    exchange.send_head()?;
    while let Some(frame) = exchange.frame() {
        if !frame.starts_with(b":") {
            exchange.client.chunk(&frame)?;
        }
    }
    exchange.client.end()
}
