//! A socket without `TCP_NODELAY`, to a client that delays its acknowledgements.
//!
//! Linux leaves delayed acknowledgements after the first that was late, so on one machine the two
//! meet once in a connection; between machines, and with other clients, they meet at each write.
//! Here they are played: a small write goes at once if all before it is acknowledged, else it waits.

use std::{
    io,
    time::{Duration, Instant},
};

use super::{Exchange, Wait, http::chunk};

/// How long the client's acknowledgement takes.
const DELAYED: Duration = Duration::from_millis(40);

/// Each frame is written in two: so much of it first, the rest behind it.
pub(crate) fn nagle(
    first: usize,
) -> impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static {
    move |exchange| {
        exchange.send_head()?;
        // When what was sent last will be acknowledged.
        let mut acknowledged = Instant::now();
        let mut held = Vec::new();
        loop {
            let wait = if held.is_empty() {
                exchange.piece().map_or(Wait::End, Wait::Piece)
            } else {
                exchange.piece_within(acknowledged.saturating_duration_since(Instant::now()))
            };
            match wait {
                Wait::Piece(piece) => {
                    let (start, rest) = piece.split_at(first.min(piece.len()));
                    for write in [start, rest] {
                        if write.is_empty() {
                            continue;
                        }
                        held.extend(chunk(write));
                        if Instant::now() >= acknowledged {
                            exchange.client.bytes(&std::mem::take(&mut held))?;
                            acknowledged = Instant::now() + DELAYED;
                        }
                    }
                }
                Wait::Nothing => {
                    exchange.client.bytes(&std::mem::take(&mut held))?;
                    acknowledged = Instant::now() + DELAYED;
                }
                Wait::End => break,
            }
        }
        exchange.client.bytes(&held)?;
        exchange.client.end()
    }
}
