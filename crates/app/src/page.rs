//! The page at `/`, embedded in the binary.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

struct File {
    path: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

macro_rules! file {
    ($path:literal, $name:literal, $media_type:literal) => {
        File {
            path: $path,
            media_type: $media_type,
            content: include_bytes!(concat!("../page/", $name)),
        }
    };
}

const FILES: &[File] = &[
    file!("/", "index.html", "text/html; charset=utf-8"),
    file!("/style.css", "style.css", "text/css; charset=utf-8"),
    file!("/favicon.svg", "favicon.svg", "image/svg+xml"),
    file!("/api.js", "api.js", "text/javascript; charset=utf-8"),
    file!("/app.js", "app.js", "text/javascript; charset=utf-8"),
    file!("/bar.js", "bar.js", "text/javascript; charset=utf-8"),
    file!("/chat.js", "chat.js", "text/javascript; charset=utf-8"),
    file!("/dom.js", "dom.js", "text/javascript; charset=utf-8"),
    file!("/items.js", "items.js", "text/javascript; charset=utf-8"),
    file!("/markdown.js", "markdown.js", "text/javascript; charset=utf-8"),
    file!("/resume.js", "resume.js", "text/javascript; charset=utf-8"),
    file!("/run.js", "run.js", "text/javascript; charset=utf-8"),
    file!("/threads.js", "threads.js", "text/javascript; charset=utf-8"),
    file!("/tools.js", "tools.js", "text/javascript; charset=utf-8"),
    file!("/transcript.js", "transcript.js", "text/javascript; charset=utf-8"),
    file!("/widgets.js", "widgets.js", "text/javascript; charset=utf-8"),
];

/// Nothing but the server's own scripts and styles; images of replies may come from anywhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data: https:; \
     object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The routes of the page's files.
pub(crate) fn routes() -> Router {
    FILES.iter().fold(Router::new(), |router, file| {
        let etag = etag(file.content);
        router.route(
            file.path,
            get(move |headers: HeaderMap| async move { answer(file, &etag, &headers) }),
        )
    })
}

fn answer(file: &'static File, etag: &str, request: &HeaderMap) -> Response {
    let headers = [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    if has_seen(request, etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::CONTENT_TYPE, file.media_type)], file.content).into_response()
}

/// Whether the browser has the file already: a tag, a list of tags or `*`, weak tags as good as
/// strong ones (RFC 9110, section 13.1.2).
fn has_seen(request: &HeaderMap, etag: &str) -> bool {
    let lists = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    let mut tags = lists.flat_map(|tags| tags.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

fn etag(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}
