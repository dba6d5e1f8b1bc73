//! Pages by key: a page starts behind a known row, so that its cost does not depend on how far down
//! the list it is.

use chatkit_protocol::{Order, Page};
use chatkit_server::{PageRequest, RecordKind};
use rusqlite::{Connection, Params};
use serde::de::DeserializeOwned;

use crate::{codec, error::Failure};

/// Where a page starts and how many rows to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The key that the first row lies beyond, in the direction of the page.
    pub(crate) beyond: i64,
    /// One more than the page holds, to see whether another page follows.
    pub(crate) rows: i64,
}

impl Cut {
    pub(crate) fn new(request: &PageRequest, after: Option<i64>) -> Self {
        let start = match request.order {
            Order::Asc => i64::MIN,
            Order::Desc => i64::MAX,
        };
        let rows = i64::try_from(limit(request)).unwrap_or(i64::MAX).saturating_add(1);
        Self { beyond: after.unwrap_or(start), rows }
    }
}

fn limit(request: &PageRequest) -> usize {
    request.limit.max(1)
}

/// Reads a page with a query for `id, body`.
pub(crate) fn read<T: DeserializeOwned>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    request: &PageRequest,
    kind: RecordKind,
) -> Result<Page<T>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut page = Page::default();
    let mut last = None;
    while let Some(row) = rows.next()? {
        if page.data.len() == limit(request) {
            page.has_more = true;
            page.after = last;
            break;
        }
        let id = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let body = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        page.data.push(codec::decode(kind, id, body)?);
        last = Some(id.to_owned());
    }
    Ok(page)
}
