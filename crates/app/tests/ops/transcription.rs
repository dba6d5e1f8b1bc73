//! `input.transcribe`.

use serde_json::json;

use crate::common::{Server, op};

#[test]
fn a_recording_becomes_text() {
    let server = Server::playback();
    // 925 times 4 characters are 3 bytes each.
    let audio = "AAAA".repeat(925);
    for (mime_type, text) in [
        ("audio/webm", "audio/webm 2775"),
        ("audio/webm;codecs=opus", "audio/webm 2775"),
        ("audio/mp4; codecs=\"mp4a\"", "audio/mp4 2775"),
    ] {
        let params = json!({"audio_base64": audio, "mime_type": mime_type});
        assert_eq!(server.json("input.transcribe", params), json!({"text": text}));
    }
}

#[test]
fn a_recording_that_is_not_base64_is_refused_by_name() {
    let server = Server::playback();
    for audio in ["?", "AAA", "ÄÄÄÄ"] {
        let params = json!({"audio_base64": audio, "mime_type": "audio/webm"});
        let answer = server.post(&op("input.transcribe", params));
        assert_eq!(answer.status(), 422, "{audio}");
        assert!(answer.message().starts_with("params.audio_base64: "), "{}", answer.message());
    }
}
