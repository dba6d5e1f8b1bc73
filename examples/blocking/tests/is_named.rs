//! The example's blocking reply is named in the log, and the mended one is not; streams beside it
//! are whole.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread::{sleep, spawn},
    time::Duration,
};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> (Server, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blocking"));
    let mut server = command.arg("127.0.0.1:0").env("NO_COLOR", "1");
    server = server.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = Server(server.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
    (server, address)
}

fn say(address: &str, text: &str) -> String {
    let body = format!(
        r#"{{"type": "threads.create", "params": {{"input": {{"content": [{{"type": "input_text",
        "text": "{text}"}}], "attachments": [], "inference_options": {{}}}}}}}}"#
    );
    let mut connection = TcpStream::connect(address).unwrap();
    write!(
        connection,
        "POST /chatkit HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn what_blocks_is_named_and_the_rest_goes_on() {
    let (mut server, address) = start();
    assert!(say(&address, "offload").contains("Worked for"));
    let ticks = {
        let address = address.clone();
        spawn(move || say(&address, "tick"))
    };
    let blocks: Vec<_> = (0..6)
        .map(|_| {
            let address = address.clone();
            sleep(Duration::from_millis(5));
            spawn(move || say(&address, "block"))
        })
        .collect();
    for block in blocks {
        assert!(block.join().unwrap().contains("Worked for"));
    }
    let ticks = ticks.join().unwrap();
    assert!(ticks.contains(&"tick ".repeat(40)), "{ticks}");

    server.0.kill().unwrap();
    let mut log = String::new();
    server.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("blocked its thread")).collect();
    assert_eq!(warnings.len(), 6, "{log}");
    for warning in warnings {
        assert!(warning.contains("spawn_blocking"), "{warning}");
        let (_, blocked) = warning.split_once("blocked_ms=").unwrap();
        let blocked = blocked.split_whitespace().next().unwrap();
        assert!(blocked.parse::<f64>().unwrap() >= 400.0, "{warning}");
    }
}
