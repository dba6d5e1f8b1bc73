//! The live picture on a terminal.

use std::{
    future::Future,
    io::{self, Write},
    pin::pin,
    time::{Duration, Instant},
};

use tokio::time::{MissedTickBehavior, interval};

use crate::Live;

/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(100);
/// To the beginning of the line, and no wrapping: a narrow terminal cuts the line instead.
const BEGIN: &str = "\r\u{1b}[?7l";
/// Away with what is left of the line before, and wrapping again.
const END: &str = "\u{1b}[K\u{1b}[?7h";

/// Draws the picture until something is through, then takes it away. What cannot be drawn is not
/// drawn.
pub async fn watch<T>(live: &Live, mut terminal: impl Write, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            done = &mut work => {
                let _ = draw(&mut terminal, "");
                return done;
            }
            _ = ticks.tick() => {
                let _ = draw(&mut terminal, &live.line(Instant::now()));
            }
        }
    }
}

fn draw(terminal: &mut impl Write, line: &str) -> io::Result<()> {
    // One write, so that nothing can come in between.
    terminal.write_all(format!("{BEGIN}{line}{END}").as_bytes())?;
    if line.is_empty() {
        terminal.write_all(b"\r")?;
    }
    terminal.flush()
}
