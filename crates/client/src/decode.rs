//! Decompression of a body, piece by piece.

use std::io;

use bytes::Bytes;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::ClientError;

/// The most that one piece may become, in bytes: nobody sends so much at once but to do harm.
const MAX_PIECE: usize = 64 * 1024 * 1024;
/// How much is decompressed before the size is looked at. It grows a thousandfold at most.
const STEP: usize = 4 * 1024;

/// Undoes the `Content-Encoding` of a body.
pub(crate) enum Decoder {
    Identity,
    Gzip(MultiGzDecoder<Vec<u8>>),
    /// A `deflate` that has not shown which of the two it is.
    Undecided(Vec<u8>),
    Zlib(ZlibDecoder<Vec<u8>>),
    Deflate(DeflateDecoder<Vec<u8>>),
    Unknown(String),
}

/// Why a piece cannot be decompressed.
#[derive(Debug)]
pub(crate) enum DecodeError {
    Unknown(String),
    TooLarge,
    Wrong(io::Error),
}

impl Decoder {
    /// The decoder for the values of `Content-Encoding`.
    pub(crate) fn new<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let encodings: Vec<String> = values
            .flat_map(|value| value.split(','))
            .map(|encoding| encoding.trim().to_ascii_lowercase())
            .filter(|encoding| !matches!(encoding.as_str(), "" | "identity"))
            .collect();
        match encodings.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => Self::Identity,
            ["gzip" | "x-gzip"] => Self::Gzip(MultiGzDecoder::new(Vec::new())),
            ["deflate"] => Self::Undecided(Vec::new()),
            _ => Self::Unknown(encodings.join(", ")),
        }
    }

    /// All that can be told with the next bytes.
    pub(crate) fn decode(&mut self, bytes: Bytes) -> Result<Bytes, DecodeError> {
        if let Self::Undecided(start) = self {
            start.extend_from_slice(&bytes);
            // A zlib stream begins with two bytes that are one number, a multiple of 31, and name
            // the method 8 (RFC 1950). Some servers send the deflate stream without them.
            let [first, second, ..] = start[..] else { return Ok(Bytes::new()) };
            let start = std::mem::take(start);
            let is_zlib = first & 15 == 8 && u16::from_be_bytes([first, second]) % 31 == 0;
            *self = if is_zlib {
                Self::Zlib(ZlibDecoder::new(Vec::new()))
            } else {
                Self::Deflate(DeflateDecoder::new(Vec::new()))
            };
            return self.decode(start.into());
        }
        match self {
            Self::Identity => return Ok(bytes),
            Self::Unknown(name) => return Err(DecodeError::Unknown(name.clone())),
            Self::Gzip(_) | Self::Undecided(_) | Self::Zlib(_) | Self::Deflate(_) => {}
        }
        for step in bytes.chunks(STEP) {
            let size = match self {
                Self::Gzip(decoder) => write(decoder, step).map(|()| decoder.get_ref().len()),
                Self::Zlib(decoder) => write(decoder, step).map(|()| decoder.get_ref().len()),
                Self::Deflate(decoder) => write(decoder, step).map(|()| decoder.get_ref().len()),
                Self::Identity | Self::Undecided(_) | Self::Unknown(_) => Ok(0),
            };
            if size.map_err(DecodeError::Wrong)? > MAX_PIECE {
                return Err(DecodeError::TooLarge);
            }
        }
        Ok(match self {
            Self::Gzip(decoder) => std::mem::take(decoder.get_mut()),
            Self::Zlib(decoder) => std::mem::take(decoder.get_mut()),
            Self::Deflate(decoder) => std::mem::take(decoder.get_mut()),
            Self::Identity | Self::Undecided(_) | Self::Unknown(_) => Vec::new(),
        }
        .into())
    }
}

