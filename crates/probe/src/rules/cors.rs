//! What a browser asks before it sends a request of another origin.

use super::{
    fault::{Fault, Findings},
    text::brief,
};
use crate::Recording;

/// The headers of the stock client that a browser asks about.
const ASKED_FOR: [&str; 2] = ["content-type", "chatkit-frame-instance-id"];

/// Looks at the answer to the question.
pub(super) fn check(recording: &Recording, found: &mut Findings) {
    let Some(head) = &recording.head else {
        return found.add(&CORS_PREFLIGHT, None, || "OPTIONS is not answered".to_owned());
    };
    // A server that lets in certain origins, or none besides its own, may be right to say no.
    let closed = CORS_PREFLIGHT.as_note();
    if !(200..300).contains(&head.status) {
        let status = head.status;
        return found.add(&closed, None, || format!("OPTIONS is answered with status {status}"));
    }
    if head.header("access-control-allow-origin").is_none_or(str::is_empty) {
        return found.add(&closed, None, || {
            "no `access-control-allow-origin` for an origin that the server cannot know".to_owned()
        });
    }
    let allowed = head.list("access-control-allow-headers").unwrap_or_default();
    if let Some(asked) = ASKED_FOR.iter().find(|asked| !allows(&allowed, asked)) {
        found.add(&CORS_PREFLIGHT, None, || {
            format!("`access-control-allow-headers` lacks {asked}: \"{}\"", brief(&allowed))
        });
    }
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
