//! A server that is a program.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};

/// How long the program may take to end when its input is closed, before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// How long an end is waited for where it is only to be reported.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How many bytes of a line, and how many lines, are kept of the standard error.
const LONGEST_LINE: usize = 4096;
const KEPT_LINES: usize = 5;

/// The variables that programs need to work, besides the locale's.
const PASSED_ON: &[&str] = if cfg!(windows) {
    &[
        "APPDATA",
        "COMSPEC",
        "HOMEDRIVE",
        "HOMEPATH",
        "LOCALAPPDATA",
        "PATH",
        "PATHEXT",
        "PROCESSOR_ARCHITECTURE",
        "PROGRAMDATA",
        "PROGRAMFILES",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "USERNAME",
        "USERPROFILE",
    ]
} else {
    &["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"]
};

/// The running program. Dropped, it is left a moment to end, since its input is closed by then,
/// and then killed.
pub(super) struct ServerProcess {
    child: Option<Child>,
    lines: Arc<Mutex<VecDeque<String>>>,
    reader: Option<JoinHandle<()>>,
}

/// Starts the program with pipes to talk through.
///
/// # Errors
///
/// When it cannot be started.
pub(super) fn spawn(
    server: &str,
    program: &OsString,
    args: &[OsString],
    env: &[(OsString, OsString)],
) -> io::Result<(ServerProcess, ChildStdout, ChildStdin)> {
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_passed_on)))
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // A Ctrl-C in the terminal is for this process, which ends its turns first.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    let missing = || io::Error::other("the program has no standard input or output");
    let stdin = child.stdin.take().ok_or_else(missing)?;
    let stdout = child.stdout.take().ok_or_else(missing)?;
    let lines = Arc::<Mutex<VecDeque<String>>>::default();
    let reader = child.stderr.take().map(|stderr| {
        let (lines, server) = (lines.clone(), server.to_owned());
        tokio::spawn(async move {
            read_lines(stderr, |line| {
                // What it says may be anything.
                tracing::debug!(target: "chatkit_agents::mcp::stderr", server, line,
                    "an MCP server wrote to its standard error");
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push_back(line.to_owned());
                if lines.len() > KEPT_LINES {
                    lines.pop_front();
                }
            })
            .await;
        })
    });
    Ok((ServerProcess { child: Some(child), lines, reader }, stdout, stdin))
}

impl ServerProcess {
    /// How the program ended and what it last wrote to its standard error.
    pub(super) async fn last_words(&mut self) -> String {
        let mut words = match &mut self.child {
            Some(child) => match timeout(LAST_WORDS, child.wait()).await {
                Ok(Ok(status)) => format!("the command ended with {status}"),
                _ => "the command closed its output".to_owned(),
            },
            None => String::new(),
        };
        if let Some(reader) = self.reader.take() {
            // A program that it has left behind may hold the pipe open.
            let abort = reader.abort_handle();
            if timeout(LAST_WORDS, reader).await.is_err() {
                abort.abort();
            }
        }
        for line in &*self.lines.lock().unwrap_or_else(PoisonError::into_inner) {
            words.push_str("; ");
            words.push_str(line);
        }
        words
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // Without a runtime nothing can wait: the program is killed at once, as it is when the
        // runtime ends while a task waits.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if timeout(GRACE, child.wait()).await.is_err()
                && let Err(error) = child.kill().await
            {
                tracing::warn!(%error, "an MCP server could not be killed");
            }
        });
    }
}

fn is_passed_on(name: &str) -> bool {
    let is_known = |known: &&str| {
        if cfg!(windows) { known.eq_ignore_ascii_case(name) } else { *known == name }
    };
    PASSED_ON.iter().any(is_known) || name.starts_with("LC_")
}

/// Hands over what is read line by line; what is longer than [`LONGEST_LINE`] in pieces.
async fn read_lines(input: impl AsyncRead + Unpin, mut use_line: impl FnMut(&str)) {
    let mut input = BufReader::with_capacity(LONGEST_LINE, input);
    let mut line = Vec::new();
    loop {
        let (taken, complete) = match input.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(read) => {
                let end = memchr::memchr(b'\n', read);
                let room = LONGEST_LINE - line.len();
                let text = end.unwrap_or(read.len()).min(room);
                line.extend_from_slice(read.get(..text).unwrap_or(read));
                let complete = end == Some(text);
                (text + usize::from(complete), complete || line.len() == LONGEST_LINE)
            }
        };
        input.consume(taken);
        if complete {
            use_line(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
    if !line.is_empty() {
        use_line(String::from_utf8_lossy(&line).trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(input: &str) -> Vec<String> {
        let mut lines = Vec::new();
        read_lines(input.as_bytes(), |line| lines.push(line.to_owned())).await;
        lines
    }

    #[tokio::test]
    async fn lines_are_read_with_bounded_memory() {
        assert_eq!(lines("one\r\n\ntwo").await, ["one", "", "two"]);
        let long = "x".repeat(2 * LONGEST_LINE + 1);
        let read = lines(&format!("{long}\nend\n")).await;
        assert_eq!(read.concat(), format!("{long}end"));
        assert!(read.iter().all(|line| line.len() <= LONGEST_LINE));
        let full = "y".repeat(LONGEST_LINE);
        assert_eq!(lines(&format!("{full}\nend\n")).await.concat(), format!("{full}end"));
    }

    #[test]
    fn keys_are_not_passed_on() {
        assert!(is_passed_on("PATH") && is_passed_on("LC_ALL"));
        assert!(!is_passed_on("OPENAI_API_KEY") && !is_passed_on("MY_PATH"));
    }
}
