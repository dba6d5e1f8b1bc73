//! What a file is, by its media type, its name and its first bytes.

/// How a model can be given a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentType {
    /// As an image.
    Image,
    /// As text.
    Text,
    /// As a file that providers read, with its media type.
    Document(&'static str),
    /// Its bytes decide: text or nothing.
    Unknown,
    /// Not at all.
    Unsupported,
}

/// Documents that providers read, by the end of their name and their media type.
const DOCUMENTS: [(&str, &str); 10] = [
    ("pdf", "application/pdf"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("rtf", "application/rtf"),
    ("rtf", "text/rtf"),
];

/// Media types of text beside `text/…`, `…+json`, `…+xml` and `…+yaml`.
const TEXT_TYPES: [&str; 20] = [
    "application/csv",
    "application/ecmascript",
    "application/graphql",
    "application/javascript",
    "application/json",
    "application/jsonl",
    "application/ndjson",
    "application/sql",
    "application/toml",
    "application/typescript",
    "application/x-httpd-php",
    "application/x-javascript",
    "application/x-ndjson",
    "application/x-python",
    "application/x-sh",
    "application/x-tex",
    "application/x-yaml",
    "application/xml",
    "application/yaml",
    "message/rfc822",
];

/// Names of text files by their end. Browsers know no media type for most of them, and a wrong one
/// for some: `video/mp2t` for `.ts`.
const TEXT_ENDS: &str = " adoc asm bash bat bib c cc cfg clj cljs cmake conf cpp cs css csv cts cxx \
    dart diff eml erl ex exs fish fs go gradle graphql h hcl hh hpp hs htm html hxx ics ini ipynb \
    java jl js json json5 jsonl jsx kt kts less lock log lua m markdown md mjs mm mts ndjson nim nix \
    org patch php pl pm properties proto ps1 py pyi r rb rs rst sass scala scss sh sol sql srt svelte \
    svg swift tex tf toml ts tsv tsx txt vb vtt vue xml xsd xsl yaml yml zig zsh ";

impl ContentType {
    /// What a file is by its media type, which clients may get wrong, and its name.
    pub(super) fn of(mime_type: &str, name: &str) -> Self {
        let mime_type = mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
        let end = end.unwrap_or_default();
        let is_text_end = !end.is_empty()
            && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && TEXT_ENDS.contains(&format!(" {end} "));
        // A table saved by an office program may come as `application/vnd.ms-excel`: the name wins.
        if is_text_end {
            return Self::Text;
        }
        let document = DOCUMENTS
            .iter()
            .find(|(_, document)| *document == mime_type)
            .or_else(|| DOCUMENTS.iter().find(|(known, _)| *known == end));
        if let Some((_, document)) = document {
            return Self::Document(document);
        }
        let (kind, _) = mime_type.split_once('/').unwrap_or_default();
        let is_text = kind == "text"
            || TEXT_TYPES.contains(&mime_type.as_str())
            || ["+json", "+xml", "+yaml"].iter().any(|suffix| mime_type.ends_with(suffix));
        match kind {
            _ if is_text => Self::Text,
            "image" => Self::Image,
            "audio" | "video" | "font" | "model" => Self::Unsupported,
            _ => Self::Unknown,
        }
    }
}

/// The media type of an image that providers take, by its first bytes.
pub(super) fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// Whether the bytes can be those of a document, so far as its beginning tells.
pub(super) fn is_document(mime_type: &str, bytes: &[u8]) -> bool {
    match mime_type {
        // Readers look for the mark in the first kilobyte.
        "application/pdf" => {
            bytes.get(..1024).unwrap_or(bytes).windows(5).any(|window| window == b"%PDF-")
        }
        _ => !bytes.is_empty(),
    }
}

/// The bytes as text, without a mark of their encoding. `None` when it is no UTF-8, or no text.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then(|| text.strip_prefix('\u{feff}').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_name_and_type() {
        for (mime_type, name, expected) in [
            ("text/plain; charset=utf-8", "a", ContentType::Text),
            ("video/mp2t", "main.ts", ContentType::Text),
            ("application/vnd.ms-excel", "table.CSV", ContentType::Text),
            ("application/octet-stream", "lib.rs", ContentType::Text),
            ("application/ld+json", "a", ContentType::Text),
            ("image/svg+xml", "a.svg", ContentType::Text),
            ("image/png", "a.png", ContentType::Image),
            ("IMAGE/JPEG", "photo", ContentType::Image),
            ("application/pdf", "a", ContentType::Document("application/pdf")),
            ("", "a.PDF", ContentType::Document("application/pdf")),
            ("video/mp4", "a.mp4", ContentType::Unsupported),
            ("application/octet-stream", "a.bin", ContentType::Unknown),
            ("", "Makefile", ContentType::Unknown),
            ("", "a. b", ContentType::Unknown),
        ] {
            assert_eq!(ContentType::of(mime_type, name), expected, "{mime_type} {name}");
        }
    }

    #[test]
    fn text_is_utf_8() {
        assert_eq!(text("\u{feff}hé".as_bytes()), Some("hé"));
        assert_eq!(text(b"caf\xe9"), None);
        assert_eq!(text(b"a\0b"), None);
    }
}
