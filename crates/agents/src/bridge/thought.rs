//! A model's thoughts as tasks of a workflow, with bounded bytes on the wire.

use chatkit_server::protocol::{Task, ThoughtTask, ThreadStreamEvent, WorkflowKind};

use super::workflow::Workflows;

/// What the fields around a task's text weigh on the wire, in bytes, about.
const FRAME: usize = 200;

/// Bytes that may be spent on top of a short text's own: short thoughts are shown word by word.
const SLACK: usize = 2048;

/// Bytes that stay unspent of a long text's budget, for the workflow around the thoughts.
const MARGIN: usize = 768;

/// The thoughts of one response.
///
/// The protocol knows no delta for a task: each update carries the whole text. So a growing thought
/// is told of ever more seldom, by a budget that keeps all updates together below twice the text;
/// the finished workflow, which has the text once more, makes it three times. A final update that
/// the budget does not allow is left to the finished workflow.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    /// The thought that grows on the screen.
    growing: Option<Growing>,
    /// Bytes of all thoughts so far.
    text: usize,
    /// The same as they stand in JSON.
    escaped: usize,
    /// Bytes of all updates so far.
    spent: usize,
}

#[derive(Debug)]
struct Growing {
    item: usize,
    part: usize,
    task: usize,
    /// Bytes of the thought as they stand in JSON.
    escaped: usize,
}

impl Thoughts {
    /// A piece of a thought. Only the first thought of a reasoning workflow grows on the screen;
    /// others are shown when they are complete, as in the reference.
    pub(super) fn delta(
        &mut self,
        workflows: &mut Workflows,
        item: usize,
        part: usize,
        delta: &str,
    ) -> Option<ThreadStreamEvent> {
        let escaped = escaped(delta);
        self.text += delta.len();
        self.escaped += escaped;
        if let Some(growing) = self.growing.as_mut().filter(|growing| growing.is(item, part)) {
            growing.escaped += escaped;
            let (task, cost) = (growing.task, growing.escaped + FRAME);
            workflows
                .change_task(task, |task| {
                    if let Task::Thought(thought) = task {
                        thought.content.push_str(delta);
                    }
                })
                .ok()?;
            // A quarter is kept for the end.
            if self.spent + cost > self.budget() / 4 * 3 {
                return None;
            }
            self.spent += cost;
            return workflows.task_updated(task);
        }
        let first = workflows.kind() == Some(WorkflowKind::Reasoning)
            && !workflows.tasks().iter().any(|task| matches!(task, Task::Thought(_)));
        if !first {
            return None;
        }
        let (task, event) = workflows.add_task(thought(delta.to_owned()))?;
        self.growing = Some(Growing { item, part, task, escaped });
        self.spent += escaped + FRAME;
        Some(event)
    }

    /// A thought is complete.
    pub(super) fn done(
        &mut self,
        workflows: &mut Workflows,
        item: usize,
        part: usize,
        text: String,
    ) -> Option<ThreadStreamEvent> {
        let Some(growing) = self.growing.take_if(|growing| growing.is(item, part)) else {
            self.spent += escaped(&text) + FRAME;
            return Some(workflows.add_task(thought(text))?.1);
        };
        let cost = escaped(&text) + FRAME;
        workflows.change_task(growing.task, |task| *task = thought(text)).ok()?;
        if self.spent + cost > self.budget() {
            return None;
        }
        self.spent += cost;
        workflows.task_updated(growing.task)
    }

    /// What all updates together may cost: with the finished workflow, three times the text.
    fn budget(&self) -> usize {
        let long = self.text * 3 - self.escaped.min(self.text * 3);
        long.saturating_sub(MARGIN).max(self.text + SLACK)
    }

    /// The workflow is over, or another one open: nothing grows any more.
    pub(super) fn forget(&mut self) {
        self.growing = None;
    }
}

impl Growing {
    fn is(&self, item: usize, part: usize) -> bool {
        self.item == item && self.part == part
    }
}

/// The bytes of a text in JSON.
fn escaped(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0x00..0x20 => 6,
            _ => 1,
        })
        .sum()
}

fn thought(content: String) -> Task {
    Task::Thought(ThoughtTask { content, ..ThoughtTask::default() })
}
