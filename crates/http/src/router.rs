//! The routes.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State},
    middleware::map_response,
    response::{IntoResponse, Response as HttpResponse},
    routing::{get, post},
};
use chatkit_protocol::{Op, Request as OpRequest};
use chatkit_server::{ChatKit, ChatKitServer, ClientInfo, Owner, Response, StoreError};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tracing::{Instrument as _, field::Empty};

use crate::{
    AllowedOrigins, AnsweredOp, EventBody, HttpError, Options, allow_origins, read_body,
    takeover::EventStreamResponse,
};

/// The routes of a ChatKit server:
///
/// - `POST /chatkit`: the protocol. Of the request's headers `chatkit-resumable: 1` and
///   `Last-Event-ID` count: see [`ClientInfo`];
/// - `GET /healthz`: whether the process answers;
/// - `GET /readyz`: whether the store answers too.
///
/// ```
/// # use chatkit_http::{Options, router};
/// # use chatkit_server::{ChatKit, ChatKitServer};
/// # fn mount<S: ChatKitServer<Context = ()>>(chatkit: ChatKit<S>) -> axum::Router {
/// axum::Router::new()
///     .route("/", axum::routing::get(|| async { "my application" }))
///     .merge(router(chatkit, Options::default()))
/// # }
/// ```
pub fn router<S>(chatkit: ChatKit<S>, options: Options) -> Router
where
    S: ChatKitServer,
    S::Context: FromRequestParts<()>,
{
    let protocol =
        Router::new().route("/chatkit", post(chatkit_op::<S>).fallback(refuse_method::<S>));
    let mut protocol = allow_origins(protocol, &options.allowed_origins);
    if matches!(options.allowed_origins, AllowedOrigins::List(_)) {
        protocol = protocol.route_layer(map_response(mark_refused));
    }
    let state = Arc::new(Shared { chatkit, options });
    protocol
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready::<S>))
        .with_state(state)
}

struct Shared<S> {
    chatkit: ChatKit<S>,
    options: Options,
}

/// Answers a request in a span with the attributes of the HTTP conventions of OpenTelemetry; the
/// fields `op`, `thread` and `owner` are filled in once they are known.
async fn chatkit_op<S>(state: State<Arc<Shared<S>>>, request: Request) -> HttpResponse
where
    S: ChatKitServer,
    S::Context: FromRequestParts<()>,
{
    let span = tracing::info_span!(
        "request",
        op = Empty,
        thread = Empty,
        owner = Empty,
        otel.name = "POST /chatkit",
        otel.kind = "server",
        "http.request.method" = "POST",
        "http.route" = "/chatkit",
        "url.path" = request.uri().path(),
        "http.response.status_code" = Empty,
    );
    let begun = Instant::now();
    let answered = async {
        let response = answer_op(state, request).await;
        let (status, elapsed) = (response.status().as_u16(), begun.elapsed());
        let elapsed_ms = (elapsed.as_secs_f64() * 1e4).round() / 10.0;
        tracing::debug!(status, elapsed_ms, "a request was answered");
        response
    };
    let response = answered.instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    response
}

async fn answer_op<S>(State(shared): State<Arc<Shared<S>>>, request: Request) -> HttpResponse
where
    S: ChatKitServer,
    S::Context: FromRequestParts<()>,
{
    let mut op = None;
    let mut response = answer(&shared, request, &mut op).await;
    response.extensions_mut().insert(AnsweredOp(op));
    response
}

/// Answers a request, and says which op it is as soon as that is known.
async fn answer<S>(shared: &Shared<S>, request: Request, op: &mut Option<Op>) -> HttpResponse
where
    S: ChatKitServer,
    S::Context: FromRequestParts<()>,
{
    let (mut parts, body) = request.into_parts();
    let context = S::Context::from_request_parts(&mut parts, &()).await;
    let context = context.map_err(IntoResponse::into_response);
    let (limit, pause) = (shared.options.body_limit, shared.options.body_timeout);
    let body = match read_body(body, limit, pause).await {
        Ok(body) => body,
        Err(error) => return error.into_response(),
    };
    let context = match context {
        Ok(context) => context,
        Err(refused) => return refused,
    };
    let request = OpRequest::parse(&body);
    *op = request.as_ref().map_or_else(|error| error.op, |request| Some(request.body.op()));
    match shared.chatkit.process_parsed(client_info(&parts.headers), request, context).await {
        Response::Json { status, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let json = HeaderValue::from_static("application/json");
            (status, [(header::CONTENT_TYPE, json)], body).into_response()
        }
        Response::Stream(subscription) => {
            let body = EventBody::new(subscription, shared.options.heartbeat);
            let mut response = (STREAM_HEADERS, Body::new(body)).into_response();
            response.extensions_mut().insert(EventStreamResponse);
            response
        }
    }
}

fn client_info(headers: &HeaderMap) -> ClientInfo {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let mut client = ClientInfo::default();
    client.resumable = text(&RESUMABLE).is_some_and(|value| value.trim() == "1");
    client.last_event_id = text(&LAST_EVENT_ID).map(|value| value.trim().to_owned());
    client
}

/// Sent as `1` by a client that finds its way back to a turn.
const RESUMABLE: HeaderName = HeaderName::from_static("chatkit-resumable");
/// Where a stream is to go on (HTML standard, server-sent events).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

async fn refuse_method<S>(State(shared): State<Arc<Shared<S>>>, body: Body) -> HttpResponse {
    let (limit, pause) = (shared.options.body_limit, shared.options.body_timeout);
    // The client gets to read the answer only when its request was read.
    let refused = read_body(body, limit, pause).await.err().unwrap_or(HttpError::Method);
    let mut response = refused.into_response();
    response.extensions_mut().insert(AnsweredOp(None));
    response
}

/// An answer that never reached the route: that to a page which may not use it is marked too, that
/// to a browser which asks what it may do is none of the protocol's.
async fn mark_refused(mut response: HttpResponse) -> HttpResponse {
    if response.status().is_client_error() && response.extensions().get::<AnsweredOp>().is_none() {
        response.extensions_mut().insert(AnsweredOp(None));
    }
    response
}

/// Proxies must neither keep, change nor collect what passes.
const STREAM_HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/event-stream"),
    (header::CACHE_CONTROL, "no-cache, no-transform"),
    (HeaderName::from_static("x-accel-buffering"), "no"),
];

/// Asks the store for a thread that cannot exist: any answer but a failure is good news.
async fn ready<S: ChatKitServer>(State(shared): State<Arc<Shared<S>>>) -> HttpResponse {
    let nobody = Owner::new("");
    match shared.chatkit.store().load_thread(&nobody, &"readyz".into()).await {
        Ok(_) | Err(StoreError::NotFound { .. } | StoreError::Conflict(_)) => {
            "ok\n".into_response()
        }
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}
