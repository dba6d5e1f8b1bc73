//! The figures of several streams.

use std::time::Duration;

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::{Figures, figures::in_ms, numbers::quantile_of_sorted};

/// The least, the middle and the most of a figure over several streams.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    #[serde(serialize_with = "number")]
    pub min: f64,
    /// The middle.
    #[serde(serialize_with = "number")]
    pub median: f64,
    /// The most.
    #[serde(serialize_with = "number")]
    pub max: f64,
}

/// Each figure over several streams. Those that no stream has are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// How many streams there are.
    pub streams: usize,
    /// The figures by their names; those with `_ms` are milliseconds.
    pub figures: Vec<(&'static str, Spread)>,
}

/// A figure and its name.
type Named<T> = (&'static str, fn(&Figures) -> T);

impl Spread {
    fn of(values: impl IntoIterator<Item = Option<f64>>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().flatten().collect();
        values.sort_by(f64::total_cmp);
        let median = quantile_of_sorted(&values, 0.5)?;
        Some(Self { min: *values.first()?, median, max: *values.last()? })
    }
}

impl Summary {
    /// Sums up the figures of some streams.
    pub fn of(all: &[Figures]) -> Self {
        let times: [Named<Option<Duration>>; 9] = [
            ("connect_ms", |figures| figures.connect),
            ("headers_ms", |figures| figures.headers),
            ("first_event_ms", |figures| figures.first_event),
            ("first_text_ms", |figures| figures.first_text),
            ("total_ms", |figures| Some(figures.total)),
            ("gap_p50_ms", |figures| Some(figures.gaps.as_ref()?.p50)),
            ("gap_p90_ms", |figures| Some(figures.gaps.as_ref()?.p90)),
            ("gap_p99_ms", |figures| Some(figures.gaps.as_ref()?.p99)),
            ("longest_gap_ms", |figures| Some(figures.gaps.as_ref()?.longest)),
        ];
        let counts: [Named<usize>; 6] = [
            ("events", |figures| figures.events),
            ("text_events", |figures| figures.text_events),
            ("characters", |figures| figures.characters),
            ("heartbeats", |figures| figures.heartbeats),
            ("reads", |figures| figures.reads),
            ("bytes", |figures| figures.bytes),
        ];
        let rates: [Named<Option<f64>>; 2] = [
            ("events_per_second", |figures| figures.events_per_second),
            ("characters_per_second", |figures| figures.characters_per_second),
        ];
        let times = times.into_iter().map(|(name, figure)| {
            (name, Spread::of(all.iter().map(|figures| figure(figures).map(in_ms))))
        });
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        let counts = counts.into_iter().map(|(name, figure)| {
            (name, Spread::of(all.iter().map(|figures| Some(figure(figures) as f64))))
        });
        let rates =
            rates.into_iter().map(|(name, figure)| (name, Spread::of(all.iter().map(figure))));
        let figures = times.chain(counts).chain(rates);
        let figures = figures.filter_map(|(name, spread)| Some((name, spread?))).collect();
        Self { streams: all.len(), figures }
    }

    /// A figure by its name.
    pub fn get(&self, name: &str) -> Option<Spread> {
        self.figures.iter().find(|(other, _)| *other == name).map(|(_, spread)| *spread)
    }
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.figures.len() + 1))?;
        map.serialize_entry("streams", &self.streams)?;
        for (name, spread) in &self.figures {
            map.serialize_entry(name, spread)?;
        }
        map.end()
    }
}

/// A number without a point if it is whole: counts are.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and larger ones saturate")]
    if value.fract() == 0.0 {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}
