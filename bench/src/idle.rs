//! `chatkit-bench idle`: what open streams cost a server in memory.

mod report;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{runtime::Builder, task::JoinSet, time::sleep};

use crate::{
    BenchError,
    board::Boards,
    check::Expected,
    cli::IdleOptions,
    connection::{Connection, ConnectionError},
    exchange::{self, Failure, Question},
    line::{Line, Lines},
    load::allow_open_files,
    process::{Memory, open_files},
    script,
    stamp::Clock,
};
use report::{Half, IdleReport, Phases};

const TEXT: &str = "hi";
/// Connections that are opened, or streams that are asked for, at the same time.
const AT_ONCE: usize = 64;
/// How long a server may take to notice that its clients are gone.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens silent streams and reports the server's memory before, meanwhile and afterwards.
pub(crate) fn idle(options: &IdleOptions) -> Result<IdleReport, BenchError> {
    allow_open_files(options.connections.into())?;
    Builder::new_current_thread().enable_all().build()?.block_on(measure(options))
}

async fn measure(options: &IdleOptions) -> Result<IdleReport, BenchError> {
    let address = options.url.resolve()?;
    // It stays open, so that it does not count either.
    let _warm = warm_up(options, address).await?;
    let files_before = open_files(options.pid)?;
    let before = Memory::of(options.pid)?;

    let mut connections: Vec<Option<Connection>> = (0..options.connections).map(|_| None).collect();
    let mut connected = None;
    if options.connect_first {
        let nothing: Arc<[u8]> = script::nothing(&options.url).into();
        let open = each(connections, |_| {
            let nothing = Arc::clone(&nothing);
            async move { connect(address, &nothing).await }
        })
        .await?;
        connections = open.into_iter().map(Some).collect();
        connected = Some(Memory::of(options.pid)?);
    }

    let begun = Instant::now();
    let script = script::script(1, TEXT, 0, options.hold_ms);
    let request: Arc<[u8]> = script::create_thread(&options.url, &script).http1.into();
    let expected = Arc::new(Expected::new(1, TEXT));
    let ask = |connection| {
        let (request, expected) = (Arc::clone(&request), Arc::clone(&expected));
        async move { silent_stream(connection, address, &request, &expected).await }
    };
    let further = connections.split_off(connections.len() / 2);
    let mut streams = each(connections, ask).await?;
    let half = Half { streams: streams.len(), memory: Memory::of(options.pid)? };
    streams.extend(each(further, ask).await?);
    let streaming = Memory::of(options.pid)?;
    if begun.elapsed() >= Duration::from_millis(options.hold_ms) {
        return Err(BenchError::HoldTooShort { took: begun.elapsed() });
    }

    drop(streams);
    wait_for_files(options.pid, files_before).await?;
    let closed = Memory::of(options.pid)?;
    Ok(IdleReport::new(options, Phases { before, connected, half, streaming, closed }))
}

async fn warm_up(options: &IdleOptions, address: SocketAddr) -> Result<Line, BenchError> {
    let script = script::script(1, TEXT, 0, 0);
    let question = Question {
        post: script::create_thread(&options.url, &script),
        expected: Expected::new(1, TEXT),
        clock: Clock::start(),
    };
    let boards = Boards::new(1)?;
    let lines = Lines::new(address, options.connections, None);
    let mut line = lines.open(0).await?;
    for _ in 0..options.warmup {
        if let Some(board) = boards.board(0) {
            exchange::whole(&mut line, &question, Instant::now(), &board).await?;
        }
        if !line.is_open() {
            line = lines.open(0).await?;
        }
    }
    Ok(line)
}

/// Asks for a stream that stays silent after its text.
async fn silent_stream(
    connection: Option<Connection>,
    address: SocketAddr,
    request: &[u8],
    expected: &Expected,
) -> Result<Connection, Failure> {
    if let Some(mut connection) = connection {
        match exchange::until_done(&mut connection, request, expected).await {
            Ok(()) => return Ok(connection),
            // The server may have closed it in the meantime, as it had nothing to do.
            Err(Failure::Connection(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    let mut connection = Connection::open(address, true).await?;
    exchange::until_done(&mut connection, request, expected).await?;
    Ok(connection)
}

/// A connection that was used once, so that the server has all that it keeps for one.
async fn connect(address: SocketAddr, nothing: &[u8]) -> Result<Connection, Failure> {
    let mut connection = Connection::open(address, true).await?;
    connection.send(nothing).await?;
    connection.head().await?;
    while connection.body(|_| {}).await? {}
    if connection.is_open() { Ok(connection) } else { Err(ConnectionError::Closed.into()) }
}

/// Does the same with each connection, some at a time.
async fn each<F, Fut>(
    connections: Vec<Option<Connection>>,
    action: F,
) -> Result<Vec<Connection>, BenchError>
where
    F: Fn(Option<Connection>) -> Fut,
    Fut: Future<Output = Result<Connection, Failure>> + Send + 'static,
{
    let mut done = Vec::new();
    let mut tasks = JoinSet::new();
    for connection in connections {
        if tasks.len() >= AT_ONCE
            && let Some(task) = tasks.join_next().await
        {
            done.push(task??);
        }
        tasks.spawn(action(connection));
    }
    while let Some(task) = tasks.join_next().await {
        done.push(task??);
    }
    Ok(done)
}

/// Waits until the server has closed what it had open beyond `files`.
async fn wait_for_files(pid: u32, files: usize) -> Result<(), BenchError> {
    let start = Instant::now();
    while open_files(pid)? > files {
        if start.elapsed() > CLOSE_TIMEOUT {
            return Err(BenchError::NotClosed(CLOSE_TIMEOUT));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
