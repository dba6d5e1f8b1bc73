//! The chunked transfer coding (RFC 9112, section 7.1), wherever the bytes are split.

/// Takes the chunks out of a body that arrives in pieces.
#[derive(Debug)]
pub(crate) struct Chunked {
    state: State,
}

/// What is next in a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Bytes of the content.
    Data(&'a [u8]),
    /// All input is used up and the body goes on.
    More,
    /// The body has ended; what is left of the input belongs to the next response.
    End,
}

/// Where a body is not chunked as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chunked body is malformed: unexpected byte {byte:#04x} in {place}")]
pub(crate) struct ChunkedError {
    byte: u8,
    place: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// In the digits of a chunk's size; none were read yet when `digits` is 0.
    Size {
        size: u64,
        digits: u8,
    },
    /// Behind the size, where extensions may stand.
    Extension {
        size: u64,
    },
    /// Before the line feed of the size line.
    SizeEnd {
        size: u64,
    },
    /// In a chunk, `left` bytes before its end.
    Data {
        left: u64,
    },
    /// Before the carriage return behind a chunk.
    DataCr,
    /// Before the line feed behind a chunk.
    DataLf,
    /// In the trailer section, on a line with or without text.
    Trailer {
        empty: bool,
    },
    /// Behind the carriage return of a line of the trailer section.
    TrailerLf {
        empty: bool,
    },
    End,
}

/// 16 digits are all of a `u64`.
const MAX_DIGITS: u8 = 16;

impl Chunked {
    pub(crate) fn new() -> Self {
        Self { state: State::Size { size: 0, digits: 0 } }
    }

    /// Takes the next part off the front of `input`.
    pub(crate) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Part<'a>, ChunkedError> {
        loop {
            if let State::End = self.state {
                return Ok(Part::End);
            }
            let Some((&byte, rest)) = input.split_first() else {
                return Ok(Part::More);
            };
            if let State::Data { left } = self.state {
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                let (data, rest) = input.split_at(take);
                *input = rest;
                let left = left - take as u64;
                self.state = if left == 0 { State::DataCr } else { State::Data { left } };
                return Ok(Part::Data(data));
            }
            *input = rest;
            self.state = self.state.after(byte)?;
        }
    }
}

impl State {
    /// The state behind a byte that is not content.
    fn after(self, byte: u8) -> Result<Self, ChunkedError> {
        let wrong = |place| Err(ChunkedError { byte, place });
        Ok(match (self, byte) {
            (Self::Size { size, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F')
                if digits < MAX_DIGITS =>
            {
                let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
                Self::Size { size: size << 4 | digit, digits: digits + 1 }
            }
            (Self::Size { size, digits: 1.. }, b'\r') => Self::SizeEnd { size },
            (Self::Size { size, digits: 1.. }, b';' | b' ' | b'\t') => Self::Extension { size },
            (Self::Size { .. }, _) => return wrong("the size of a chunk"),
            (Self::Extension { size }, b'\r') => Self::SizeEnd { size },
            (Self::Extension { size }, _) => Self::Extension { size },
            (Self::SizeEnd { size: 0 }, b'\n') => Self::Trailer { empty: true },
            (Self::SizeEnd { size }, b'\n') => Self::Data { left: size },
            (Self::SizeEnd { .. }, _) => return wrong("the end of a size line"),
            (Self::DataCr, b'\r') => Self::DataLf,
            (Self::DataLf, b'\n') => Self::Size { size: 0, digits: 0 },
            (Self::DataCr | Self::DataLf, _) => return wrong("the end of a chunk"),
            (Self::Trailer { empty }, b'\r') => Self::TrailerLf { empty },
            (Self::Trailer { .. }, _) => Self::Trailer { empty: false },
            (Self::TrailerLf { empty: true }, b'\n') => Self::End,
            (Self::TrailerLf { empty: false }, b'\n') => Self::Trailer { empty: true },
            (Self::TrailerLf { .. }, _) => return wrong("the end of the trailer section"),
            (Self::Data { .. } | Self::End, _) => self,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds pieces and returns the content and what was behind the body.
    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, Option<Vec<u8>>), ChunkedError> {
        let mut chunked = Chunked::new();
        let mut content = Vec::new();
        let mut behind: Option<Vec<u8>> = None;
        for piece in pieces {
            let mut input = *piece;
            loop {
                match chunked.next(&mut input)? {
                    Part::Data(data) => content.extend_from_slice(data),
                    Part::More => break,
                    Part::End => {
                        behind.get_or_insert_default().extend_from_slice(input);
                        break;
                    }
                }
            }
        }
        Ok((content, behind))
    }

    const WHOLE: &[u8] = b"5\r\nhello\r\n1a;name=\"v\"\r\n, wide world of many bytes\r\n\
        0\r\nX-Trailer: yes\r\n\r\nHTTP/1.1";

    fn expected() -> (Vec<u8>, Option<Vec<u8>>) {
        (b"hello, wide world of many bytes".to_vec(), Some(b"HTTP/1.1".to_vec()))
    }

    #[test]
    fn in_one_piece() {
        assert_eq!(decode(&[WHOLE]), Ok(expected()));
        assert_eq!(decode(&[b"0\r\n\r\n"]), Ok((vec![], Some(vec![]))));
    }

    #[test]
    fn split_once_anywhere() {
        for at in 0..=WHOLE.len() {
            let (one, two) = WHOLE.split_at(at);
            assert_eq!(decode(&[one, two]), Ok(expected()), "split at {at}");
        }
    }

    #[test]
    fn split_everywhere() {
        let pieces: Vec<&[u8]> = WHOLE.chunks(1).collect();
        assert_eq!(decode(&pieces), Ok(expected()));
    }

    #[test]
    fn an_unfinished_body_has_not_ended() {
        let end = WHOLE.len() - b"\nHTTP/1.1".len();
        for to in 0..=end {
            assert_eq!(decode(&[&WHOLE[..to]]).unwrap().1, None, "cut at {to}");
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for body in [
            &b"\r\n"[..],
            b"x\r\n",
            b"5\n",
            b"2\r\nabc",
            b"2\r\nab\rc",
            b"2\rab",
            b"0\r\n\rx",
            b"-1\r\n",
            b"11111111111111111\r\n",
        ] {
            assert!(decode(&[body]).is_err(), "{}", String::from_utf8_lossy(body));
        }
    }

    proptest! {
        #[test]
        fn any_content_in_any_chunks_split_anywhere(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            splits in prop::collection::vec(1..20_usize, 1..60),
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend(format!("{:X}\r\n", chunk.len()).bytes());
                body.extend_from_slice(chunk);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\n\r\n");
            let mut pieces = Vec::new();
            let mut rest = &body[..];
            for split in splits.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, behind) = rest.split_at(rest.len().min(*split));
                pieces.push(piece);
                rest = behind;
            }
            prop_assert_eq!(decode(&pieces), Ok((chunks.concat(), Some(vec![]))));
        }
    }
}
