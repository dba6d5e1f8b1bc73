//! When streams begin that do not wait for each other.

use std::{str::FromStr, time::Duration};

/// How far streams are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// All the same.
    Fixed,
    /// As those of many people who know nothing of each other: exponentially distributed.
    Poisson,
}

impl FromStr for Spacing {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "fixed" => Ok(Self::Fixed),
            "poisson" => Ok(Self::Poisson),
            _ => Err("expected `fixed` or `poisson`"),
        }
    }
}

/// The times at which streams begin, counted from a start. The same seed gives the same times.
#[derive(Debug, Clone)]
pub(crate) struct Arrivals {
    rate: f64,
    spacing: Spacing,
    state: u64,
    /// Seconds.
    at: f64,
    count: u64,
}

impl Arrivals {
    /// `rate`: so many a second on average, above zero.
    pub(crate) fn new(rate: f64, spacing: Spacing, seed: u64) -> Self {
        Self { rate, spacing, state: seed, at: 0.0, count: 0 }
    }

    /// Evenly distributed from 0 to below 1 (splitmix64).
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // What a mantissa holds.
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.count += 1;
        self.at = match self.spacing {
            // Multiplied anew, so that nothing adds up.
            Spacing::Fixed => (self.count - 1) as f64 / self.rate,
            Spacing::Poisson => self.at - (1.0 - self.uniform()).ln() / self.rate,
        };
        Duration::try_from_secs_f64(self.at).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_streams_are_equally_far_apart() {
        let times: Vec<_> = Arrivals::new(250.0, Spacing::Fixed, 1).take(4).collect();
        assert_eq!(times, [0, 4, 8, 12].map(Duration::from_millis));
        let last = Arrivals::new(3.0, Spacing::Fixed, 1).nth(3_000_000).unwrap();
        assert_eq!(last, Duration::from_secs(1_000_000));
    }

    #[test]
    fn streams_at_random_have_the_rate_and_the_spread() {
        for seed in 1..=5 {
            let times: Vec<_> =
                Arrivals::new(1000.0, Spacing::Poisson, seed).take(50_000).collect();
            assert!(times.is_sorted());
            let seconds = times.last().unwrap().as_secs_f64();
            assert!((seconds - 50.0).abs() < 1.5, "{seconds}");
            // So many gaps of an exponential distribution are longer than their mean: 1/e.
            let pairs = times.windows(2).filter_map(|pair| Some((pair.first()?, pair.get(1)?)));
            let long = pairs.filter(|(one, two)| **two - **one > Duration::from_millis(1)).count();
            assert!((long as f64 / 50_000.0 - 0.368).abs() < 0.015, "{long}");
        }
    }

    #[test]
    fn a_seed_says_it_all() {
        let times = |seed| Arrivals::new(10.0, Spacing::Poisson, seed).take(9).collect::<Vec<_>>();
        assert_eq!(times(7), times(7));
        assert_ne!(times(7), times(8));
    }

    #[test]
    fn names() {
        assert_eq!("fixed".parse(), Ok(Spacing::Fixed));
        assert_eq!("poisson".parse(), Ok(Spacing::Poisson));
        assert!("uniform".parse::<Spacing>().is_err());
    }
}
