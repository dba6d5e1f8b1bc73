//! Where an MCP server is.

use std::{ffi::OsString, fmt, path::Path, str::FromStr};

use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use reqwest::Url;

use super::{McpError, words};

/// Where an MCP server is and how it is spoken to. Values of headers and variables are not shown,
/// neither here nor in errors and logs.
#[derive(Clone)]
pub struct McpEndpoint {
    pub(super) kind: Kind,
    /// What is wrong with it. Reported when it is used, so that it can be built in one go.
    problem: Option<String>,
}

#[derive(Clone)]
pub(super) enum Kind {
    Http { url: String, headers: HeaderMap },
    Command { program: OsString, args: Vec<OsString>, env: Vec<(OsString, OsString)> },
}

impl McpEndpoint {
    /// A server that speaks streamable HTTP.
    pub fn http(url: impl Into<String>) -> Self {
        let url = url.into();
        let problem = match Url::parse(&url) {
            Err(error) => Some(format!("not a URL: {error}")),
            Ok(parsed) if !matches!(parsed.scheme(), "http" | "https") => {
                Some(format!("an MCP server's URL is http or https, not {}", parsed.scheme()))
            }
            Ok(parsed) if parsed.scheme() == "https" && !cfg!(feature = "tls") => {
                Some("https needs the feature `tls` of chatkit-agents".to_owned())
            }
            Ok(_) => None,
        };
        Self { kind: Kind::Http { url, headers: HeaderMap::new() }, problem }
    }

    /// A server that is a program, started when it is connected to, and speaks over its standard
    /// input and output.
    ///
    /// The program is given only those of this process's variables that programs need to work
    /// (`HOME`, `PATH`, the locale and the like), so that no key gets there by accident, and
    /// those of [`env`](Self::env). What it writes to its standard error is logged at debug.
    pub fn command(
        program: impl Into<OsString>,
        args: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self {
            kind: Kind::Command { program: program.into(), args, env: Vec::new() },
            problem: None,
        }
    }

    /// Reads what a user wrote: `http://…` and `https://…` are URLs, everything else is a command.
    ///
    /// A command is split into words as a shell does it, with quotes and backslashes; nothing is
    /// expanded. Before the program there may be variables for it: `NAME=value`, or `NAME=$OTHER`
    /// for the value that a variable of this process has.
    ///
    /// ```
    /// use chatkit_agents::mcp::McpEndpoint;
    ///
    /// let files = McpEndpoint::parse("npx -y @modelcontextprotocol/server-filesystem '/my files'")?;
    /// assert_eq!(files.to_string(), "npx");
    /// let search = McpEndpoint::parse("https://example.com/mcp?key=secret")?;
    /// assert_eq!(search.to_string(), "https://example.com/mcp");
    /// # Ok::<(), chatkit_agents::mcp::McpError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`McpError::Endpoint`]: no URL and no command, with the reason.
    pub fn parse(text: &str) -> Result<Self, McpError> {
        let text = text.trim();
        let endpoint = match text.split_once("://") {
            Some((scheme, _)) if is_scheme(scheme) => Self::http(text),
            _ => Self::parse_command(text)?,
        };
        endpoint.check()?;
        Ok(endpoint)
    }

    fn parse_command(text: &str) -> Result<Self, McpError> {
        let words = words::split(text)
            .map_err(|problem| McpError::Endpoint(format!("not a command: {problem}")))?;
        let mut words = words.into_iter().peekable();
        let mut env = Vec::new();
        while let Some(word) = words.next_if(|word| variable(word).is_some()) {
            let Some((name, value)) = variable(&word) else { break };
            let value = match value.strip_prefix('$') {
                Some(other) => std::env::var_os(other).ok_or_else(|| {
                    McpError::Endpoint(format!("the environment has no variable `{other}`"))
                })?,
                None => value.into(),
            };
            env.push((name.to_owned(), value));
        }
        let program = words.next().filter(|program| !program.is_empty()).ok_or_else(|| {
            McpError::Endpoint("an MCP server is a URL or a command, and this is empty".to_owned())
        })?;
        let endpoint = Self::command(program, words);
        Ok(env.into_iter().fold(endpoint, |endpoint, (name, value)| endpoint.env(name, value)))
    }

