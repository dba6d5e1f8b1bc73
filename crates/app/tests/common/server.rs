//! A server process.

use std::{
    env,
    io::{self, BufRead, BufReader, Read as _},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Connection, Ended, Events, RESUMABLE, Response, add_message, create, op, stop};

/// Longer than anything takes: a test that waits this long has failed.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A running `chatkit`, killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
    first_line: String,
    stdout: Option<JoinHandle<String>>,
    stderr: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Server {
    /// `chatkit serve` on a free port, threads in memory, with the playback responder.
    pub(crate) fn playback() -> Self {
        Self::serve(&["--database", "memory:", "--responder", "playback"])
    }

    /// The same with more arguments.
    pub(crate) fn playback_with(args: &[&str]) -> Self {
        Self::serve(&[&["--database", "memory:", "--responder", "playback"], args].concat())
    }

    /// The same with threads in a file.
    pub(crate) fn sqlite(path: &Path) -> Self {
        Self::sqlite_with(path, &[])
    }

    /// The same with more arguments.
    pub(crate) fn sqlite_with(path: &Path, args: &[&str]) -> Self {
        let database = format!("sqlite:{}", path.display());
        Self::serve(&[&["--database", &database, "--responder", "playback"], args].concat())
    }

    /// `chatkit serve` on a free port with more arguments.
    pub(crate) fn serve(args: &[&str]) -> Self {
        let mut command = Self::command();
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(args);
        Self::spawn(command)
    }

    /// The binary, without what this process' environment says about it.
    pub(crate) fn command() -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatkit"));
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CHATKIT_") || name == "OPENAI_API_KEY" {
                command.env_remove(&*name);
            }
        }
        command.stdin(Stdio::null());
        command
    }

    /// Starts a command that serves, and waits until it says where.
    pub(crate) fn spawn(command: Command) -> Self {
        Self::try_spawn(command)
            .unwrap_or_else(|(status, log)| panic!("no server: {status}\n{log}"))
    }

    /// Starts a command that may refuse to serve: with how it ended and what it logged then.
    pub(crate) fn try_spawn(mut command: Command) -> Result<Self, (ExitStatus, String)> {
        command.stderr(Stdio::piped());
        Self::launch(command)
    }

    /// Starts a command that serves and whose log goes to a pipe that nobody reads any more.
    pub(crate) fn spawn_unheard(command: Command) -> Self {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        Self::spawn_logging_to(command, writer)
    }

    /// Starts a command that serves and whose log goes to a pipe of the test's own.
    pub(crate) fn spawn_logging_to(mut command: Command, log: io::PipeWriter) -> Self {
        command.stderr(log);
        Self::launch(command).unwrap()
    }

    fn launch(mut command: Command) -> Result<Self, (ExitStatus, String)> {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary runs");
        let stderr = Arc::new(Mutex::new(String::new()));
        let reader = process.stderr.take().map(|lines| {
            let collected = Arc::clone(&stderr);
            thread::spawn(move || collect(BufReader::new(lines), &collected))
        });
        let mut output = BufReader::new(process.stdout.take().expect("stdout is a pipe"));
        let (first, first_line) = mpsc::channel();
        let stdout = thread::spawn(move || {
            let mut line = String::new();
            let _ = output.read_line(&mut line);
            let _ = first.send(line);
            let mut rest = String::new();
            let _ = output.read_to_string(&mut rest);
            rest
        });
        let first_line = first_line.recv_timeout(LONG).expect("the server says where it listens");
        let address = first_line.strip_prefix("listening on http://").map(str::trim_end);
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let status = process.wait().unwrap();
            if let Some(reader) = reader {
                reader.join().unwrap();
            }
            return Err((status, format!("{first_line}{}", stderr.lock().unwrap())));
        };
        Ok(Self { process, address, first_line, stdout: Some(stdout), stderr, reader })
    }

    /// Runs a command that should end by itself, and returns what it printed.
    pub(crate) fn output(mut command: Command) -> Output {
        let mut process =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let deadline = Instant::now() + LONG;
        while process.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                process.kill().unwrap();
                panic!("{command:?} does not end: {:?}", process.wait_with_output());
            }
            thread::sleep(Duration::from_millis(2));
        }
        process.wait_with_output().unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// What it printed first, with the end of the line.
    pub(crate) fn first_line(&self) -> &str {
        &self.first_line
    }

    /// What it has logged so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// The turns that have ended so far, as its log has them.
    pub(crate) fn ended(&self) -> Vec<Ended> {
        Ended::all(&self.stderr.lock().unwrap())
    }

    /// Sends a signal by name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Ends it without warning.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended by itself; returns how, and what it printed after the first line.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        until("the server ends", || !self.is_running());
        let status = self.process.wait().unwrap();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        let rest = self.stdout.take().map(|stdout| stdout.join().unwrap()).unwrap_or_default();
        (status, rest)
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// A request on a connection of its own.
    pub(crate) fn get(&self, path: &str) -> Response {
        self.connect().request("GET", path, &[], b"")
    }

    /// Asks for an op on a connection of its own.
    pub(crate) fn post(&self, request: &Value) -> Response {
        self.connect().post(request)
    }

    /// Asks for a JSON op that must succeed.
    pub(crate) fn json(&self, kind: &str, params: Value) -> Value {
        let response = self.post(&op(kind, params));
        assert_eq!(response.status(), 200, "{kind}: {}", response.text());
        response.json()
    }

    /// Asks for a streaming op and reads it as it comes.
    pub(crate) fn stream(&self, request: &Value) -> Events {
        self.connect().stream(request)
    }

    /// The same for a client that can resume.
    pub(crate) fn resumable_stream(&self, request: &Value) -> Events {
        self.connect().stream_with(&[RESUMABLE], request)
    }

    /// Stops the turn of a thread; says whether there was one.
    pub(crate) fn stop(&self, thread: &str) -> bool {
        let response = self.post(&stop(thread));
        assert_eq!(response.status(), 200, "{}", response.text());
        let answer = response.json();
        assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
        answer["stopped"].as_bool().unwrap_or_else(|| panic!("{answer}"))
    }

    /// Asks for a streaming op and reads it to its end.
    pub(crate) fn events(&self, request: &Value) -> Vec<Value> {
        self.stream(request).rest()
    }

    /// Makes a thread with a message that the playback responder plays; returns its id.
    pub(crate) fn thread(&self, text: &str) -> String {
        let events = self.events(&create(text));
        assert_eq!(events[0]["type"], "thread.created", "{events:?}");
        events[0]["thread"]["id"].as_str().unwrap().to_owned()
    }

    /// Adds a message and reads the answer to its end.
    pub(crate) fn say(&self, thread: &str, text: &str) -> Vec<Value> {
        self.events(&add_message(thread, text))
    }

    /// All visible items of a thread, oldest first.
    pub(crate) fn items(&self, thread: &str) -> Vec<Value> {
        let mut items: Vec<Value> = Vec::new();
        loop {
            let after = items.last().map(|item| item["id"].clone());
            let page = self.json(
                "items.list",
                serde_json::json!({"thread_id": thread, "limit": 9999, "order": "asc", "after": after}),
            );
            items.extend(page["data"].as_array().unwrap().iter().cloned());
            if page["has_more"] != true {
                return items;
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        let stderr = self.stderr();
        if thread::panicking() {
            eprintln!("--- the server's log\n{stderr}");
        } else {
            assert!(!stderr.contains("panicked"), "the server panicked:\n{stderr}");
        }
    }
}

fn collect(mut lines: impl BufRead, collected: &Mutex<String>) {
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        collected.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
}

/// Waits for a condition.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
