//! What the protocol asks of a stream.

use crate::{Finding, FollowUp, Recording};

pub(crate) fn check(_recording: &Recording) -> Vec<Finding> {
    Vec::new()
}

pub(crate) fn follow_ups(_main: &Recording, _others: &[FollowUp]) -> Vec<Finding> {
    Vec::new()
}
