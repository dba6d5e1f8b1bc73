//! Each line asks for one stream after the other.

use std::{sync::Arc, time::Instant};

use tokio::task::JoinSet;

use super::{Limit, Plan};
use crate::{
    BenchError,
    board::{Board, Boards},
    line::Line,
};

/// A line whose streams fail so often is given up.
const MAX_FAILURES: u32 = 10;

/// Has all lines ask for streams until the limit is reached.
pub(super) async fn load(
    plan: &Arc<Plan>,
    limit: Limit,
    lines: Vec<Option<Line>>,
    boards: &Boards,
) -> Result<Vec<Option<Line>>, BenchError> {
    let limit = Arc::new(limit);
    let mut tasks = JoinSet::new();
    for (number, line) in lines.into_iter().enumerate() {
        if let Some(board) = boards.board(number) {
            tasks.spawn(repeat(Arc::clone(plan), Arc::clone(&limit), number, line, board));
        }
    }
    let mut lines = Vec::new();
    while let Some(task) = tasks.join_next().await {
        lines.push(task?);
    }
    Ok(lines)
}

/// One line's share. A line that broke is opened anew.
async fn repeat(
    plan: Arc<Plan>,
    limit: Arc<Limit>,
    number: usize,
    mut line: Option<Line>,
    board: Arc<Board>,
) -> Option<Line> {
    let mut broken = 0;
    while broken < MAX_FAILURES && limit.take() {
        line = plan.stream(number, line, Instant::now(), &limit, &board).await;
        broken += u32::from(line.is_none());
    }
    line
}
