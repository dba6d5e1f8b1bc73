//! Spans as OpenTelemetry's conventions want them, where the code's spans cannot say it.

use std::time::Duration;

use opentelemetry::{Array, Key, KeyValue, StringValue, Value, trace::Status};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};

/// Exports spans with the names and values of the conventions.
#[derive(Debug)]
pub(super) struct Conventions<E>(pub(super) E);

impl<E: SpanExporter> SpanExporter for Conventions<E> {
    fn export(&self, mut batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        batch.iter_mut().for_each(adapt);
        self.0.export(batch)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// Fields that are this project's own, and their names in traces.
const OWN: [(&str, &str); 6] = [
    ("op", "chatkit.op"),
    ("thread", "chatkit.thread"),
    ("run", "chatkit.run"),
    ("owner", "chatkit.owner"),
    ("end", "chatkit.end"),
    ("attachment", "chatkit.attachment"),
];

fn adapt(span: &mut SpanData) {
    let mut failure = None;
    for attribute in &mut span.attributes {
        let name = attribute.key.as_str();
        if let Some((_, own)) = OWN.iter().find(|(field, _)| *field == name) {
            attribute.key = Key::from_static_str(own);
        }
        match (attribute.key.as_str(), &attribute.value) {
            ("gen_ai.response.finish_reasons", Value::String(reason)) => {
                attribute.value = Value::Array(Array::String(vec![reason.clone()]));
            }
            ("http.response.status_code", Value::I64(status @ 500..)) => {
                failure = Some(StringValue::from(status.to_string()));
            }
            ("chatkit.end", Value::String(end)) if end.as_str() == "failed" => {
                failure = Some(end.clone());
            }
            _ => {}
        }
    }
    if let Some(kind) = failure {
        span.attributes.push(KeyValue::new("error.type", kind));
        if span.status == Status::Unset {
            span.status = Status::error("");
        }
    }
}
