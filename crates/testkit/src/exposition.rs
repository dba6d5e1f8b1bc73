//! A strict reader of what `/metrics` shows: OpenMetrics text 1.0, or the older text format of
//! Prometheus, 0.0.4.
//!
//! It knows the kinds of metrics that this project uses, without timestamps and exemplars, and
//! refuses whatever a scraper might not read as it was meant.

use std::collections::{BTreeMap, BTreeSet};

/// Which of the two formats a text is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Ends with `# EOF`; counters are named without `_total` where they are described.
    OpenMetrics,
    /// Counters are described under their whole name; there are no units.
    Prometheus,
}

/// What a scrape found.
#[derive(Debug, Default)]
pub struct Exposition {
    families: BTreeMap<String, Family>,
}

/// All series of one name, and what is said about them.
#[derive(Debug, Default)]
pub struct Family {
    /// `counter`, `gauge`, `histogram` or `info`.
    pub kind: String,
    /// The unit, if one is named.
    pub unit: Option<String>,
    /// What the figure says.
    pub help: String,
    /// The samples, by their name and labels.
    pub samples: BTreeMap<(String, Labels), f64>,
}

/// The labels of a sample.
pub type Labels = BTreeMap<String, String>;

impl Exposition {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// The first line that breaks a rule, and which.
    pub fn parse(text: &str, format: Format) -> Result<Self, String> {
        let body = match format {
            Format::OpenMetrics => text.strip_suffix("# EOF\n").ok_or("no EOF at the end")?,
            Format::Prometheus => text,
        };
        if !body.is_empty() && !body.ends_with('\n') {
            return Err("the last line has no end".to_owned());
        }
        let mut reader = Reader { format, found: Self::default(), current: None };
        for line in body.lines() {
            reader.line(line).map_err(|wrong| format!("{wrong}: {line}"))?;
        }
        for (name, family) in &reader.found.families {
            family.check(name)?;
        }
        Ok(reader.found)
    }

    /// The families by name: that under which they are described.
    pub fn families(&self) -> &BTreeMap<String, Family> {
        &self.families
    }

    /// The names of all samples.
    pub fn names(&self) -> BTreeSet<&str> {
        self.samples().map(|(name, _, _)| name).collect()
    }

    /// All samples: name, labels, value.
    pub fn samples(&self) -> impl Iterator<Item = (&str, &Labels, f64)> {
        let families = self.families.values();
        families
            .flat_map(|family| &family.samples)
            .map(|((name, labels), value)| (name.as_str(), labels, *value))
    }

    /// The sample of a name with exactly these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Labels =
            labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.samples().find(|(other, found, _)| *other == name && **found == labels).map(|s| s.2)
    }

    /// The sum of all samples of a name, whatever their labels.
    pub fn sum(&self, name: &str) -> f64 {
        self.samples().filter(|(other, _, _)| *other == name).map(|sample| sample.2).sum()
    }
}

