/** One conversation: its thread, the turns that are running, and what the user may do about both. */
import { call } from './api.js';
import { createView } from './items.js';
import { LOST, follow } from './resume.js';
import { Run } from './run.js';
import { useTool } from './tools.js';
import { Transcript } from './transcript.js';

const FALLBACKS = { 'stream.error': 'Something went wrong while writing this reply.' };
/** How long a stream may take to end after its turn has ended on the server. */
const GRACE_MS = 2000;
/** How long the server may take to answer a request to stop. */
const STOP_MS = 10_000;

/** `host` is the page around the conversation (see app.js). */
export class Chat {
  thread = null;
  /** True from the user's wish to stop until the reply has ended. */
  stopping = false;
  /** True if the thread is to be read anew when nothing is running. */
  behind = false;
  /** The streams that have not ended (run.js), in the order they began. */
  #runs = [];
  #begun = 0;
  #joining = null;
  #left = false;

  constructor(host, id) {
    this.host = host;
    this.id = id;
    this.page = new Transcript(this, host);
  }

  /** The stream of the newest turn that is not over, or null. */
  get running() {
    return this.#runs.findLast((run) => !run.over) ?? null;
  }

  /** Whether all streams have ended, those of turns that are over included. */
  get idle() {
    return !this.#runs.length;
  }

  /** Whether the user may stop what is running. */
  get stoppable() {
    return this.#runs.some((run) => !run.over && run.allowCancel);
  }

  get imageDomains() {
    return this.thread?.allowed_image_domains;
  }

  /** Why the thread takes no messages, or null if it does. */
  get blocked() {
    const { type, reason } = this.thread?.status ?? {};
    return type === 'locked' || type === 'closed' ? reason || `This chat is ${type}.` : null;
  }

