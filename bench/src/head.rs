//! The head of a response.

/// What matters of a response's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) is_event_stream: bool,
    pub(crate) framing: Framing,
    /// Whether the connection can be used again.
    pub(crate) keep_alive: bool,
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Chunked,
    /// So many bytes.
    Length(u64),
    /// By the end of the connection.
    Close,
}

/// More headers than any of the compared servers sends.
const MAX_HEADERS: usize = 64;

impl Head {
    /// Reads the head at the front of `input`; `None` when it has not arrived whole. Returns its
    /// length in bytes too.
    pub(crate) fn parse(input: &[u8]) -> Result<Option<(Self, usize)>, httparse::Error> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = response.parse(input)? else {
            return Ok(None);
        };
        let mut head = Self {
            status: response.code.unwrap_or(0),
            is_event_stream: false,
            framing: Framing::Close,
            keep_alive: response.version == Some(1),
        };
        for header in response.headers.iter() {
            head.apply(header);
        }
        head.keep_alive &= head.framing != Framing::Close;
        Ok(Some((head, length)))
    }

    fn apply(&mut self, header: &httparse::Header<'_>) {
        let value = std::str::from_utf8(header.value).unwrap_or_default().trim();
        match header.name.to_ascii_lowercase().as_str() {
            "content-type" => {
                let kind = value.split(';').next().unwrap_or_default().trim();
                self.is_event_stream = kind.eq_ignore_ascii_case("text/event-stream");
            }
            "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => {
                self.framing = Framing::Chunked;
            }
            // The transfer coding has precedence (RFC 9112, section 6.3).
            "content-length" if self.framing != Framing::Chunked => {
                if let Ok(length) = value.parse() {
                    self.framing = Framing::Length(length);
                }
            }
            "connection" if value.eq_ignore_ascii_case("close") => self.keep_alive = false,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        Head::parse(text.as_bytes()).unwrap().unwrap().0
    }

    #[test]
    fn a_stream() {
        let text = "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n\
            transfer-encoding: chunked\r\n\r\n";
        let expected = Head {
            status: 200,
            is_event_stream: true,
            framing: Framing::Chunked,
            keep_alive: true,
        };
        assert_eq!(
            Head::parse(format!("{text}5\r\n").as_bytes()),
            Ok(Some((expected, text.len())))
        );
        for to in 0..text.len() {
            assert_eq!(Head::parse(&text.as_bytes()[..to]), Ok(None));
        }
    }

    #[test]
    fn other_framings() {
        let length = head("HTTP/1.1 404 Not Found\r\ncontent-length: 7\r\n\r\n");
        assert_eq!((length.status, length.framing), (404, Framing::Length(7)));
        assert!(length.keep_alive && !length.is_event_stream);
        assert!(!head("HTTP/1.1 200 OK\r\n\r\n").keep_alive);
        assert!(
            !head("HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 0\r\n\r\n").keep_alive
        );
        assert!(!head("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n").keep_alive);
    }

    #[test]
    fn what_is_no_response_is_refused() {
        assert!(Head::parse(b"GET / HTTP/1.1\r\n\r\n").is_err());
    }
}
