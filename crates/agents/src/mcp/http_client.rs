//! Requests whose HTTP headers say which trace they belong to, too.

use std::{collections::HashMap, sync::Arc};

use futures_util::stream::BoxStream;
use http::{HeaderName, HeaderValue};
use rmcp::{
    model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage, RequestMetaObject},
    transport::streamable_http_client::{
        SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
        StreamableHttpResponseLimits,
    },
};
use sse_stream::Sse;

/// The HTTP client. A request is sent by a task that knows nothing of the span which it is in: what
/// stands in its `_meta` of the trace is put into the headers, for gateways that look only there.
#[derive(Clone)]
pub(super) struct Client(pub(super) reqwest::Client);

type Headers = HashMap<HeaderName, HeaderValue>;
type Posted = Result<StreamableHttpPostResponse, StreamableHttpError<reqwest::Error>>;
type Events =
    Result<BoxStream<'static, Result<Sse, SseError>>, StreamableHttpError<reqwest::Error>>;

impl StreamableHttpClient for Client {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        mut headers: Headers,
    ) -> Posted {
        add_trace(&mut headers, &message);
        self.0.post_message(uri, message, session, auth, headers).await
    }

    async fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        mut headers: Headers,
        max_event_size: usize,
    ) -> Posted {
        add_trace(&mut headers, &message);
        let client = &self.0;
        client
            .post_message_with_max_sse_event_size(
                uri,
                message,
                session,
                auth,
                headers,
                max_event_size,
            )
            .await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        mut headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Posted {
        add_trace(&mut headers, &message);
        let client = &self.0;
        client.post_message_with_response_limits(uri, message, session, auth, headers, limits).await
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<(), StreamableHttpError<reqwest::Error>> {
        self.0.delete_session(uri, session, auth, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth: Option<String>,
        headers: Headers,
    ) -> Events {
        self.0.get_stream(uri, session, last_event_id, auth, headers).await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth: Option<String>,
        headers: Headers,
        max_event_size: usize,
    ) -> Events {
        let client = &self.0;
        client
            .get_stream_with_max_sse_event_size(
                uri,
                session,
                last_event_id,
                auth,
                headers,
                max_event_size,
            )
            .await
    }
}

/// Headers of the endpoint come first.
fn add_trace(headers: &mut Headers, message: &ClientJsonRpcMessage) {
    let Some(meta) = meta(message) else { return };
    for (name, value) in meta.iter() {
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        if let (Ok(name), Some(value)) = (name.parse(), value) {
            headers.entry(name).or_insert(value);
        }
    }
}

/// What the request was given, which is nothing but the trace.
fn meta(message: &ClientJsonRpcMessage) -> Option<&RequestMetaObject> {
    let JsonRpcMessage::Request(request) = message else { return None };
    match &request.request {
        ClientRequest::CallToolRequest(call) => call.params.meta.as_ref(),
        ClientRequest::ListToolsRequest(list) => list.params.as_ref()?.meta.as_ref(),
        _ => None,
    }
}
