//! Ways to let others go first.

use std::{future::poll_fn, task::Poll, time::Duration};

use crate::model::Ms;

/// Goes to the end of the runtime's queue some times.
pub(crate) async fn let_others(times: u64) {
    let mut left = times;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Lets time pass.
pub(crate) async fn sleep(millis: Ms) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
