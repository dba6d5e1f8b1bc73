//! What a browser asks before it sends a request of another origin.

use super::{
    fault::{Fault, Findings},
    text::brief,
};
use crate::{Head, Recording};

/// The headers of the stock client that a browser asks about.
const ASKED_FOR: [&str; 2] = ["content-type", "chatkit-frame-instance-id"];

/// Looks at the answer to the question.
pub(super) fn check(recording: &Recording, found: &mut Findings) {
    let Some(head) = &recording.head else {
        return found.add(&CORS_PREFLIGHT, None, || "OPTIONS is not answered".to_owned());
    };
    if let Some(problem) = problem(head) {
        found.add(&CORS_PREFLIGHT, None, || problem.clone());
    }
}

fn problem(head: &Head) -> Option<String> {
    if !(200..300).contains(&head.status) {
        return Some(format!("OPTIONS is answered with status {}", head.status));
    }
    if head.header("access-control-allow-origin").is_none_or(str::is_empty) {
        return Some("no `access-control-allow-origin`".to_owned());
    }
    let allowed = allowed_headers(head);
    let asked = ASKED_FOR.iter().find(|asked| !allows(&allowed, asked))?;
    Some(format!("`access-control-allow-headers` lacks {asked}: \"{}\"", brief(&allowed)))
}

fn allowed_headers(head: &Head) -> String {
    let named = head.headers.iter().filter(|(name, _)| name == "access-control-allow-headers");
    named.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
}

fn allows(list: &str, header: &str) -> bool {
    list.split(',').map(str::trim).any(|name| name == "*" || name.eq_ignore_ascii_case(header))
}

const CORS_PREFLIGHT: Fault = Fault::warning(
    "cors-preflight",
    "On a page of another origin the browser sends nothing at all: the chat stays dead.",
    "Answer OPTIONS with 2xx, the page's origin in `access-control-allow-origin`, and \
     `content-type` and `chatkit-frame-instance-id` in `access-control-allow-headers`; or serve \
     page and server from one origin.",
);