impl DecodeError {
    /// The error of an answer from a URL.
    pub(crate) fn at(self, url: String) -> ClientError {
        match self {
            Self::TooLarge => ClientError::TooLarge { url, limit: MAX_PIECE },
            Self::Unknown(encoding) => {
                let reason = format!("`{encoding}` is not known, and was not asked for");
                ClientError::Encoding { url, reason }
            }
            Self::Wrong(error) => ClientError::Encoding { url, reason: error.to_string() },
        }
    }
}

/// Writes compressed bytes, and gets all out of the decoder that is in it.
fn write(decoder: &mut impl io::Write, bytes: &[u8]) -> io::Result<()> {
    decoder.write_all(bytes)?;
    decoder.flush()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };

    use super::*;

    const EVENTS: [&str; 4] =
        ["data: 1\n\n", ": ping\n\n", "data: \u{e9}\u{1f600}\n\n", "data: 4\n\n"];

    fn decoder(encoding: &str) -> Decoder {
        Decoder::new([encoding].into_iter())
    }

    /// Each event compressed and flushed, and the end.
    fn pieces<W: io::Write>(mut encoder: W, take: impl Fn(&mut W) -> Vec<u8>) -> Vec<Vec<u8>> {
        EVENTS
            .iter()
            .map(|event| {
                encoder.write_all(event.as_bytes()).unwrap();
                encoder.flush().unwrap();
                take(&mut encoder)
            })
            .collect()
    }

    fn compressed(encoding: &str) -> Vec<Vec<u8>> {
        let level = Compression::default();
        match encoding {
            "gzip" => pieces(GzEncoder::new(Vec::new(), level), |encoder| {
                std::mem::take(encoder.get_mut())
            }),
            "zlib" => pieces(ZlibEncoder::new(Vec::new(), level), |encoder| {
                std::mem::take(encoder.get_mut())
            }),
            _ => pieces(DeflateEncoder::new(Vec::new(), level), |encoder| {
                std::mem::take(encoder.get_mut())
            }),
        }
    }

    #[test]
    fn each_piece_that_was_flushed_is_there_at_once() {
        for (kind, header) in [("gzip", "gzip"), ("zlib", "deflate"), ("raw", "deflate")] {
            let mut decoder = decoder(header);
            for (piece, event) in compressed(kind).into_iter().zip(EVENTS) {
                assert_eq!(decoder.decode(piece.into()).unwrap(), event, "{kind}");
            }
        }
    }

    #[test]
    fn byte_by_byte_it_is_the_same() {
        for (kind, header) in [("gzip", "X-GZip"), ("zlib", "deflate"), ("raw", "deflate")] {
            let mut decoder = decoder(header);
            let mut all = Vec::new();
            for byte in compressed(kind).concat() {
                all.extend_from_slice(&decoder.decode(vec![byte].into()).unwrap());
            }
            assert_eq!(String::from_utf8(all).unwrap(), EVENTS.concat(), "{kind}");
        }
    }

    #[test]
    fn what_is_not_compressed_is_as_it_came() {
        for values in [vec![], vec!["identity"], vec![""]] {
            let mut decoder = Decoder::new(values.into_iter());
            assert_eq!(decoder.decode(Bytes::from_static(b"a\xff")).unwrap(), &b"a\xff"[..]);
        }
    }

    #[test]
    fn what_cannot_be_undone_is_an_error() {
        for (encoding, named) in [("br", "br"), ("gzip, br", "gzip, br")] {
            let error = decoder(encoding).decode(Bytes::from_static(b"x")).unwrap_err();
            assert!(matches!(error, DecodeError::Unknown(name) if name == named));
        }
        let error = decoder("gzip").decode(Bytes::from_static(b"no gzip at all")).unwrap_err();
        assert!(matches!(error, DecodeError::Wrong(_)));
    }

    #[test]
    fn a_piece_that_grows_without_measure_is_refused() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![0; 1 << 20];
        for _ in 0..100 {
            encoder.write_all(&zeros).unwrap();
        }
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 1 << 20);
        assert!(matches!(decoder("gzip").decode(bomb.into()), Err(DecodeError::TooLarge)));
    }
}