struct Reader {
    format: Format,
    found: Exposition,
    /// The family whose lines come now: those of one stand together.
    current: Option<String>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        match line.strip_prefix("# ") {
            Some(described) => self.described(described),
            None if line.starts_with('#') => Err("a comment".to_owned()),
            None => self.sample(line),
        }
    }

    fn described(&mut self, text: &str) -> Result<(), String> {
        let mut words = text.splitn(3, ' ');
        let (Some(what), Some(name), Some(rest)) = (words.next(), words.next(), words.next())
        else {
            return Err("half a description".to_owned());
        };
        if !is_name(name, true) {
            return Err("no name of a metric".to_owned());
        }
        if self.current.as_deref() != Some(name) {
            if self.found.families.contains_key(name) {
                return Err("a family in two places".to_owned());
            }
            self.current = Some(name.to_owned());
        }
        let family = self.found.families.entry(name.to_owned()).or_default();
        if !family.samples.is_empty() {
            return Err("a description behind its samples".to_owned());
        }
        match what {
            "HELP" if family.help.is_empty() => family.help = unescape(rest)?,
            "TYPE" if family.kind.is_empty() => rest.clone_into(&mut family.kind),
            "UNIT" if family.unit.is_none() && self.format == Format::OpenMetrics => {
                if !name.ends_with(&format!("_{rest}")) {
                    return Err("a unit that is not in the name".to_owned());
                }
                family.unit = Some(rest.to_owned());
            }
            _ => return Err("described twice, or what is this?".to_owned()),
        }
        Ok(())
    }

    fn sample(&mut self, line: &str) -> Result<(), String> {
        let end = line.find(['{', ' ']).ok_or("no value")?;
        let (name, rest) = line.split_at(end);
        let (labels, value) = labels(rest)?;
        let current = self.current.as_deref().ok_or("a sample of no family")?;
        let family = self.found.families.get_mut(current).ok_or("a sample of no family")?;
        let suffix = name.strip_prefix(current).ok_or("a sample of another family")?;
        let fits = match (family.kind.as_str(), self.format) {
            ("counter", Format::OpenMetrics) => suffix == "_total",
            ("counter", Format::Prometheus) => suffix.is_empty() && name.ends_with("_total"),
            ("gauge", _) => suffix.is_empty(),
            ("histogram", _) => matches!(suffix, "_bucket" | "_sum" | "_count"),
            ("info", Format::OpenMetrics) => suffix == "_info",
            _ => return Err(format!("a kind that is not known: {:?}", family.kind)),
        };
        if !fits {
            return Err("a suffix that does not fit the kind".to_owned());
        }
        let value = number(value)?;
        match family.samples.insert((name.to_owned(), labels), value) {
            Some(_) => Err("a sample twice".to_owned()),
            None => Ok(()),
        }
    }
}

impl Family {
    fn check(&self, name: &str) -> Result<(), String> {
        if self.help.is_empty() || self.kind.is_empty() {
            return Err(format!("{name} is not described"));
        }
        if self.kind == "counter" && self.samples.values().any(|value| *value < 0.0) {
            return Err(format!("{name} counts below zero"));
        }
        if self.kind == "histogram" { self.check_histogram(name) } else { Ok(()) }
    }

    /// Each histogram has buckets that grow, the last of which counts all, and a sum.
    fn check_histogram(&self, name: &str) -> Result<(), String> {
        let mut buckets: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
        for ((sample, labels), value) in &self.samples {
            if sample.ends_with("_bucket") {
                let mut labels = labels.clone();
                let bound = number(&labels.remove("le").ok_or("a bucket without a bound")?)?;
                buckets.entry(labels).or_default().push((bound, *value));
            }
        }
        let of = |suffix: &str, labels: &Labels| {
            self.samples.get(&(format!("{name}{suffix}"), labels.clone())).copied()
        };
        for (labels, mut buckets) in buckets {
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            let grows = buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1);
            let all = buckets.last().filter(|last| last.0 == f64::INFINITY).map(|last| last.1);
            if !grows || all.is_none() || all != of("_count", &labels) {
                return Err(format!("{name}{labels:?} does not add up: {buckets:?}"));
            }
            if of("_sum", &labels).is_none_or(|sum| sum.is_nan() || sum < 0.0) {
                return Err(format!("{name}{labels:?} has no sum"));
            }
        }
        Ok(())
    }
}

/// The labels in braces, if there are any, and what follows after a space.
fn labels(text: &str) -> Result<(Labels, &str), String> {
    let mut labels = Labels::new();
    let Some(mut text) = text.strip_prefix('{') else {
        let value = text.strip_prefix(' ').ok_or("no space before the value")?;
        return Ok((labels, value));
    };
    loop {
        let (name, rest) = text.split_once("=\"").ok_or("no label")?;
        let end = end_of_string(rest).ok_or("a label without an end")?;
        let (value, rest) = rest.split_at(end);
        if !is_name(name, false) {
            return Err(format!("no name of a label: {name}"));
        }
        if labels.insert(name.to_owned(), unescape(value)?).is_some() {
            return Err(format!("a label twice: {name}"));
        }
        if let Some(value) = rest.strip_prefix("\"} ") {
            return Ok((labels, value));
        }
        text = rest.strip_prefix("\",").ok_or("no comma after a label")?;
    }
}