  /** The text that the thread begins with. */
  get firstWords() {
    const views = [...this.page.shown, ...this.#runs.map((run) => run.message)];
    const user = views.find((view) => view?.item.type === 'user_message');
    return user?.item.content?.map((part) => part.text).join(' ');
  }

  /**
   * Reads the thread, shows what has changed, and joins the turn that is running on the server. `expected` is the last
   * item, as JSON, for which the thread is read once more.
   */
  async refresh(expected) {
    const begun = this.#begun;
    this.behind = false;
    const { items: page, ...thread } = await call('threads.get_by_id', { thread_id: this.id });
    const items = new Map((page?.data ?? []).map((item) => [item.id, item]));
    for (let more = page?.has_more; more;) {
      const next = await call('items.list', { thread_id: this.id, limit: 1000, order: 'asc', after: [...items.keys()].at(-1) });
      const before = items.size;
      for (const item of next.data) items.set(item.id, item);
      more = next.has_more && items.size > before;
    }
    if (this.#runs.length) {
      this.behind = true;
      return;
    }
    if (this.#begun !== begun) return this.refresh();
    const last = JSON.stringify([...items.values()].at(-1));
    this.#seen(thread);
    this.page.showAll(items);
    this.page.showBar();
    this.host.changed(this);
    if (!this.#left) this.#join(last, expected);
  }

  /** The user has gone to another conversation. */
  leave() {
    this.#left = !this.running;
    if (this.#left) this.#joining?.abort();
  }

  /** Sends a message; what becomes of a reply that is running is the server's decision. */
  send(text) {
    const input = { content: [{ type: 'input_text', text }], attachments: [], inference_options: {} };
    const message = createView({ type: 'user_message', content: input.content }, this);
    message.node.classList.add('unconfirmed');
    return this.#start(
      new Run({ message, text, again: () => this.retry() }),
      () => (this.id ? ['threads.add_user_message', { thread_id: this.id, input }] : ['threads.create', { input }]),
      () => this.page.place(message.node),
    );
  }

  /** Has the server stop what is running, if it allows that. */
  async stop() {
    if (!this.stoppable || this.stopping) return;
    const runs = this.#runs.filter((run) => !run.over && (run.accepted || !run.queued));
    const asked = this.#askToStop();
    for (const run of runs) run.stopping = asked;
    this.stopping = true;
    this.host.changed(this);
    const answer = await asked;
    if (answer === 'stopped' || answer === 'over') {
      await Promise.race([Promise.all(runs.map((run) => run.ended)), new Promise((resolve) => setTimeout(resolve, GRACE_MS))]);
    }
    for (const run of runs) {
      if (answer === 'refused') run.stopping = null;
      else if (answer === 'failed') run.controller.abort();
      else this.#giveUp(run);
    }
    this.stopping = false;
    this.host.changed(this);
  }

  async #askToStop() {
    try {
      const { stopped } = await call('threads.stop', { thread_id: this.id }, AbortSignal.timeout(STOP_MS));
      return stopped ? 'stopped' : 'over';
    } catch (error) {
      if (error.status === 404) return 'over';
      const refused = error.status === 409;
      this.host.toast(refused ? error.message : 'The server could not be told to stop: it may go on with this reply.');
      return refused ? 'refused' : 'failed';
    }
  }

  /** Ends a stream whose turn is over; what it still had to bring is in the thread. */
  #giveUp(run) {
    if (!this.#runs.includes(run)) return;
    this.behind = true;
    run.controller.abort();
  }

  /** Ends all streams on this page. `note` says to the reader why the reply is not whole. */
  abort(note) {
    this.#joining?.abort();
    for (const run of this.#runs) {
      run.note = note;
      run.controller.abort();
    }
  }

  /** Asks for a new reply to the last user message. */
  async retry() {
    const user = this.page.shown.findLast((view) => view.item.type === 'user_message');
    if (!user) return;
    // What they still bring is to be deleted.
    for (const run of this.#runs) run.controller.abort();
    const { id } = user.item;
    await this.#start(
      new Run({ again: () => this.retry() }),
      () => ['threads.retry_after_item', { thread_id: this.id, item_id: id }],
      () => this.page.removeAfter(id),
    );
  }

  /** Runs a widget's action: on this page, as one request, or as a stream. */
  async act(item, config, values, trigger, widget) {
    const { type, handler, loadingBehavior, streaming } = config ?? {};
    if (!type) return;
    if (handler === 'client') return this.host.toast(`Client action: ${type}`);
    const payload = Object.keys(values).length ? { ...config.payload, ...values } : config.payload;
    const params = { thread_id: this.id, item_id: item.id, action: { type, payload } };
    const busy = loadingBehavior === 'none' ? null : loadingBehavior === 'container' ? widget : trigger;
    if (busy) busy.inert = true;
    if (streaming === false) {
      const { updated_item: updated } = await call('threads.sync_custom_action', params).catch((error) => {
        this.host.toast(error.message);
        return {};
      });
      if (updated) this.page.put(updated, { done: true });
    } else {
      const again = () => this.act(item, config, values, trigger, widget);
      await this.#start(new Run({ again }), () => ['threads.custom_action', params]);
    }
    if (busy) busy.inert = false;
    if (document.activeElement === document.body) trigger.focus();
  }

  submitInput(item, input) {
    const run = new Run({ again: () => this.submitInput(item, input) });
    return this.#start(run, () => ['threads.add_structured_input', { thread_id: this.id, item_id: item.id, input }]);
  }

  /** Runs a client tool and sends what it returns. */
  async runTool(tool) {
    const output = await useTool(tool, this.host);
    this.#sendResult({ ...tool, stale: true, status: 'completed', output });
  }

  #sendResult(tool) {
    return this.#start(
      new Run({ again: () => this.#sendResult(tool) }),
      () => ['threads.add_client_tool_output', { thread_id: this.id, result: tool.output }],
      () => this.page.put(tool, { done: true }),
    );
  }

  /** Runs a streaming operation to its end. What is running goes on until the server decides otherwise. */
  async #start(run, request, prepare) {
    run.started = true;
    const before = this.#runs.at(-1);
    this.#begin(run, prepare);
    this.host.refocus();
    // Until the server has named a new thread, nothing can be added to it.
    if (!this.id) await before?.settled;
    await this.#follow(run, request());
  }

  /** Joins the turn that is running on the server, if there is one. `last` is the last item that was read, as JSON. */
  async #join(last, expected) {
    this.#joining?.abort();
    const run = new Run({ again: () => this.host.load(this) });
    const { signal } = (this.#joining = run.controller);
    await this.#follow(run, ['threads.attach', { thread_id: this.id }]);
    if (run.begun || signal.aborted) return;
    // The turn may have ended after its unfinished item was read.
    const page = await call('items.list', { thread_id: this.id, limit: 1, order: 'desc' }, signal).catch(() => null);
    const found = page && JSON.stringify(page.data[0]);
    if (page && found !== last && found !== expected) this.refresh(found).catch(() => {});
  }

  #begin(run, prepare) {
    if (this.#joining !== run.controller) this.#joining?.abort();
    this.#joining = null;
    for (const earlier of this.#runs) {
      earlier.mark ??= this.page.mark();
      if (earlier.unfinished) earlier.cutBy = run;
    }
    run.begun = true;
    this.#runs.push(run);
    this.#begun += 1;
    this.page.removeErrors();
    prepare?.();
    this.page.showStatus(this.running);
    this.page.showBar();
    this.host.changed(this);
  }

  async #follow(run, request) {
    const { signal } = run.controller;
    let outcome = null;
    let gone = false;
    try {
      gone = await follow(request, {
        signal,
        threadId: () => this.id,
        unfinished: () => run.cut,
        onEvent: (event, id) => {
          run.resumable ||= id !== '';
          if (!run.begun) this.#begin(run);
          this.#event(event, run);
        },
        onLost: (on) => {
          run.lost = on;
          this.page.showStatus(this.running);
        },
      });
    } catch (error) {
      outcome = error;
    }
    if (signal.aborted) outcome = 'aborted';
    if (run.begun) await this.#end(run, outcome, gone);
    run.settle();
    run.end();
  }

