//! A client loads threads, as a whole or page by page.

use chatkit_protocol::{Order, Page, ThreadId, ThreadItem};
use serde_json::json;

use crate::{
    client::Client,
    pages::{Asked, all},
};

impl Client {
    pub(crate) async fn get(&mut self, thread: &ThreadId) {
        let key = self.key(thread);
        let before = self.world.before_page(&key);
        let params = json!({"thread_id": thread});
        let Some(answer) = self.json("threads.get_by_id", &params, &[200, 404]).await else {
            return;
        };
        let page = serde_json::from_value(answer["items"].clone()).unwrap();
        let asked = Asked { limit: 20, order: Order::Asc, after: None };
        self.world.check_page(&key, &before, &asked, &page);
    }

    pub(crate) async fn list(&mut self, thread: &ThreadId) {
        let key = self.key(thread);
        let items = self.world.with(|state| all(state, &self.world.disk, &key));
        let after = self.rng.pick_any(&items).map(|item| item.id().to_string());
        let asked = Asked {
            limit: *self.rng.pick(&[1, 2, 3, 20, 1000]),
            order: *self.rng.pick(&[Order::Asc, Order::Desc]),
            after: after.filter(|_| self.rng.one_in(2)),
        };
        self.page(thread, &asked).await;
    }

    /// Loads all pages one after the other.
    pub(crate) async fn walk(&mut self, thread: &ThreadId) {
        let order = *self.rng.pick(&[Order::Asc, Order::Desc]);
        let mut asked = Asked { limit: *self.rng.pick(&[1, 2, 7]), order, after: None };
        for _ in 0..200 {
            let Some(page) = self.page(thread, &asked).await.filter(|page| page.has_more) else {
                return;
            };
            asked.after = page.data.last().map(|item| item.id().to_string());
        }
    }

    async fn page(&mut self, thread: &ThreadId, asked: &Asked) -> Option<Page<ThreadItem>> {
        let key = self.key(thread);
        let before = self.world.before_page(&key);
        let order = if asked.order == Order::Asc { "asc" } else { "desc" };
        let params = json!({"thread_id": thread, "limit": asked.limit, "order": order, "after": asked.after});
        let answer = self.json("items.list", &params, &[200, 404]).await?;
        let page = serde_json::from_value(answer).unwrap();
        self.world.check_page(&key, &before, asked, &page);
        Some(page)
    }
}
