//! `chatkit-bench agent`: how long a model's text takes through a server, and what it costs.

mod provider;
mod reading;
mod report;
pub(crate) mod wire;

use std::{
    process,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde_json::json;
use tokio::{runtime::Builder, time::timeout};

use crate::{
    BenchError,
    cli::AgentOptions,
    connection::Connection,
    exchange::Failure,
    load::seconds,
    process::{Memory, cpu_time},
    report::ServerUse,
    script::{self, Post},
    stamp::Clock,
    target::Target,
    turn::TurnReader,
};
use provider::Provider;
use reading::{Speaks, read};
use report::AgentReport;

const QUESTION: &str = "How late is it?";

/// Has a server pass on replies whose text is the time at which it was sent.
pub(crate) fn agent(options: &AgentOptions) -> Result<AgentReport, BenchError> {
    let clock = Clock::start();
    let gap = Duration::from_micros(options.gap_us);
    let provider = Provider { api: options.api, deltas: options.deltas, gap, clock };
    let provider = provider.serve(options.provider_listen)?;
    let direct =
        Target { authority: provider.to_string(), path: format!("/v1{}", options.api.path()) };
    let model = script::post(&direct, &json!({"model": "bench", "input": "hi", "stream": true}));
    let (speaks, request) = if options.relay {
        (Speaks::Provider(options.api), model.clone())
    } else {
        (
            Speaks::ChatKit(Box::new(TurnReader::new())),
            script::create_thread(&options.url, QUESTION),
        )
    };
    let mut direct = Client::new(&direct, model, Speaks::Provider(options.api), clock, options)?;
    let mut server = Client::new(&options.url, request, speaks, clock, options)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(options, &mut direct, &mut server))
}

/// Streams with and without the server take turns, so that both meet the same machine.
async fn measure(
    options: &AgentOptions,
    direct: &mut Client,
    server: &mut Client,
) -> Result<AgentReport, BenchError> {
    for _ in 0..options.warmup {
        direct.stream().await?;
        server.stream().await?;
    }
    direct.reset();
    server.reset();
    let limit = options.seconds.map(seconds).transpose()?;
    let server_before = options.pid.map(cpu_time).transpose()?;
    let own_before = cpu_time(process::id())?;
    let start = Instant::now();
    while limit.map_or(server.streams < options.streams, |limit| server.streaming < limit) {
        direct.stream().await?;
        server.stream().await?;
    }
    let elapsed = start.elapsed();
    let own_cpu = cpu_time(process::id())?.saturating_sub(own_before);
    let used = match (options.pid, server_before) {
        (Some(pid), Some(before)) => {
            Some(ServerUse { cpu: cpu_time(pid)?.saturating_sub(before), memory: Memory::of(pid)? })
        }
        _ => None,
    };
    Ok(AgentReport::new(
        options,
        direct,
        server,
        own_cpu.as_secs_f64() / elapsed.as_secs_f64(),
        used,
    ))
}

/// Who asks for the same reply again and again, and what was found.
struct Client {
    target: Target,
    request: Post,
    speaks: Speaks,
    clock: Clock,
    deltas: u32,
    timeout: Duration,
    connection: Option<Connection>,
    /// Nanoseconds from each stamp to the read that brought it.
    latencies: Histogram<u64>,
    streams: u32,
    /// How many events the text came in.
    texts: u64,
    /// From the requests to the ends of the streams.
    streaming: Duration,
}

impl Client {
    fn new(
        target: &Target,
        request: Post,
        speaks: Speaks,
        clock: Clock,
        options: &AgentOptions,
    ) -> Result<Self, BenchError> {
        Ok(Self {
            target: target.clone(),
            request,
            speaks,
            clock,
            deltas: options.deltas,
            timeout: seconds(options.timeout_s)?,
            connection: None,
            latencies: Histogram::new(3)?,
            streams: 0,
            texts: 0,
            streaming: Duration::ZERO,
        })
    }

    async fn stream(&mut self) -> Result<(), BenchError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.target.resolve()?, false).await?,
        };
        let start = Instant::now();
        let stream = read(
            &mut connection,
            &self.request.http1,
            &self.speaks,
            self.deltas,
            self.clock,
            &mut self.latencies,
        );
        let texts = timeout(self.timeout, stream).await;
        self.texts += texts.unwrap_or(Err(Failure::Timeout(self.timeout)))?;
        self.streaming += start.elapsed();
        self.streams += 1;
        self.connection = connection.is_open().then_some(connection);
        Ok(())
    }

    /// Forgets what was found.
    fn reset(&mut self) {
        self.latencies.reset();
        (self.streams, self.texts, self.streaming) = (0, 0, Duration::ZERO);
    }

    fn all_deltas(&self) -> f64 {
        f64::from(self.streams) * f64::from(self.deltas)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELTAS: u32 = 50;

    fn client(api: wire::Api, gap: Duration, path: &str) -> Client {
        let clock = Clock::start();
        let provider = Provider { api, deltas: DELTAS, gap, clock };
        let address = provider.serve(([127, 0, 0, 1], 0).into()).unwrap();
        let target = Target { authority: address.to_string(), path: path.to_owned() };
        Client {
            request: script::post(&target, &json!({})),
            target,
            speaks: Speaks::Provider(api),
            clock,
            deltas: DELTAS,
            timeout: Duration::from_secs(60),
            connection: None,
            latencies: Histogram::new(3).unwrap(),
            streams: 0,
            texts: 0,
            streaming: Duration::ZERO,
        }
    }

    fn streams(client: &mut Client, count: u32) -> Result<(), BenchError> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        (0..count).try_for_each(|_| runtime.block_on(client.stream()))
    }

    #[test]
    fn every_delta_of_every_stream_is_timed() {
        for (api, path) in [
            (wire::Api::Responses, "/v1/responses"),
            (wire::Api::ChatCompletions, "/v1/chat/completions"),
        ] {
            let mut client = client(api, Duration::ZERO, path);
            streams(&mut client, 3).unwrap();
            assert!(client.connection.is_some(), "the connection is used again");
            assert_eq!(client.latencies.len(), u64::from(DELTAS) * 3);
            assert!(client.latencies.min() > 0);
            client.reset();
            assert_eq!((client.latencies.len(), client.streams), (0, 0));
        }
    }

    #[test]
    fn deltas_are_apart() {
        let gap = Duration::from_millis(2);
        let mut client = client(wire::Api::Responses, gap, "/v1/responses");
        streams(&mut client, 1).unwrap();
        assert!(client.streaming >= gap * DELTAS, "{:?}", client.streaming);
    }

    #[test]
    fn another_api_is_refused() {
        let mut client = client(wire::Api::Responses, Duration::ZERO, "/v1/chat/completions");
        let end = streams(&mut client, 1);
        assert!(matches!(end, Err(BenchError::Stream(Failure::Status(404)))), "{end:?}");
    }
}
