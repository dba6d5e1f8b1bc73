//! Medians and shares.

use std::time::Duration;

/// The value that a share of all do not exceed (nearest rank), the share from 0 to 1.
pub(crate) fn quantile<T: Copy + Ord>(values: &[T], share: f64) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    quantile_of_sorted(&sorted, share)
}

/// The same of values that are sorted.
pub(crate) fn quantile_of_sorted<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let rank = (sorted.len() as f64 * share).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is between 0 and the length"
    )]
    let index = (rank as usize).saturating_sub(1);
    sorted.get(index).copied()
}

pub(crate) fn median<T: Copy + Ord>(values: &[T]) -> Option<T> {
    quantile(values, 0.5)
}

/// How far the middle half of the values spreads, as a share of their median: 0 for a clock.
pub(crate) fn variation(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = quantile_of_sorted(&sorted, 0.5)?;
    let spread = quantile_of_sorted(&sorted, 0.75)? - quantile_of_sorted(&sorted, 0.25)?;
    (middle > 0.0).then(|| spread / middle)
}

/// Whether at least a share of all is counted.
pub(crate) fn at_least(count: usize, of: usize, share: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let enough = count as f64 >= of as f64 * share;
    enough
}

/// The times between neighbours.
pub(crate) fn gaps(times: impl IntoIterator<Item = Duration>) -> Vec<Duration> {
    let times: Vec<Duration> = times.into_iter().collect();
    times.iter().zip(times.iter().skip(1)).map(|(a, b)| b.saturating_sub(*a)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        assert_eq!(median(&[3, 1, 2]), Some(2));
        assert_eq!(median(&[4, 1, 2, 3]), Some(2));
        assert_eq!(quantile(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9), Some(9));
        assert_eq!(quantile(&[1, 2], 0.99), Some(2));
        assert_eq!(quantile(&[7], 0.0), Some(7));
        assert_eq!(median::<u8>(&[]), None);
    }

    #[test]
    fn a_clock_does_not_vary() {
        assert_eq!(variation(&[10.0, 10.0, 10.0, 10.0]), Some(0.0));
        assert!(variation(&[1.0, 10.0, 20.0, 30.0]).is_some_and(|varies| varies > 0.5));
    }
}
