//! The documentation and the dashboard speak of the figures that there are, and of all of them.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{collections::BTreeSet, fs, path::Path};

use chatkit_testkit::exposition::Family;
use common::{busy, scrape};
use serde_json::Value;

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The name under which a family is spoken of, as its samples have it.
fn spoken(name: &str, family: &Family) -> String {
    match family.kind.as_str() {
        "counter" => format!("{name}_total"),
        "info" => format!("{name}_info"),
        _ => name.to_owned(),
    }
}

/// The names in a text that look like those of figures.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("chatkit_") || word.starts_with("process_")).collect()
}

#[tokio::test]
async fn every_figure_is_documented_and_none_else() {
    let page = document("operating.md");
    let figures = scrape(&busy().await).await;
    let (_, table) = page.split_once("## All figures").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let families = figures.families().iter().map(|(name, family)| spoken(name, family));
    assert_eq!(
        rows.collect::<BTreeSet<_>>(),
        families.collect::<BTreeSet<_>>().iter().map(String::as_str).collect()
    );
    let mut there = BTreeSet::new();
    for (name, family) in figures.families() {
        let spoken = spoken(name, family);
        if family.kind == "histogram" {
            for suffix in ["_bucket", "_sum", "_count"] {
                there.insert(format!("{spoken}{suffix}"));
            }
        }
        there.insert(spoken);
    }
    for (document, text) in
        [("operating.md", page), ("grafana-dashboard.json", document("grafana-dashboard.json"))]
    {
        let names = named(&text);
        assert!(names.len() > 15, "{document}: {names:?}");
        let unknown: Vec<_> = names.into_iter().filter(|name| !there.contains(*name)).collect();
        assert!(unknown.is_empty(), "{document} speaks of {unknown:?}");
    }
}

#[tokio::test]
async fn every_figure_is_on_the_dashboard() {
    let dashboard = document("grafana-dashboard.json");
    let names = named(&dashboard);
    for (name, family) in scrape(&busy().await).await.families() {
        let spoken = spoken(name, family);
        let is_shown = names.iter().any(|name| name.starts_with(&spoken));
        assert!(is_shown, "{spoken} is on no panel");
    }
}

/// What an import needs: a data source to choose, and panels that use it, with units, side by side.
#[test]
fn the_dashboard_can_be_imported() {
    let dashboard: Value = serde_json::from_str(&document("grafana-dashboard.json")).unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert_eq!(variables[0]["type"], "datasource");
    let source = format!("${{{}}}", variables[0]["name"].as_str().unwrap());
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: an id twice");
        let place = |field: &str| panel["gridPos"][field].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{title}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{title} lies over another panel");
            }
        }
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], *source, "{title}");
        assert!(panel["description"].as_str().is_some_and(|text| text.len() > 5), "{title}");
        let defaults = &panel["fieldConfig"]["defaults"];
        assert!(defaults["unit"].is_string(), "{title} has no unit");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
        for target in targets {
            assert_eq!(target["datasource"]["uid"], *source, "{title}");
            let expression = target["expr"].as_str().unwrap();
            assert!(expression.contains(r#"instance=~"$instance""#), "{title}: {expression}");
            let of_seconds = expression.contains("histogram_quantile");
            assert!(!of_seconds || defaults["unit"] == "s", "{title}");
        }
    }
}
