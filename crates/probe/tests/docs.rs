//! The page for users has every finding, and no other.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// What makes findings. There is no other way: see the test below.
const MADE_BY: [(&str, &str); 6] = [
    ("Finding::error(", "error"),
    ("Finding::warning(", "warning"),
    ("Finding::note(", "note"),
    ("Fault::error(", "error"),
    ("Fault::warning(", "warning"),
    ("Fault::note(", "note"),
];

/// Codes with their severities.
type Codes = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The sources of the crate without their tests, by file.
fn sources() -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && name != "tests.rs" {
                let source = fs::read_to_string(path).unwrap();
                let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                sources.push((name, source));
            }
        }
    }
    sources
}

/// The codes that the crate makes.
fn made() -> Codes {
    let mut made = Codes::new();
    for (file, source) in sources() {
        for (call, severity) in MADE_BY {
            for (at, _) in source.match_indices(call) {
                let argument = source[at + call.len()..].trim_start();
                let code = argument.strip_prefix('"').and_then(|rest| rest.split('"').next());
                match code {
                    Some(code) => {
                        made.entry(code.to_owned()).or_default().insert(severity.to_owned());
                    }
                    // They pass on what they were given.
                    None => assert!(["finding.rs", "fault.rs"].contains(&&*file), "{file}: {call}"),
                }
            }
        }
    }
    made
}

/// The codes that the page lists: the rows of its tables of findings.
fn listed() -> Codes {
    let page = fs::read_to_string(root().join("../../docs/probe.md")).unwrap();
    let (_, tables) = page.split_once("\n## All findings\n").unwrap();
    let mut listed = Codes::new();
    for row in tables.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (code, rest) = row.split_once("` | ").unwrap();
        let severities = rest.split(" | ").next().unwrap().split(", ").map(str::to_owned).collect();
        assert_eq!(listed.insert(code.to_owned(), severities), None, "{code} is listed twice");
    }
    listed
}

#[test]
fn each_finding_is_in_the_page() {
    let (made, listed) = (made(), listed());
    assert!(made.len() > 100, "the sources are not read as they should be: {made:?}");
    let codes = |of: &Codes| of.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(codes(&made), codes(&listed));
    for (code, severities) in made {
        assert!(listed[&code].is_superset(&severities), "{code} may be of {severities:?}");
    }
}

#[test]
fn there_is_one_way_to_make_a_finding() {
    for (file, source) in sources() {
        assert!(!source.contains("code: \""), "{file}: use Finding::error, warning or note");
    }
}
