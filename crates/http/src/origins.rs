//! Which pages may use the server.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::IntoResponse as _,
};
use http::{HeaderMap, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::{AllowedOrigins, HttpError};

/// Lets pages of these origins use the routes, by `GET`, `PUT` and `POST` (CORS).
///
/// With a list, requests of other pages are answered 403 before a route sees them: a browser sends
/// many requests without asking first, and only keeps the page from reading the answer. The page
/// of the server itself, whose `Origin` names the `Host`, is always allowed, and so are requests
/// without an `Origin`, which no page of another origin can send with a body.
pub fn allow_origins<S>(routes: Router<S>, origins: &AllowedOrigins) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    // The headers are those of the stock client and whatever else the page is asked to send, such
    // as `authorization`.
    let cors = CorsLayer::new()
        .allow_methods([Method::GET, Method::PUT, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .max_age(Duration::from_secs(3600));
    match origins {
        AllowedOrigins::Any => routes.layer(cors.allow_origin(AllowOrigin::any())),
        AllowedOrigins::List(origins) => {
            // The layer below panics at a `*` in a list.
            let origins: Arc<[HeaderValue]> =
                origins.iter().filter(|origin| *origin != "*").cloned().collect();
            let cors = cors
                .allow_origin(AllowOrigin::list(origins.iter().cloned()))
                .allow_credentials(true);
            let gate = from_fn(move |request: Request, next: Next| {
                let refused = !is_allowed(request.headers(), &origins);
                async move {
                    if refused {
                        return HttpError::Origin.into_response();
                    }
                    next.run(request).await
                }
            });
            routes.layer(gate).layer(cors)
        }
    }
}

fn is_allowed(headers: &HeaderMap, origins: &[HeaderValue]) -> bool {
    let host = headers.get(header::HOST);
    headers
        .get_all(header::ORIGIN)
        .iter()
        .all(|origin| origins.contains(origin) || host.is_some_and(|host| is_of(origin, host)))
}

/// Whether an origin is that of a host, by whatever scheme: a proxy may have taken the TLS off.
fn is_of(origin: &HeaderValue, host: &HeaderValue) -> bool {
    let (Ok(origin), Ok(host)) = (origin.to_str(), host.to_str()) else {
        return false;
    };
    origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}
