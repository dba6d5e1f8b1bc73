//! When the connection for a request was there.

use std::{cell::Cell, future::Future, time::Instant};

tokio::task_local! {
    /// When a connection was made for the request that the task sends.
    static MADE_AT: Cell<Option<Instant>>;
}

/// Sends a request, and says when the connection was there that was made for it: name resolution,
/// TCP, a proxy's tunnel and TLS are over then. None if a connection was kept from before.
pub(crate) async fn timed<T>(sending: impl Future<Output = T>) -> (T, Option<Instant>) {
    let sending = async {
        let sent = sending.await;
        (sent, MADE_AT.with(Cell::get))
    };
    MADE_AT.scope(Cell::new(None), sending).await
}

/// Makes a connection and notes when it was there, for the request that waits for it. One that is
/// not waited for any more, since another became free, is noted for nobody.
pub(crate) async fn noted<T, E>(connecting: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let connection = connecting.await?;
    let _ = MADE_AT.try_with(|at| at.set(Some(Instant::now())));
    Ok(connection)
}
