//! The bytes of a model's reply, as providers send them.

use clap::ValueEnum;
use memchr::memmem;

use crate::stamp::STAMP_BYTES;

/// How a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Api {
    Responses,
    ChatCompletions,
}

/// One delta, with room for its stamp.
#[derive(Debug)]
pub(crate) struct Delta {
    pub(crate) bytes: Vec<u8>,
    stamp_at: usize,
}

/// The end of a chunked body.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

const CREATED: u64 = 1_764_000_000;
const RESPONSE: &str = "resp_0b1c96ac817fdc57e00693337060a408198b92bf1f99cf1b8";
const MESSAGE: &str = "msg_0b1c96ac817fdc57e006933374a84348198a4e1ac9bc0c4607";

impl Api {
    /// What is behind the base URL.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Responses => "/responses",
            Self::ChatCompletions => "/chat/completions",
        }
    }

    /// The chunks before the first text.
    pub(crate) fn opening(self) -> Vec<u8> {
        match self {
            Self::Responses => {
                let response = response("in_progress", "");
                let item = message("in_progress", "");
                [
                    named("created", 0, &format!(r#""response":{response}"#)),
                    named("in_progress", 1, &format!(r#""response":{response}"#)),
                    named("output_item.added", 2, &format!(r#""output_index":0,"item":{item}"#)),
                    named("content_part.added", 3, &format!("{PLACE},\"part\":{}", part(""))),
                ]
                .concat()
            }
            Self::ChatCompletions => {
                let role = r#"{"role":"assistant","content":"","refusal":null}"#;
                chunk(&completion(role, "null"))
            }
        }
    }

    /// The chunk of the delta with this number, from 0.
    pub(crate) fn delta(self, number: u32) -> Delta {
        let text = "_".repeat(STAMP_BYTES);
        let bytes = match self {
            Self::Responses => {
                let fields = format!(
                    r#"{PLACE},"delta":"{text}","logprobs":[],"obfuscation":"MuF250eZCE1CymN""#
                );
                named("output_text.delta", OPENING_EVENTS + u64::from(number), &fields)
            }
            Self::ChatCompletions => {
                chunk(&completion(&format!(r#"{{"content":"{text}"}}"#), "null"))
            }
        };
        // Nothing else holds so many of them.
        let stamp_at = memmem::find(&bytes, text.as_bytes()).unwrap_or_default();
        Delta { bytes, stamp_at }
    }

    /// The chunks behind the last delta of a reply of this text.
    pub(crate) fn closing(self, deltas: u32, text: &str) -> Vec<u8> {
        match self {
            Self::Responses => {
                let first = OPENING_EVENTS + u64::from(deltas);
                let (item, part) = (message("completed", text), part(text));
                let response = response("completed", text);
                let done = format!(r#"{PLACE},"text":"{text}","logprobs":[]"#);
                [
                    named("output_text.done", first, &done),
                    named("content_part.done", first + 1, &format!("{PLACE},\"part\":{part}")),
                    named(
                        "output_item.done",
                        first + 2,
                        &format!(r#""output_index":0,"item":{item}"#),
                    ),
                    named("completed", first + 3, &format!(r#""response":{response}"#)),
                ]
                .concat()
            }
            Self::ChatCompletions => {
                let usage = format!(
                    r#"{{"id":"chatcmpl-D8Z5oo6uDh67AD85p73ksdT1KxhE0","object":"chat.completion.chunk","created":{CREATED},"model":"bench","service_tier":"default","system_fingerprint":"fp_de604bd877","choices":[],"usage":{{"prompt_tokens":16,"completion_tokens":{deltas},"total_tokens":{}}},"obfuscation":"h9RiQLL"}}"#,
                    u64::from(deltas) + 16,
                );
                [completion("{}", "\"stop\""), usage, "[DONE]".to_owned()]
                    .map(|data| chunk(&data))
                    .concat()
            }
        }
    }

    /// The text of an event that was written here; `None` when it is no delta.
    pub(crate) fn text_of(self, event: &[u8]) -> Option<&[u8]> {
        let marker: &[u8] = match self {
            Self::Responses => br#""delta":""#,
            Self::ChatCompletions => br#""delta":{"content":""#,
        };
        let from = memmem::find(event, marker)? + marker.len();
        event.get(from..from + STAMP_BYTES)
    }

    /// Whether an event that was written here is the last one.
    pub(crate) fn is_last(self, event: &[u8]) -> bool {
        event.starts_with(match self {
            Self::Responses => br#"{"type":"response.completed""#,
            Self::ChatCompletions => b"[DONE]",
        })
    }
}

impl Delta {
    pub(crate) fn stamp(&mut self, stamp: &[u8; STAMP_BYTES]) {
        let room = self.bytes.iter_mut().skip(self.stamp_at);
        for (byte, stamped) in room.zip(stamp) {
            *byte = *stamped;
        }
    }
}

/// The events of [`Api::opening`].
const OPENING_EVENTS: u64 = 4;
/// Where in the reply the text stands.
const PLACE: &str = r#""item_id":"msg_0b1c96ac817fdc57e006933374a84348198a4e1ac9bc0c4607","output_index":0,"content_index":0"#;

/// The chunk of an event of the Responses API.
fn named(name: &str, sequence_number: u64, fields: &str) -> Vec<u8> {
    in_chunk(&format!(
        "event: response.{name}\ndata: {{\"type\":\"response.{name}\",\
         \"sequence_number\":{sequence_number},{fields}}}\n\n"
    ))
}

/// The chunk of an event that has no name.
fn chunk(data: &str) -> Vec<u8> {
    in_chunk(&format!("data: {data}\n\n"))
}

fn in_chunk(content: &str) -> Vec<u8> {
    format!("{:x}\r\n{content}\r\n", content.len()).into_bytes()
}

fn part(text: &str) -> String {
    format!(r#"{{"type":"output_text","annotations":[],"logprobs":[],"text":"{text}"}}"#)
}

fn message(status: &str, text: &str) -> String {
    let content = if text.is_empty() { String::new() } else { part(text) };
    format!(
        r#"{{"id":"{MESSAGE}","type":"message","status":"{status}","content":[{content}],"role":"assistant"}}"#
    )
}

fn response(status: &str, text: &str) -> String {
    let (output, usage) = if text.is_empty() {
        (String::new(), "null".to_owned())
    } else {
        let tokens = text.len() / STAMP_BYTES;
        let usage = format!(
            r#"{{"input_tokens":16,"input_tokens_details":{{"cached_tokens":0}},"output_tokens":{tokens},"output_tokens_details":{{"reasoning_tokens":0}},"total_tokens":{}}}"#,
            tokens + 16,
        );
        (message(status, text), usage)
    };
    format!(
        r#"{{"id":"{RESPONSE}","object":"response","created_at":{CREATED},"status":"{status}","background":false,"error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"max_tool_calls":null,"model":"bench","output":[{output}],"parallel_tool_calls":true,"previous_response_id":null,"prompt_cache_key":null,"reasoning":{{"effort":null,"summary":null}},"safety_identifier":null,"service_tier":"auto","store":true,"temperature":1.0,"text":{{"format":{{"type":"text"}},"verbosity":"medium"}},"tool_choice":"auto","tools":[],"top_logprobs":0,"top_p":1.0,"truncation":"disabled","usage":{usage},"user":null,"metadata":{{}}}}"#
    )
}

fn completion(delta: &str, finish_reason: &str) -> String {
    format!(
        r#"{{"id":"chatcmpl-D8Z5oo6uDh67AD85p73ksdT1KxhE0","object":"chat.completion.chunk","created":{CREATED},"model":"bench","service_tier":"default","system_fingerprint":"fp_de604bd877","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish_reason}}}],"usage":null,"obfuscation":"yhjoJbEF"}}"#
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        chunked::{Chunked, Part},
        events::Events,
        stamp::written,
    };

    /// The data of all events of a reply of two deltas, and whether the body has ended.
    fn events(api: Api) -> (Vec<String>, bool) {
        let mut body = api.opening();
        let mut text = Vec::new();
        for number in 0..2 {
            let mut delta = api.delta(number);
            delta.stamp(&written(number.into()));
            body.extend(delta.bytes);
            text.extend(written(number.into()));
        }
        body.extend(api.closing(2, &String::from_utf8(text).unwrap()));
        body.extend(LAST_CHUNK);
        let (mut chunked, mut events, mut input) =
            (Chunked::new(), Events::default(), body.as_slice());
        let mut seen = Vec::new();
        loop {
            match chunked.next(&mut input).unwrap() {
                Part::Data(data) => {
                    events
                        .feed(data, |event| seen.push(String::from_utf8(event.to_vec()).unwrap()));
                }
                Part::More => return (seen, false),
                Part::End => return (seen, input.is_empty() && events.is_complete()),
            }
        }
    }

    fn texts(api: Api, events: &[String]) -> Vec<&str> {
        let texts = events.iter().filter_map(|event| api.text_of(event.as_bytes()));
        texts.map(|text| str::from_utf8(text).unwrap()).collect()
    }

    const TEXTS: [&str; 2] = [" 000000000000000", " 000000000000001"];

    #[test]
    fn responses_are_numbered_events_that_end_with_the_whole_text() {
        let (events, ended) = events(Api::Responses);
        assert!(ended);
        let values: Vec<Value> =
            events.iter().map(|event| serde_json::from_str(event).unwrap()).collect();
        assert_eq!(values.len(), 10);
        for (number, value) in values.iter().enumerate() {
            assert_eq!(value["sequence_number"], number);
        }
        assert_eq!(texts(Api::Responses, &events), TEXTS);
        let last = values.last().unwrap();
        let text = &last["response"]["output"][0]["content"][0]["text"];
        assert_eq!(text, &TEXTS.concat());
        let lasts = events.iter().map(|event| Api::Responses.is_last(event.as_bytes()));
        assert_eq!(lasts.filter(|last| *last).count(), 1);
    }

    #[test]
    fn chat_completions_are_chunks_that_end_with_a_word() {
        let (events, ended) = events(Api::ChatCompletions);
        assert!(ended);
        let (last, chunks) = events.split_last().unwrap();
        assert!(Api::ChatCompletions.is_last(last.as_bytes()));
        for chunk in chunks {
            assert!(serde_json::from_str::<Value>(chunk).is_ok(), "{chunk}");
            assert!(!Api::ChatCompletions.is_last(chunk.as_bytes()));
        }
        assert_eq!(texts(Api::ChatCompletions, &events), TEXTS);
    }
}
