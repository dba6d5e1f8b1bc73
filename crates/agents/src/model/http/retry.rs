//! When a request is sent again.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, header::RETRY_AFTER};

use super::ProviderOptions;

/// How long the provider asks to be left alone: `retry-after-ms`, or `Retry-After` in seconds or as
/// a date.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    if let Some(milliseconds) = number("retry-after-ms") {
        return Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    }
    if let Some(seconds) = number(RETRY_AFTER.as_str()) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(headers.get(RETRY_AFTER)?.to_str().ok()?).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// How long to wait before the next attempt after so many; `None` if there is to be none.
pub(super) fn delay(
    options: &ProviderOptions,
    attempts: u32,
    retry_after: Option<Duration>,
) -> Option<Duration> {
    if attempts > options.max_retries {
        return None;
    }
    if let Some(asked) = retry_after {
        return (asked <= options.max_retry_delay).then_some(asked);
    }
    let doublings = attempts.saturating_sub(1).min(16);
    let delay = options.retry_delay.saturating_mul(1 << doublings).min(options.max_retry_delay);
    Some(delay.mul_f64(1.0 - 0.25 * random()))
}

/// A number from 0 to 1, other for each call. Not for secrets.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 32;
    f64::from(u32::try_from(bits).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::HeaderMap;

    use super::{ProviderOptions, delay, retry_after};

    fn asked(headers: &[(&'static str, &str)]) -> Option<Duration> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        retry_after(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
    }

    #[test]
    fn what_providers_ask_for() {
        for (headers, expected) in [
            (&[][..], None),
            (&[("retry-after", "7")], Some(7000)),
            (&[("retry-after", "0.25")], Some(250)),
            (&[("retry-after", "7"), ("retry-after-ms", "30")], Some(30)),
            (&[("retry-after", "Sun, 09 Sep 2001 01:46:45 GMT")], Some(5000)),
            (&[("retry-after", "Sun, 09 Sep 2001 01:46:35 GMT")], Some(0)),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "1e300")], None),
        ] {
            assert_eq!(asked(headers), expected.map(Duration::from_millis), "{headers:?}");
        }
    }

    #[test]
    fn delays_grow_with_jitter_up_to_a_limit() {
        let options = ProviderOptions::new()
            .max_retries(40)
            .retry_delay(Duration::from_secs(1))
            .max_retry_delay(Duration::from_secs(10));
        for (attempts, most) in [(1, 1.0), (2, 2.0), (3, 4.0), (5, 10.0), (40, 10.0)] {
            let delay = delay(&options, attempts, None).unwrap().as_secs_f64();
            assert!((most * 0.75..=most).contains(&delay), "{attempts}: {delay}");
        }
        assert_eq!(delay(&options, 41, None), None);
    }

    #[test]
    fn the_provider_is_heard_unless_it_asks_for_too_much() {
        let options = ProviderOptions::new().max_retry_delay(Duration::from_secs(10));
        let asked = |seconds| delay(&options, 1, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(0), Some(Duration::ZERO));
        assert_eq!(asked(10), Some(Duration::from_secs(10)));
        assert_eq!(asked(11), None);
    }
}