/// Where the quote stands that ends a string.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let ends = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        ends.then_some(at)
    })
}

fn unescape(text: &str) -> Result<String, String> {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('"') => '"',
                other => return Err(format!("escaped, but what: {other:?}")),
            },
            other => other,
        });
    }
    Ok(plain)
}

fn number(text: &str) -> Result<f64, String> {
    match text {
        "+Inf" => Ok(f64::INFINITY),
        "NaN" => Ok(f64::NAN),
        _ if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
            text.parse().map_err(|_| format!("no number: {text}"))
        }
        _ => Err(format!("no number: {text}")),
    }
}

fn is_name(name: &str, colons: bool) -> bool {
    let fits = |character: char| {
        character.is_ascii_alphanumeric() || character == '_' || (colons && character == ':')
    };
    name.chars().all(fits) && !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# HELP a_b_seconds How long.\n# TYPE a_b_seconds histogram\n\
        # UNIT a_b_seconds seconds\na_b_seconds_sum{x=\"1\"} 3.5\na_b_seconds_count{x=\"1\"} 2\n\
        a_b_seconds_bucket{le=\"1.0\",x=\"1\"} 1\na_b_seconds_bucket{le=\"+Inf\",x=\"1\"} 2\n\
        # HELP c Some.\n# TYPE c counter\nc_total{y=\"a\\\"b\\\\c\\nd,e}\"} 7\n# EOF\n";

    #[test]
    fn what_is_right_is_read() {
        let found = Exposition::parse(GOOD, Format::OpenMetrics).unwrap();
        assert_eq!(found.value("c_total", &[("y", "a\"b\\c\nd,e}")]), Some(7.0));
        assert_eq!(found.value("a_b_seconds_sum", &[("x", "1")]), Some(3.5));
        assert_eq!(found.value("c_total", &[]), None);
        assert_eq!(found.sum("c_total"), 7.0);
        let older = "# HELP c_total Some.\n# TYPE c_total counter\nc_total 7\n";
        assert_eq!(
            Exposition::parse(older, Format::Prometheus).unwrap().value("c_total", &[]),
            Some(7.0)
        );
        assert!(Exposition::parse(older, Format::OpenMetrics).is_err());
        assert!(Exposition::parse(GOOD, Format::Prometheus).is_err());
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (good, wrong) in [
            ("# EOF\n", ""),
            ("# EOF\n", "# EOF\n\n"),
            ("# HELP c Some.\n", ""),
            ("# TYPE c counter\n", ""),
            ("# TYPE c counter", "# TYPE c summary"),
            ("# UNIT a_b_seconds seconds", "# UNIT a_b_seconds bytes"),
            ("c_total{", "c{"),
            ("c_total{", "d_total{"),
            ("\\\\c", "\\c"),
            ("} 7", "} -7"),
            ("} 7", "} seven"),
            ("} 7", "}7"),
            ("{y=", "{y-z="),
            ("c_total{y", "c_total{y=\"1\",y"),
            ("le=\"+Inf\",x=\"1\"} 2", "le=\"2.0\",x=\"1\"} 2"),
            ("le=\"1.0\",x=\"1\"} 1", "le=\"1.0\",x=\"1\"} 3"),
            ("_count{x=\"1\"} 2", "_count{x=\"1\"} 3"),
            ("# EOF", "a_b_seconds_count{x=\"2\"} 1\n# EOF"),
        ] {
            let text = GOOD.replacen(good, wrong, 1);
            assert_ne!(text, GOOD);
            assert!(Exposition::parse(&text, Format::OpenMetrics).is_err(), "{text}");
        }
    }
}
