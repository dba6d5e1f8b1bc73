//! From bytes to a request.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned},
};
use serde_json::value::RawValue;

use super::{Op, Request, RequestBody, RequestError, RequestErrorKind, objects::Objects};
use crate::JsonObject;

/// The outer shape. The parameters stay text until the op is known, so that an error inside them
/// can name its field.
///
/// Of a field that is given twice the last counts, as in the reference: which op is asked for
/// decides how a wrong request is answered, so it must be known as often as possible.
#[derive(Default)]
struct Envelope<'a> {
    kind: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    metadata: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Envelope<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(
                self,
                mut fields: A,
            ) -> Result<Self::Value, A::Error> {
                let mut envelope = Envelope::default();
                while let Some(name) = fields.next_key::<String>()? {
                    let value = fields.next_value::<&'de RawValue>()?;
                    let value = Some(value).filter(|value| value.get() != "null");
                    match name.as_str() {
                        "type" => envelope.kind = value,
                        "params" => envelope.params = value,
                        "metadata" => envelope.metadata = value,
                        _ => {}
                    }
                }
                Ok(envelope)
            }
        }

        deserializer.deserialize_struct("Envelope", &["type", "params", "metadata"], Visitor)
    }
}

impl Request {
    /// Reads a request.
    ///
    /// Unknown fields are ignored, optional ones may be absent or `null`.
    ///
    /// # Errors
    ///
    /// When the body is not JSON, names no known op, or a field is missing or of the wrong type.
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        let envelope = envelope(body).map_err(|problem| RequestError {
            op: None,
            kind: RequestErrorKind::NotJson { problem },
        })?;
        let kind = envelope.kind.map_or("nothing", RawValue::get);
        let op = serde_json::from_str::<String>(kind).ok().and_then(|name| Op::from_name(&name));
        let Some(op) = op else {
            let found = kind.chars().take(64).collect();
            return Err(RequestError { op: None, kind: RequestErrorKind::UnknownType { found } });
        };
        let metadata = match envelope.metadata {
            Some(metadata) => {
                read::<Option<JsonObject>>(op, "metadata", metadata)?.unwrap_or_default()
            }
            None => JsonObject::new(),
        };
        let Some(params) = envelope.params else {
            return Err(field(op, "params".to_owned(), "missing field".to_owned()));
        };
        let body = match op {
            Op::ThreadsCreate => RequestBody::ThreadsCreate(read(op, "params", params)?),
            Op::ThreadsAddUserMessage => {
                RequestBody::ThreadsAddUserMessage(read(op, "params", params)?)
            }
            Op::ThreadsAddClientToolOutput => {
                RequestBody::ThreadsAddClientToolOutput(read(op, "params", params)?)
            }
            Op::ThreadsAddStructuredInput => {
                RequestBody::ThreadsAddStructuredInput(read(op, "params", params)?)
            }
            Op::ThreadsRetryAfterItem => {
                RequestBody::ThreadsRetryAfterItem(read(op, "params", params)?)
            }
            Op::ThreadsCustomAction => {
                RequestBody::ThreadsCustomAction(read(op, "params", params)?)
            }
            Op::ThreadsSyncCustomAction => {
                RequestBody::ThreadsSyncCustomAction(read(op, "params", params)?)
            }
            Op::ThreadsGetById => RequestBody::ThreadsGetById(read(op, "params", params)?),
            Op::ThreadsList => RequestBody::ThreadsList(read(op, "params", params)?),
            Op::ThreadsUpdate => RequestBody::ThreadsUpdate(read(op, "params", params)?),
            Op::ThreadsDelete => RequestBody::ThreadsDelete(read(op, "params", params)?),
            Op::ThreadsStop => RequestBody::ThreadsStop(read(op, "params", params)?),
            Op::ThreadsAttach => RequestBody::ThreadsAttach(read(op, "params", params)?),
            Op::ItemsList => RequestBody::ItemsList(read(op, "params", params)?),
            Op::ItemsFeedback => RequestBody::ItemsFeedback(read(op, "params", params)?),
            Op::AttachmentsCreate => RequestBody::AttachmentsCreate(read(op, "params", params)?),
            Op::AttachmentsDelete => RequestBody::AttachmentsDelete(read(op, "params", params)?),
            Op::InputTranscribe => RequestBody::InputTranscribe(read(op, "params", params)?),
        };
        Ok(Self { body, metadata })
    }
}

fn envelope(body: &[u8]) -> Result<Envelope<'_>, String> {
    let body = str::from_utf8(body).map_err(|error| error.to_string())?;
    let mut deserializer = serde_json::Deserializer::from_str(body);
    Envelope::deserialize(Objects(&mut deserializer))
        .and_then(|envelope| deserializer.end().map(|()| envelope))
        .map_err(|error| plain(&error.to_string()))
}

fn read<T: DeserializeOwned>(op: Op, root: &str, raw: &RawValue) -> Result<T, RequestError> {
    let mut deserializer = serde_json::Deserializer::from_str(raw.get());
    serde_path_to_error::deserialize(Objects(&mut deserializer)).map_err(|error| {
        let path = match error.path().to_string().as_str() {
            "." => root.to_owned(),
            path if path.starts_with('[') => format!("{root}{path}"),
            path => format!("{root}.{path}"),
        };
        let problem = plain(without_position(&error.into_inner().to_string()));
        for (problem_of_field, told) in
            [("missing field", "missing field"), ("duplicate field", "given twice")]
        {
            if let Some(name) = named(&problem, problem_of_field) {
                return field(op, format!("{path}.{name}"), told.to_owned());
            }
        }
        field(op, path, problem)
    })
}

fn field(op: Op, mut field: String, problem: String) -> RequestError {
    if let Some((end, _)) = field.char_indices().nth(MAX_LEN) {
        field.truncate(end);
        field.push('…');
    }
    RequestError { op: Some(op), kind: RequestErrorKind::Field { field, problem } }
}

/// The position is counted from the start of the parameters, not of the body: it would mislead.
fn without_position(problem: &str) -> &str {
    problem.rfind(" at line ").map_or(problem, |end| &problem[..end])
}

fn named<'a>(problem: &'a str, what: &str) -> Option<&'a str> {
    problem.strip_prefix(what)?.strip_prefix(" `")?.strip_suffix('`')
}

/// The longest field or problem told, in characters: both may quote the request.
const MAX_LEN: usize = 200;

/// The problem in JSON's words instead of serde's, and without the middle of a long quotation.
fn plain(problem: &str) -> String {
    let mut told = problem.to_owned();
    for (words, plain_words) in [
        ("invalid type: map,", "invalid type: object,"),
        ("invalid type: sequence,", "invalid type: array,"),
        ("unknown variant", "unknown value"),
        ("recursion limit exceeded", "nested too deep"),
    ] {
        if let Some(rest) = problem.strip_prefix(words) {
            told = format!("{plain_words}{rest}");
        }
    }
    if let Some(start) = told.strip_suffix("expected u64") {
        told = format!("{start}expected a whole number that is not negative");
    }
    let chars = told.chars().count();
    if chars > MAX_LEN {
        let end = told.chars().skip(chars - MAX_LEN / 2);
        told = told.chars().take(MAX_LEN / 2).chain(['…']).chain(end).collect();
    }
    told
}
