//! Where a server is.

use reqwest::Url;

use crate::ClientError;

/// Where requests go if the URL names no path, as in ChatKit's examples.
const DEFAULT_PATH: &str = "/chatkit";

/// The endpoint that a URL means.
///
/// # Errors
///
/// [`ClientError::Url`] when it is none of `http` or `https`.
pub(crate) fn parse(text: &str) -> Result<Url, ClientError> {
    let wrong = |reason: String| ClientError::Url { reason };
    let mut url = Url::parse(text.trim()).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it must begin with http:// or https://".to_owned()));
    }
    if matches!(url.path(), "" | "/") {
        url.set_path(DEFAULT_PATH);
    }
    url.set_fragment(None);
    Ok(url)
}

/// A URL without what may be secret in it: user, password and query.
pub(crate) fn shown(url: &Url) -> String {
    let path = url.path();
    format!("{}{path}", url.origin().ascii_serialization())
}

/// Whether the host is this machine by its name or address.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_the_usual_one_unless_another_is_named() {
        for (text, endpoint) in [
            ("http://host", "http://host/chatkit"),
            (" https://host:8443/ ", "https://host:8443/chatkit"),
            ("http://host/api/chat#x", "http://host/api/chat"),
            ("http://host/chatkit/", "http://host/chatkit/"),
            ("http://host?tenant=1", "http://host/chatkit?tenant=1"),
        ] {
            assert_eq!(parse(text).unwrap().as_str(), endpoint);
        }
        for wrong in ["", "host", "localhost:8000", "ftp://host", "http://"] {
            assert!(matches!(parse(wrong), Err(ClientError::Url { .. })), "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_has_no_secrets() {
        let url = parse("https://me:hunter22@host:1/chat?key=hunter22").unwrap();
        assert_eq!(shown(&url), "https://host:1/chat");
    }

    #[test]
    fn loopback_hosts() {
        let loopback = |text| is_loopback(&parse(text).unwrap());
        assert!(
            ["http://localhost", "http://127.1.2.3", "https://[::1]:1", "http://a.localhost"]
                .into_iter()
                .all(loopback)
        );
        assert!(!["http://host", "http://10.0.0.1", "http://[::2]"].into_iter().any(loopback));
    }
}
