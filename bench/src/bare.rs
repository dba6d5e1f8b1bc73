//! `chatkit-bench bare`: hyper and nothing else, sending a reply that is encoded already. What any
//! server built on it can reach at most.

mod body;
mod reply;

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
};

use crate::{
    BenchError,
    cli::{BareOptions, PerChunk},
    script,
    serve::announce,
    stamp::{Clock, TIME},
};
use body::ReplyBody;
use reply::Template;

/// As many streams as anyone may want to open on one connection.
const STREAMS_PER_CONNECTION: u32 = 1 << 16;

/// Serves until the process is ended.
pub(crate) fn bare(options: &BareOptions) -> Result<(), BenchError> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let replies = Arc::new(Replies::new(options).await?);
        let listener = TcpListener::bind(options.listen).await?;
        announce(&listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(connection(stream, Arc::clone(&replies)));
        }
    })
}

async fn connection(stream: TcpStream, replies: Arc<Replies>) {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http2().max_concurrent_streams(STREAMS_PER_CONNECTION);
    let service = service_fn(move |request| answer(request, Arc::clone(&replies)));
    // How a connection ends is its client's business.
    drop(http.serve_connection(TokioIo::new(stream), service).await);
}

async fn answer(
    request: Request<Incoming>,
    replies: Arc<Replies>,
) -> Result<Response<ReplyBody>, Infallible> {
    // A client that is gone is noticed when the answer is written.
    drop(request.into_body().collect().await);
    let response = Response::builder()
        .header(header::CONTENT_TYPE, "text/event-stream")
        .header(header::CACHE_CONTROL, "no-cache, no-transform")
        .header("x-accel-buffering", "no")
        .body(replies.next());
    Ok(response.unwrap_or_default())
}

/// What every request is answered with.
#[derive(Debug)]
enum Replies {
    /// The same bytes again and again, in these chunks.
    Encoded { chunks: Arc<[bytes::Bytes]>, gap: Duration },
    /// The same again and again but for the stamps.
    Stamped { template: Arc<Template>, deltas: u32, gap: Duration, clock: Clock },
}

impl Replies {
    async fn new(options: &BareOptions) -> Result<Self, BenchError> {
        let gap = Duration::from_micros(options.gap_us);
        let delta = if options.stamped { TIME } else { &options.delta };
        let script = script::script(options.deltas, delta, options.gap_us / 1000, 0);
        let template = Template::record(&script).await?;
        if options.stamped {
            let (template, deltas) = (Arc::new(template), options.deltas);
            return Ok(Self::Stamped { template, deltas, gap, clock: Clock::of_kernel() });
        }
        let mut chunks = template.frames(options.deltas, &options.delta);
        if options.per_chunk == PerChunk::Ready && gap.is_zero() {
            chunks = vec![chunks.concat().into()];
        }
        Ok(Self::Encoded { chunks: chunks.into(), gap })
    }

    fn next(&self) -> ReplyBody {
        match self {
            Self::Encoded { chunks, gap } => ReplyBody::encoded(Arc::clone(chunks), *gap),
            Self::Stamped { template, deltas, gap, clock } => {
                ReplyBody::stamped(Arc::clone(template), *deltas, *gap, *clock)
            }
        }
    }
}
