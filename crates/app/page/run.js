/** One stream of a conversation: what it has brought, and what is to become of it. */
export class Run {
  controller = new AbortController();
  /** Whether this page asked for the turn: then it answers its client tools. */
  started = false;
  /** Whether the stream is shown: a turn that may not exist is joined without a sign. */
  begun = false;
  /** Whether the server has taken up the turn. */
  accepted = false;
  /** Whether the turn has to wait for another one. */
  queued = false;
  /** Whether the turn is over on the server, because it has taken up a newer one. */
  over = false;
  /** Whether its events have ids, so that it can be joined again. */
  resumable = false;
  /** Whether the connection is missing. */
  lost = false;
  /** What the server says about Stop; undefined before it has. */
  allowCancel;
  /** The progress line, `{text, icon}`. */
  progress = null;
  /** Whether there was any output. */
  output = false;
  /** Whether an error was shown. */
  failed = false;
  /** The items that are not done. */
  open = new Set();
  /** The parts of messages that are not done, `<item id> <index>`. */
  parts = new Set();
  /** Whether an item came to its end before it was complete. */
  abrupt = false;
  /** The last item of the reply. */
  last = null;
  /** The message sent, as it stands in the thread: its id. */
  asked = null;
  /** The client tool that the reply waits for. */
  tool = null;
  /** A newer run that began when this one was not finished. */
  cutBy = null;
  /** Where the items end that this run adds, when a newer run has begun. */
  mark = null;
  /** What a request to stop has come to, as a promise: 'stopped', 'over', 'refused' or 'failed'. */
  stopping = null;
  /** Why this page has ended the stream, in a word for the reader. */
  note = null;
  /** Why a message was not accepted: `{message, retry}`. */
  refusal = null;

  /** `message` is the view of a message that the server has not confirmed, `text` its text; `again` repeats the request. */
  constructor({ message = null, text, again } = {}) {
    Object.assign(this, { message, text, again });
    /** Resolves when the server has taken up the turn, or when it never will. */
    this.settled = new Promise((resolve) => (this.settle = resolve));
    /** Resolves when the stream has ended. */
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  /** Whether the reply, as far as it has come, is not whole. */
  get unfinished() {
    return this.open.size > 0 || this.abrupt || !this.output;
  }

  /** Whether the stream, if it ends now, must have lost its connection. */
  get cut() {
    return this.open.size > 0 && !this.failed && !this.stopping && !this.over && !this.cutBy;
  }

  /** Whether the turn seems to have been ended by somebody else. */
  get endedElsewhere() {
    return this.unfinished && !this.failed && !this.stopping && !this.cutBy && !this.tool;
  }

  /** Takes note of an item that is in the making, or is done. */
  seen({ id, type, workflow }, done) {
    if (!done) return this.open.add(id);
    const parts = [...this.parts].filter((part) => part.startsWith(`${id} `));
    for (const part of parts) this.parts.delete(part);
    if (parts.length || (this.open.has(id) && type === 'workflow' && !workflow?.summary)) this.abrupt = true;
    this.open.delete(id);
  }

  /** Takes note of a change to an item. */
  updated(id, { type, content_index: index }) {
    if (type === 'assistant_message.content_part.added') this.parts.add(`${id} ${index}`);
    if (type === 'assistant_message.content_part.done') this.parts.delete(`${id} ${index}`);
  }

  /** Takes note of an item that was taken back. */
  removed(id) {
    if (this.open.delete(id)) this.abrupt = true;
  }

  /** Why the reply is not whole, if it is not, in a word for the reader; `stop` is what the request to stop has come to. */
  verdict(stop) {
    if (this.note) return this.note;
    if (stop === 'stopped' || stop === 'failed') return 'Stopped';
    return this.cutBy && this.unfinished ? 'Interrupted' : null;
  }
}
