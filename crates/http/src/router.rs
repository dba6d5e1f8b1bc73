//! The routes.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State},
    response::{IntoResponse, Response as HttpResponse},
    routing::{get, post},
};
use chatkit_server::{ChatKit, ChatKitServer, Owner, Response, StoreError};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::{
    AllowedOrigins, EventBody, Options, error::HttpError, request, takeover::EventStreamResponse,
};

/// The routes of a ChatKit server:
///
/// - `POST /chatkit`: the protocol;
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
    let cors = cors(&options.allowed_origins);
    let state = Arc::new(Shared { chatkit, options });
    Router::new()
        .route("/chatkit", post(chatkit_op::<S>).fallback(async || HttpError::Method))
        .layer(cors)
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready::<S>))
        .with_state(state)
}

struct Shared<S> {
    chatkit: ChatKit<S>,
    options: Options,
}

async fn chatkit_op<S>(State(shared): State<Arc<Shared<S>>>, request: Request) -> HttpResponse
where
    S: ChatKitServer,
    S::Context: FromRequestParts<()>,
{
    let (mut parts, body) = request.into_parts();
    let context = S::Context::from_request_parts(&mut parts, &()).await;
    let context = context.map_err(IntoResponse::into_response);
    let body = match request::read(body, &shared.options).await {
        Ok(body) => body,
        Err(error) => return error.into_response(),
    };
    let context = match context {
        Ok(context) => context,
        Err(refused) => return refused,
    };
    match shared.chatkit.process(&body, context).await {
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

/// Which pages may send what. The headers are those of the stock client and whatever else the
/// page is asked to send, such as `authorization`.
fn cors(origins: &AllowedOrigins) -> CorsLayer {
    let cors = CorsLayer::new()
        .allow_methods([Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .max_age(std::time::Duration::from_secs(3600));
    match origins {
        AllowedOrigins::Any => cors.allow_origin(AllowOrigin::any()),
        AllowedOrigins::List(origins) => {
            cors.allow_origin(AllowOrigin::list(origins.iter().cloned())).allow_credentials(true)
        }
    }
}
