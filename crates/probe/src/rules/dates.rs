//! Dates: of threads and items.

use chatkit_protocol::Timestamp;
use serde_json::Value;

use super::{
    event::Item,
    fault::{Fault, Findings},
    sightings::{Sighting, prefix},
    text::brief,
};

pub(super) fn check(sightings: &[Sighting<'_>], found: &mut Findings) {
    for seen in sightings {
        if let Some(date) = seen.value.get("created_at") {
            check_date(seen, date, found);
        }
    }
}

/// Compares the dates that an item began and ended with.
pub(super) fn check_change(began: &Value, ended: Item<'_>, frame: usize, found: &mut Findings) {
    let Some(now) = ended.value.get("created_at").filter(|now| *now != began) else { return };
    found.add(&CREATED_AT_CHANGES, Some(frame), || {
        let (kind, id) = (brief(ended.kind), brief(ended.id));
        format!("{kind} `{id}`: {} and later {}", shown(began), shown(now))
    });
}

fn check_date(seen: &Sighting<'_>, date: &Value, found: &mut Findings) {
    let fault = match date.as_str().map(judge) {
        Some(Date::Sound) => return,
        Some(Date::WithoutOffset) => &DATE_WITHOUT_OFFSET,
        Some(Date::Bad) | None => &BAD_DATE,
    };
    found.add(fault, seen.frame, || {
        let (name, id) = (brief(seen.name()), brief(seen.id()));
        format!("{}created_at of {name} `{id}` is {}", prefix(&seen.path), shown(date))
    });
}

enum Date {
    Sound,
    WithoutOffset,
    Bad,
}

/// What browsers make of a date. They read no time zone in brackets, and not all of them a space
/// in place of the `T`.
fn judge(date: &str) -> Date {
    if date.parse::<Timestamp>().is_err() || date.contains('[') {
        return Date::Bad;
    }
    match date.split_once('T') {
        Some((_, time)) if time.ends_with('Z') || time.contains(['+', '-']) => Date::Sound,
        Some(_) => Date::WithoutOffset,
        None => Date::Bad,
    }
}

fn shown(date: &Value) -> String {
    brief(&date.to_string())
}

const DATE_WITHOUT_OFFSET: Fault = Fault::warning(
    "date-without-offset",
    "A browser reads it as local time: users elsewhere see times that are hours off.",
    "Write dates in UTC with `Z`, or with their offset: make them with a time zone.",
);

const BAD_DATE: Fault = Fault::error(
    "bad-date",
    "Browsers cannot read it: the time is missing or shown as invalid, and order suffers.",
    "Write dates as ISO 8601 with an offset, for example `2026-01-31T09:30:00Z`.",
);

const CREATED_AT_CHANGES: Fault = Fault::note(
    "created-at-changes",
    "The item's time jumps while it is shown, and what is stored has another one.",
    "Take the time once when the item begins, and send it in all of its events.",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_judged_as_browsers_read_them() {
        for sound in ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456+02:00"] {
            assert!(matches!(judge(sound), Date::Sound), "{sound}");
        }
        for local in ["2026-01-01T00:00:00", "2026-01-01T00:00:00.123456"] {
            assert!(matches!(judge(local), Date::WithoutOffset), "{local}");
        }
        for bad in
            ["", "yesterday", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00+01:00[Europe/Oslo]"]
        {
            assert!(matches!(judge(bad), Date::Bad), "{bad}");
        }
    }
}
