//! The server of README answers, over a real socket.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command},
};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The example listens where README says, so the test asks for that port and no other.
const ADDRESS: &str = "127.0.0.1:8000";

#[test]
fn it_says_what_was_said() {
    assert!(TcpStream::connect(ADDRESS).is_err(), "{ADDRESS} is in use: the test needs it");
    let mut server = Server(Command::new(env!("CARGO_BIN_EXE_hello")).spawn().unwrap());
    let mut connection = loop {
        assert_eq!(server.0.try_wait().unwrap(), None, "the server ended");
        match TcpStream::connect(ADDRESS) {
            Ok(connection) => break connection,
            Err(_) => std::thread::yield_now(),
        }
    };
    let body = r#"{"type": "threads.create", "params": {"input": {"content": [{"type": "input_text",
        "text": "hello"}], "attachments": [], "inference_options": {}}}}"#;
    write!(
        connection,
        "POST /chatkit HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains(r#""text":"You said: hello""#), "{answer}");
}