  /** A stream has ended: by itself (`outcome` is null), 'aborted', or by an error. `gone`: its turn ended unseen. */
  async #end(run, outcome, gone) {
    const note = run.verdict(run.stopping && (await run.stopping));
    this.#runs = this.#runs.filter((each) => each !== run);
    for (const id of run.open) this.page.stop(id, outcome instanceof Error && !note && 'Interrupted');
    // A message that the server has taken back takes its note along.
    const taken = run.asked && !this.page.has(run.asked);
    if (note && this.page.has(run.last)) this.page.stop(run.last, note);
    else if (note && !taken) this.page.note(note, run.mark);
    run.mark?.remove();
    this.#settle(run, outcome);
    this.page.showStatus(this.running);
    this.page.showBar();
    this.host.finished(this, run.started);

    if (run.tool && !outcome && !this.running) return queueMicrotask(() => this.runTool(run.tool));
    this.behind ||= gone || (!outcome && run.endedElsewhere);
    if (this.#runs.length || !(this.behind || this.page.undecided)) return;
    await this.host.load(this);
    const last = this.page.shown.at(-1)?.item;
    const waits = last?.type === 'client_tool_call' && last.status === 'pending';
    if (gone && run.started && waits && !this.running) this.runTool(last);
  }

  /** Says what has failed; a message that did not arrive goes back to the host. */
  #settle(run, outcome) {
    const { refusal } = run;
    const missing = run.message && !refusal && outcome !== 'aborted';
    const broken = outcome instanceof Error ? outcome : missing ? LOST : null;
    if (run.message && (refusal || broken)) {
      run.message.node.remove();
      this.host.unsent(this, run.text);
      this.page.fail(
        refusal ? `Your message was not sent: ${refusal.message}` : `${broken.message} Your message was not sent.`,
        (refusal?.retry ?? true) && (() => this.host.resend(this, run.text)),
      );
    } else if (broken && !broken.final && run.resumable) {
      // The turn has gone on without its reader.
      this.page.fail(broken.message, () => this.host.load(this), { passing: true });
    } else if (broken) {
      this.page.fail(broken.message, broken.final ? null : run.again);
    }
  }

  #event(event, run) {
    this.#show(event, run);
    if (run.accepted || event.type === 'error') return;
    if (event.type === 'progress_update') run.queued = true;
    else this.#accept(run);
  }

  /** The server has taken up a turn: those before it are over. */
  #accept(run) {
    run.accepted = true;
    run.settle();
    for (const earlier of this.#runs.slice(0, this.#runs.indexOf(run))) {
      earlier.over = true;
      setTimeout(() => this.#giveUp(earlier), GRACE_MS);
    }
    if (run.queued) run.progress = null;
    this.page.showStatus(this.running);
    if (run.started) this.host.started(this);
  }

  #show(event, run) {
    const { mark } = run;
    switch (event.type) {
      case 'thread.created':
      case 'thread.updated':
        return this.#seen(event.thread);
      case 'thread.item.added':
      case 'thread.item.done':
      case 'thread.item.replaced':
        return this.#showItem(event.item, event.type !== 'thread.item.added', run);
      case 'thread.item.updated':
        this.#output(run);
        run.updated(event.item_id, event.update);
        return this.page.update(event.item_id, event.update);
      case 'thread.item.removed':
        for (const each of this.#runs) each.removed(event.item_id);
        return this.page.remove(event.item_id);
      case 'stream_options':
        run.allowCancel = !!event.stream_options?.allow_cancel;
        return this.host.changed(this);
      case 'progress_update':
        run.progress = event;
        return this.page.showStatus(this.running);
      case 'client_effect':
        return this.page.effect(event, mark);
      case 'notice':
        return this.page.notice(event, mark);
      case 'error': {
        const message = event.message || FALLBACKS[event.code] || 'The reply failed.';
        run.failed = true;
        if (run.message) {
          run.refusal = { message, retry: !!event.allow_retry };
          return;
        }
        this.#output(run);
        return this.page.fail(message, event.allow_retry && (() => this.retry()), { mark });
      }
    }
  }

  #showItem(item, done, run) {
    const waits = done && item.type === 'client_tool_call' && item.status === 'pending';
    // The page that asked for a turn runs its tools; on another one the user may do so.
    if (waits && !run.started) item.stale = true;
    const sent = item.type === 'user_message' && run.message;
    if (!this.page.put(item, { done, again: !run.started, message: sent, mark: run.mark })) return;
    run.seen(item, done);
    if (item.type === 'user_message') {
      run.message = null;
      run.asked = item.id;
    } else {
      this.#output(run);
      run.last = item.id;
      if (waits && run.started) run.tool = item;
    }
  }

  #seen({ items, ...thread }) {
    this.thread = thread;
    this.id = thread.id;
    this.host.seen(this);
  }

  #output(run) {
    if (run.output) return;
    run.output = true;
    run.progress = null;
    this.page.showStatus(this.running);
  }
}
