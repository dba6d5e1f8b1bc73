//! Panics as lines of the log.

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    panic,
};

/// Has each panic logged as one line, which tells whose request or turn it was. The standard library
/// would write several in a form of its own, and wait for whoever reads standard error.
pub(super) fn log() {
    panic::set_hook(Box::new(|panicked| {
        let backtrace = Backtrace::capture();
        let is_wanted = backtrace.status() == BacktraceStatus::Captured;
        tracing::error!(
            panic = said(panicked.payload()),
            at = panicked.location().map(tracing::field::display),
            backtrace = is_wanted.then(|| tracing::field::display(backtrace)),
            "the code panicked"
        );
    }));
}

fn said(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "it is what is tested")]

    use std::panic::{self, AssertUnwindSafe};

    use chatkit_testkit::spans::Recorder;

    #[test]
    fn a_panic_is_a_line_of_its_turn() {
        let hook = panic::take_hook();
        super::log();
        let recorder = Recorder::start();
        let turn = tracing::info_span!("run");
        for text in ["as it is", "made of 2"] {
            let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
                turn.in_scope(|| match text {
                    "as it is" => panic!("as it is"),
                    _ => panic!("made of {}", text.len() - 7),
                });
            }));
            assert!(panicked.is_err());
        }
        panic::set_hook(hook);
        let events = recorder.events();
        let said: Vec<_> = events.iter().map(|event| event.fields["panic"].as_str()).collect();
        assert_eq!(said, ["as it is", "made of 2"]);
        assert!(events[0].fields["at"].contains("panics.rs:"), "{events:?}");
        assert_eq!(
            (&*events[0].fields["message"], &*events[0].within),
            ("the code panicked", &["run".to_owned()][..])
        );
    }
}
