//! The model's provider of a test that is not async itself.

use chatkit_testkit::provider::{Answer, FakeProvider, Request, chat, responses};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

use crate::common::LONG;

/// A provider on a thread of its own.
pub(crate) struct Provider {
    // Dropped before what it runs on.
    provider: FakeProvider,
    runtime: Runtime,
}

impl Provider {
    pub(crate) fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let provider = runtime.block_on(FakeProvider::start());
        Self { provider, runtime }
    }

    /// A provider whose model answers with these texts in turn, by the Responses API.
    pub(crate) fn saying(texts: &[&str]) -> Self {
        let provider = Self::start();
        for text in texts {
            provider.answer(says(text));
        }
        provider
    }

    pub(crate) fn url(&self) -> String {
        self.provider.url()
    }

    pub(crate) fn answer(&self, answer: Answer) {
        self.provider.answer(answer);
    }

    pub(crate) fn answer_always(&self, answer: Answer) {
        self.provider.answer_always(answer);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.provider.requests()
    }

    /// Waits for the request of this number, counted from one.
    pub(crate) fn request(&self, number: usize) -> Request {
        let request = async { timeout(LONG, self.provider.request(number)).await };
        self.runtime.block_on(request).expect("the model is asked").unwrap()
    }

    /// Waits until the server has closed a connection before its answer was complete.
    pub(crate) fn closed(&self) {
        let closed = async { timeout(LONG, self.provider.closed()).await };
        self.runtime.block_on(closed).expect("the server closes the connection");
    }
}

/// An answer of the Responses API with a text.
pub(crate) fn says(text: &str) -> Answer {
    Answer::events(responses::text(text))
}

/// An answer of the Chat Completions API with a text.
pub(crate) fn chats(text: &str) -> Answer {
    Answer::events(chat::text(text)).with_done_marker()
}

/// An answer of the Responses API that says a text and then nothing more, without an end.
pub(crate) fn says_and_waits(text: &str) -> Answer {
    let deltas = text.split_inclusive(' ').count();
    // Before the deltas: the response is created, an item and a part are added.
    says(&format!("{text}never said")).stall_after(3 + deltas)
}
