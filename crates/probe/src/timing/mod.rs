//! What the times of a stream say: which part of the way is slow, and who keeps things back.
//!
//! | Rule | Evidence |
//! | --- | --- |
//! | `buffered` | nothing but silence, then everything at once |
//! | `nagle` | pauses of 40 or 200 ms that a sender makes while it waits for the receiver's acknowledgement |
//! | `bursts` | many events at once, again and again, after so many bytes or so much time |
//! | `pace` | events come one by one, but slowly; or a long text comes in one piece |
//! | `connect` | a long wait for the connection |
//! | `waits` | long waits for the head, the first event, the first text, or in the middle |
//!
//! A stream that is buffered says nothing about the waits behind the buffer, so the rules are asked
//! in this order and the first explanation of bursts stands.

mod buffered;
mod bursts;
mod clock;
mod connect;
mod nagle;
mod pace;
mod script;
#[cfg(test)]
mod tests;
mod waits;

pub(crate) use connect::slow_connect;

use crate::{Finding, Recording};

/// What is found here.
pub(crate) const CODES: [&str; 11] = [
    "slow-connect",
    "buffered-whole",
    "nagle",
    "bursts",
    "slow-headers",
    "slow-first-event",
    "slow-first-text",
    "long-gap",
    "stall",
    "no-heartbeat",
    "slow-producer",
];

/// Judges the times of a recording of an event stream.
pub(crate) fn check(recording: &Recording) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(buffered) = buffered::check(recording) {
        findings.push(buffered);
        return findings;
    }
    let held = nagle::check(recording).or_else(|| bursts::check(recording));
    let mut waits = waits::check(recording);
    if held.is_some() {
        // What waits in a buffer is not late by itself.
        waits.retain(|wait| !matches!(wait.code, "slow-first-event" | "slow-first-text"));
    }
    findings.extend(held);
    findings.extend(waits);
    findings.extend(pace::check(recording));
    findings
}
