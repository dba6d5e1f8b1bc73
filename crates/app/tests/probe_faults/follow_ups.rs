//! What a server answers when it is asked for the thread afterwards, and for what cannot be done.

use std::io;

use serde_json::{Value, json};

use crate::{
    common::{Response, Server, script},
    faulty::{Exchange, Faults, Proxy, Request, pass},
    report::Report,
};

/// Probes with all that is asked after the stream.
#[track_caller]
fn finds(faults: Faults, codes: &[&str]) {
    let server = Server::playback();
    let proxy = Proxy::start(server.address(), faults);
    let text = script(json!([{"text": {"deltas": 3, "delta": "word ", "gap_ms": 10}}]));
    Report::of_script(&proxy.url(), &text, &[]).is_only(codes);
}

/// Changes the page that `items.list` answers with.
fn page(change: fn(&mut Value)) -> Faults {
    Faults::answer(move |request: &Request, response: &mut Response| {
        if request.op() == "items.list" {
            let mut page = serde_json::from_slice(&response.body).unwrap();
            change(&mut page);
            response.body = page.to_string().into_bytes();
        }
    })
}

fn items(page: &mut Value) -> &mut Vec<Value> {
    page["data"].as_array_mut().unwrap()
}

#[test]
fn a_server_without_a_fault_is_fine() {
    finds(Faults::none(), &[]);
}

#[test]
fn what_the_thread_holds_later_is_compared_with_what_was_shown() {
    finds(page(|page| drop(items(page).pop())), &["item-lost"]);
    finds(page(|page| items(page).reverse()), &["items-out-of-order"]);
    finds(
        page(|page| items(page)[1]["content"][0]["text"] = "word word".into()),
        &["stored-text-differs"],
    );
    finds(
        page(|page| {
            let mut hidden = items(page)[0].clone();
            hidden["type"] = "hidden_context_item".into();
            hidden["id"] = "itm_hidden".into();
            hidden["content"] = "what the model is told".into();
            items(page).push(hidden);
        }),
        &["hidden-item-leaked"],
    );
    finds(
        page(|page| {
            items(page).clear();
            page["has_more"] = true.into();
        }),
        &["empty-page-with-more"],
    );
}

/// Answers a streaming op that cannot be done.
fn refuse(refuse: impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static) -> Faults {
    Faults::stream(move |exchange| {
        if exchange.request.op() == "threads.create" { pass(exchange) } else { refuse(exchange) }
    })
}

#[test]
fn streaming_ops_that_cannot_be_done_are_streams() {
    for status in [404, 500] {
        let json = [("content-type".to_owned(), "application/json".to_owned())];
        let faults = refuse(move |exchange| {
            exchange.client.respond(status, &json, b"{\"message\": \"no such thread\"}")
        });
        finds(faults, &["failed-stream-status"]);
    }
    let silent = refuse(|exchange| {
        exchange.send_head()?;
        exchange.client.end()
    });
    finds(silent, &["failed-stream-silent"]);
}

#[test]
fn json_ops_that_cannot_be_done_say_why() {
    let failed = |change: fn(&mut Response)| {
        Faults::answer(move |_, response| {
            if response.status() >= 400 {
                change(response);
            }
        })
    };
    finds(
        failed(|response| response.body = b"{\"detail\": \"not found\"}".to_vec()),
        &["json-error-without-message"],
    );
    finds(failed(|response| response.head.status = 500), &["failed-json-status"]);
}

#[test]
fn browsers_are_let_in() {
    let no_preflight = Faults::answer(|request, response| {
        if request.method == "OPTIONS" {
            response.head.headers.retain(|(name, _)| !name.starts_with("access-control-"));
        }
    });
    finds(no_preflight, &["cors-preflight"]);
}
