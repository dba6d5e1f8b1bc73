//! `GET /metrics`.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use prometheus_client::{
    encoding::{prometheus_text, text},
    registry::Registry,
};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures in the format that the scraper prefers, else in the older text format, which every
/// scraper reads.
pub(crate) async fn scrape(State(registry): State<Arc<Registry>>, headers: HeaderMap) -> Response {
    let mut body = String::new();
    let (encoded, content_type) = if prefers_openmetrics(&headers) {
        (text::encode(&mut body, &registry), OPENMETRICS)
    } else {
        (prometheus_text::encode(&mut body, &registry), prometheus_text::CONTENT_TYPE)
    };
    if let Err(error) = encoded {
        tracing::error!(%error, "the metrics could not be written");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")], body)
        .into_response()
}

/// Whether OpenMetrics text is asked for by name, and no less than plain text (RFC 9110, section
/// 12.5.1).
fn prefers_openmetrics(headers: &HeaderMap) -> bool {
    let (mut open, mut plain) = (0.0_f32, 0.0_f32);
    let lists = headers.get_all(header::ACCEPT).iter().filter_map(|list| list.to_str().ok());
    for media_range in lists.flat_map(|list| list.split(',')) {
        let mut parts = media_range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse);
        let weight = weight.unwrap_or(0.0);
        match kind.as_str() {
            "application/openmetrics-text" => open = open.max(weight),
            "text/plain" => plain = plain.max(weight),
            _ => {}
        }
    }
    open > 0.0 && open >= plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrapers_get_what_they_prefer() {
        let prefers = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            prefers_openmetrics(&headers)
        };
        assert!(!prefers_openmetrics(&HeaderMap::new()));
        for open in [
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
             application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,\
             text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            "application/openmetrics-text",
            "Application/OpenMetrics-Text; version=1.0.0, text/plain",
        ] {
            assert!(prefers(open), "{open}");
        }
        for plain in [
            "*/*",
            "text/html",
            "text/plain",
            "text/plain, application/openmetrics-text;q=0.5",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=much",
            "",
        ] {
            assert!(!prefers(plain), "{plain}");
        }
    }
}
