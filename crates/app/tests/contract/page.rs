//! The page at `/` and the health checks.

use crate::common::{Response, Server};

fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response {
    server.connect().request("GET", path, headers, b"")
}

/// The paths of the scripts and styles that the page asks for.
fn linked(page: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        for rest in page.split(attribute).skip(1) {
            paths.push(rest.split('"').next().unwrap().to_owned());
        }
    }
    paths
}

#[test]
fn the_page_is_served_with_all_that_belongs_to_it() {
    let server = Server::playback();
    let page = get(&server, "/", &[]);
    assert_eq!(page.status(), 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.text().to_ascii_lowercase().starts_with("<!doctype html>"));

    let linked = linked(&page.text());
    assert!(!linked.is_empty());
    for path in linked {
        let path = format!("/{}", path.trim_start_matches("./").trim_start_matches('/'));
        let file = get(&server, &path, &[]);
        assert_eq!(file.status(), 200, "{path}");
        let media_type = file.header("content-type").unwrap();
        match path.rsplit('.').next().unwrap() {
            "js" => assert!(media_type.starts_with("text/javascript"), "{path}: {media_type}"),
            "css" => assert!(media_type.starts_with("text/css"), "{path}: {media_type}"),
            _ => {}
        }
        // Modules that a script imports are files of the page as well.
        for import in file.text().split("from \"./").skip(1) {
            let module = format!("/{}", import.split('"').next().unwrap());
            assert_eq!(get(&server, &module, &[]).status(), 200, "{path} imports {module}");
        }
    }
}

#[test]
fn the_page_may_run_nothing_but_its_own_scripts() {
    let server = Server::playback();
    for path in ["/", "/app.js"] {
        let answer = get(&server, path, &[]);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'self'"), "{policy}");
        assert!(policy.contains("object-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[test]
fn what_the_browser_has_is_not_sent_again() {
    let server = Server::playback();
    let first = get(&server, "/", &[]);
    let etag = first.header("etag").unwrap();
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2, "{etag}");

    let again = get(&server, "/", &[("If-None-Match", etag)]);
    assert_eq!((again.status(), again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(etag));
    assert_eq!(get(&server, "/", &[("If-None-Match", "\"other\"")]).status(), 200);
    assert_ne!(get(&server, "/app.js", &[]).header("etag"), Some(etag));
}

/// RFC 9110, section 13.1.2: a list, compared weakly. A proxy that compresses makes tags weak.
#[test]
fn a_weak_tag_or_a_list_of_tags_is_understood() {
    let server = Server::playback();
    let first = get(&server, "/", &[]);
    let etag = first.header("etag").unwrap();
    for tags in [format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        assert_eq!(get(&server, "/", &[("If-None-Match", &tags)]).status(), 304, "{tags}");
    }
}

#[test]
fn the_page_is_only_read() {
    let server = Server::playback();
    let head = server.connect().request("HEAD", "/", &[], b"");
    assert_eq!((head.status(), head.body.len()), (200, 0));
    assert_eq!(server.connect().request("POST", "/", &[], b"x").status(), 405);
    assert_eq!(get(&server, "/no-such-page", &[]).status(), 404);
    assert_eq!(get(&server, "/../Cargo.toml", &[]).status(), 404);
}

#[test]
fn health_and_readiness_are_told() {
    let server = Server::playback();
    for path in ["/healthz", "/readyz"] {
        let answer = get(&server, path, &[]);
        assert_eq!((answer.status(), answer.text().as_str()), (200, "ok\n"), "{path}");
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::sqlite(&folder.path().join("chat.db"));
    assert_eq!(get(&server, "/readyz", &[]).status(), 200);
}
