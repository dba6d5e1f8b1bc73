//! The server that is loaded.

use std::{
    fmt, io,
    net::{SocketAddr, ToSocketAddrs as _},
    str::FromStr,
};

/// A server's address and the path of its endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Host and port, as they stand in the `Host` header.
    pub(crate) authority: String,
    pub(crate) path: String,
}

impl Target {
    /// The address to connect to.
    pub(crate) fn resolve(&self) -> io::Result<SocketAddr> {
        let unknown = || io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        self.authority.to_socket_addrs()?.next().ok_or_else(unknown)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// What a URL was missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected http://HOST:PORT or http://HOST:PORT/PATH")]
pub(crate) struct TargetError;

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(url: &str) -> Result<Self, TargetError> {
        let rest = url.strip_prefix("http://").ok_or(TargetError)?;
        let (authority, path) = match rest.find('/') {
            Some(at) if at + 1 < rest.len() => rest.split_at(at),
            _ => (rest.trim_end_matches('/'), "/chatkit"),
        };
        let has_port =
            authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
        if !has_port || !is_plain {
            return Err(TargetError);
        }
        Ok(Self { authority: authority.to_owned(), path: path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Option<String> {
        url.parse::<Target>().ok().map(|target| target.to_string())
    }

    #[test]
    fn the_path_is_the_usual_one_unless_it_is_said() {
        assert_eq!(parsed("http://127.0.0.1:80").unwrap(), "http://127.0.0.1:80/chatkit");
        assert_eq!(parsed("http://127.0.0.1:80/").unwrap(), "http://127.0.0.1:80/chatkit");
        assert_eq!(parsed("http://localhost:1/a/b").unwrap(), "http://localhost:1/a/b");
        assert_eq!(parsed("http://[::1]:80").unwrap(), "http://[::1]:80/chatkit");
    }

    #[test]
    fn what_cannot_be_reached_is_refused() {
        for url in ["https://a:1", "http://a", "a:1", "http://a:x", "http://a:1/b c", ""] {
            assert_eq!(parsed(url), None, "{url}");
        }
    }
}