    /// Sends a header with every request of a server that speaks HTTP.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let Kind::Http { headers, .. } = &mut self.kind else {
            self.problem.get_or_insert_with(|| "a command has no headers".to_owned());
            return self;
        };
        match (HeaderName::from_str(name), HeaderValue::from_str(value)) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
            _ => {
                self.problem.get_or_insert_with(|| format!("not a header: `{name}`"));
            }
        }
        self
    }

    /// Sends `Authorization: Bearer …` with every request of a server that speaks HTTP.
    #[must_use]
    pub fn bearer_token(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// Sets a variable of a server that is a program.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        match &mut self.kind {
            Kind::Command { env, .. } => env.push((name.into(), value.into())),
            Kind::Http { .. } => {
                self.problem.get_or_insert_with(|| "a URL has no environment".to_owned());
            }
        }
        self
    }

    /// The host and the port of a server that speaks HTTP.
    pub(super) fn address(&self) -> Option<(String, Option<u16>)> {
        let Kind::Http { url, .. } = &self.kind else { return None };
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some((host, url.port_or_known_default()))
    }

    pub(super) fn check(&self) -> Result<(), McpError> {
        match &self.problem {
            Some(problem) => Err(McpError::Endpoint(problem.clone())),
            None => Ok(()),
        }
    }

    /// A text without the values that nobody may see, for what a server echoes.
    pub(super) fn redact(&self, mut text: String) -> String {
        let mut hide = |secret: &str| {
            if secret.len() >= SHORTEST_SECRET && text.contains(secret) {
                text = text.replace(secret, "…");
            }
        };
        match &self.kind {
            Kind::Http { headers, .. } => {
                for value in headers.values().filter_map(|value| value.to_str().ok()) {
                    hide(value);
                    value.split(' ').for_each(&mut hide);
                }
            }
            Kind::Command { env, .. } => {
                env.iter().filter_map(|(_, value)| value.to_str()).for_each(hide);
            }
        }
        text
    }
}

/// Shorter values are no secrets, and taking them out would only garble texts.
const SHORTEST_SECRET: usize = 6;

fn is_scheme(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char))
}

fn variable(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let valid = name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    (valid && name.starts_with(|char: char| !char.is_ascii_digit())).then_some((name, value))
}

/// The URL without what may be secret in it, or the program's name.
impl fmt::Display for McpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Http { url, .. } => match Url::parse(url) {
                Ok(url) => {
                    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                    let host = url.host_str().unwrap_or_default();
                    write!(f, "{}://{host}{port}{}", url.scheme(), url.path())
                }
                Err(_) => f.write_str("invalid URL"),
            },
            Kind::Command { program, .. } => {
                let name = Path::new(program).file_name().unwrap_or(program);
                f.write_str(&name.to_string_lossy())
            }
        }
    }
}

impl fmt::Debug for McpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "McpEndpoint({self})")
    }
}

impl FromStr for McpEndpoint {
    type Err = McpError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> (OsString, Vec<OsString>, Vec<(OsString, OsString)>) {
        match McpEndpoint::parse(text).unwrap().kind {
            Kind::Command { program, args, env } => (program, args, env),
            Kind::Http { .. } => panic!("not a command"),
        }
    }

    fn problem(text: &str) -> String {
        McpEndpoint::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_command_has_variables_a_program_and_arguments() {
        let (program, args, env) = command("A=1 B='x y' server --path='/my files' C=2");
        assert_eq!(program, "server");
        assert_eq!(args, ["--path=/my files", "C=2"]);
        assert_eq!(env, [("A".into(), "1".into()), ("B".into(), "x y".into())]);
    }

    #[test]
    fn a_variable_of_this_process_is_passed_on_by_name() {
        let (name, value) =
            std::env::vars().find(|(name, _)| variable(&format!("{name}=")).is_some()).unwrap();
        let (_, _, env) = command(&format!("'TOKEN=${name}' server"));
        assert_eq!(env, [("TOKEN".into(), value.into())]);
        assert_eq!(
            problem("TOKEN=$CHATKIT_NO_SUCH_VARIABLE server"),
            "the environment has no variable `CHATKIT_NO_SUCH_VARIABLE`"
        );
    }

    #[test]
    fn what_is_neither_url_nor_command_is_refused_with_the_reason() {
        assert_eq!(problem(" "), "an MCP server is a URL or a command, and this is empty");
        assert_eq!(problem("A=1"), "an MCP server is a URL or a command, and this is empty");
        assert_eq!(problem("'a"), "not a command: a single quote is not closed");
        assert_eq!(problem("ws://host/mcp"), "an MCP server's URL is http or https, not ws");
        assert_eq!(problem("http://"), "not a URL: empty host");
    }

    #[test]
    fn a_header_of_a_command_and_a_broken_header_are_errors_when_used() {
        let error = McpEndpoint::command("a", [""; 0]).header("X", "secret").check().unwrap_err();
        assert_eq!(error, McpError::Endpoint("a command has no headers".to_owned()));
        let error = McpEndpoint::http("http://a").header("X", "sec\nret").check().unwrap_err();
        assert_eq!(error, McpError::Endpoint("not a header: `X`".to_owned()));
    }

    #[test]
    fn secrets_are_neither_shown_nor_echoed() {
        let endpoint = McpEndpoint::http("http://me:pass@host:81/mcp?key=hidden")
            .bearer_token("sk-abcdef")
            .header("X-Key", "another secret");
        for shown in [format!("{endpoint:?}"), endpoint.to_string()] {
            assert!(shown.contains("http://host:81/mcp"), "{shown}");
            for secret in ["pass", "hidden", "sk-abcdef", "another"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        let echo = "you sent sk-abcdef and another secret".to_owned();
        assert_eq!(endpoint.redact(echo), "you sent … and …");

        let endpoint =
            McpEndpoint::command("/usr/bin/server", ["--token", "secret-1"]).env("K", "secret-2");
        assert_eq!(format!("{endpoint:?}"), "McpEndpoint(server)");
        assert_eq!(endpoint.redact("K=secret-2".to_owned()), "K=…");
    }
}
