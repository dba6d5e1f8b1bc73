//! Where metrics are shown.

use std::net::SocketAddr;

use clap::{Args, builder::FalseyValueParser};

/// Metrics tell how much a server is used, what fails, and which version runs: nothing for the
/// public. By default they are shown only where the public is not: on a loopback address.
#[derive(Debug, Args)]
#[command(next_help_heading = "Metrics")]
pub(crate) struct MetricsArgs {
    /// Show `GET /metrics` to everyone who reaches the server [default: only if it listens on a
    /// loopback address, and not through a proxy]
    #[arg(long, env = "CHATKIT_METRICS", value_parser = FalseyValueParser::new())]
    pub(crate) metrics: bool,

    /// Where to show `GET /metrics`, instead of where the chat is
    #[arg(long, value_name = "ADDR", env = "CHATKIT_METRICS_LISTEN")]
    pub(crate) metrics_listen: Option<SocketAddr>,
}

/// To whom metrics are shown at the chat's own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Nobody,
    /// To requests that did not come through a proxy: one on the same machine reaches a loopback
    /// address too, and may speak for the public.
    Directly,
    Everyone,
}

impl MetricsArgs {
    pub(crate) fn shown_at(&self, bound: SocketAddr) -> Shown {
        match self.metrics_listen {
            _ if self.metrics => Shown::Everyone,
            None if bound.ip().is_loopback() => Shown::Directly,
            _ => Shown::Nobody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_sees_metrics_only_when_told_to() {
        let other = Some("127.0.0.1:9090".parse().unwrap());
        for (metrics, metrics_listen, bound, shown) in [
            (false, None, "127.0.0.1:8000", Shown::Directly),
            (false, None, "[::1]:8000", Shown::Directly),
            (false, None, "0.0.0.0:8000", Shown::Nobody),
            (false, None, "192.0.2.1:8000", Shown::Nobody),
            (false, other, "127.0.0.1:8000", Shown::Nobody),
            (true, None, "0.0.0.0:8000", Shown::Everyone),
            (true, other, "127.0.0.1:8000", Shown::Everyone),
        ] {
            let args = MetricsArgs { metrics, metrics_listen };
            assert_eq!(args.shown_at(bound.parse().unwrap()), shown, "{args:?} {bound}");
        }
    }
}
