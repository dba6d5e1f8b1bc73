/** One conversation: its items, the stream that is running, and what the user may do about both. */
import { call, stream } from './api.js';
import { copyButton, h, icon, iconButton } from './dom.js';
import { createView } from './items.js';
import { Markdown } from './markdown.js';

const FALLBACKS = { 'stream.error': 'Something went wrong while writing this reply.' };

/** The client tools this page offers; what a tool returns goes back to the server. */
const TOOLS = {
  get_time: () => ({ time: new Date().toISOString(), time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone }),
  get_page_title: () => ({ title: document.title }),
  confirm: async ({ title, message }, host) => ({
    confirmed: (await host.ask({ title: title ?? 'Please confirm', text: message ?? 'Go on?', ok: 'Yes' })) !== null,
  }),
};

/** `host` is the page around the conversation (see app.js). */
export class Chat {
  thread = null;
  /** The running stream: `{controller, allowCancel, ended, open, output, tool, note}`, or null. */
  running = null;
  #views = new Map();
  #notes = new Map();
  #unconfirmed = null;

  constructor(host, id) {
    this.host = host;
    this.id = id;
    this.log = h('div.log', { role: 'log', 'aria-label': 'Messages' });
    this.status = h('div', { role: 'status' });
    this.bar = h('div.bar');
    this.node = h('div.chat', null, this.log, this.status, this.bar);
  }

  get imageDomains() {
    return this.thread?.allowed_image_domains;
  }

  /** Why the thread takes no messages, or null if it does. */
  get blocked() {
    const { type, reason } = this.thread?.status ?? {};
    return type === 'locked' || type === 'closed' ? reason || `This chat is ${type}.` : null;
  }

  /** True if the last item is a message that has no reply. */
  get unanswered() {
    return [...this.#views.values()].at(-1)?.item.type === 'user_message';
  }

  /** The text that the thread begins with. */
  get firstWords() {
    const user = [...this.#views.values()].find((view) => view.item.type === 'user_message') ?? this.#unconfirmed;
    return user?.item.content?.map((part) => part.text).join(' ');
  }

  /** Reads the thread and shows what has changed. */
  async refresh() {
    const { items: page, ...thread } = await call('threads.get_by_id', { thread_id: this.id });
    const items = new Map((page?.data ?? []).map((item) => [item.id, item]));
    for (let more = page?.has_more; more;) {
      const next = await call('items.list', { thread_id: this.id, limit: 1000, order: 'asc', after: [...items.keys()].at(-1) });
      const before = items.size;
      for (const item of next.data) items.set(item.id, item);
      more = next.has_more && items.size > before;
    }
    if (this.running) return;
    this.#seen(thread);
    this.log.ariaLive = 'off';
    for (const id of [...this.#views.keys()]) if (!items.has(id)) this.#remove(id);
    for (const node of this.log.querySelectorAll('.unconfirmed')) node.remove();
    const views = new Map();
    let last = null;
    for (const item of items.values()) {
      // A tool that was waiting when the page was left runs again only if the user asks for it.
      if (item.type === 'client_tool_call') item.stale = true;
      if (JSON.stringify(item) !== JSON.stringify(this.#views.get(item.id)?.item)) this.#put(item, true);
      const view = this.#views.get(item.id);
      if (!view) continue;
      if (this.#notes.has(item.id)) view.stop(this.#notes.get(item.id));
      if (last && last.compareDocumentPosition(view.node) & Node.DOCUMENT_POSITION_PRECEDING) last.after(view.node);
      last = view.node;
      views.set(item.id, view);
    }
    this.#views = views;
    setTimeout(() => (this.log.ariaLive = null), 500);
    this.#showBar();
    this.host.changed(this);
  }

  /** Sends a message, ending the reply that is running. A message that did not arrive goes back to the host. */
  async send(text) {
    const input = { content: [{ type: 'input_text', text }], attachments: [], inference_options: {} };
    const request = () => (this.id ? ['threads.add_user_message', { thread_id: this.id, input }] : ['threads.create', { input }]);
    const outcome = await this.#run(request, () => {
      this.#unconfirmed = createView({ type: 'user_message', content: input.content }, this);
      this.#unconfirmed.node.classList.add('unconfirmed');
      this.log.append(this.#unconfirmed.node);
    });
    const lost = this.#unconfirmed;
    this.#unconfirmed = null;
    if (!lost || !(outcome instanceof Error)) {
      this.#broken(outcome, () => this.retry());
      // An earlier message was interrupted before the server had confirmed it: only the server knows whether it counts.
      if (!lost && this.log.querySelector('.unconfirmed')) this.refresh().catch(() => {});
      return;
    }
    lost.node.remove();
    this.host.unsent(this, text);
    this.#fail(`${outcome.message} Your message was not sent.`, () => this.host.resend(this, text));
  }

  /** Stops the running reply, if the server allows it. */
  stop() {
    if (this.running?.allowCancel) this.abort('Stopped');
  }

  /** Ends the stream; returns when it has ended. `note` says to the reader why the reply is not whole. */
  async abort(note) {
    if (!this.running) return;
    this.running.note = note;
    this.running.controller.abort();
    await this.running.ended;
  }

  /** Asks for a new reply to the last user message. */
  async retry() {
    const user = [...this.#views.values()].findLast((view) => view.item.type === 'user_message');
    if (!user) return;
    const outcome = await this.#run(
      () => ['threads.retry_after_item', { thread_id: this.id, item_id: user.item.id }],
      () => {
        const ids = [...this.#views.keys()];
        for (const id of ids.slice(ids.indexOf(user.item.id) + 1)) this.#remove(id);
        while (this.log.lastChild !== user.node) this.log.lastChild.remove();
      },
    );
    this.#broken(outcome, () => this.retry());
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
      if (updated) this.#put(updated, true);
    } else {
      const outcome = await this.#run(() => ['threads.custom_action', params]);
      this.#broken(outcome, () => this.act(item, config, values, trigger, widget));
    }
    if (busy) busy.inert = false;
    if (document.activeElement === document.body) trigger.focus();
  }

  async submitInput(item, input) {
    const outcome = await this.#run(() => ['threads.add_structured_input', { thread_id: this.id, item_id: item.id, input }]);
    this.#broken(outcome, () => this.submitInput(item, input));
  }

  /** Runs a client tool and sends what it returns. */
  async runTool(tool) {
    let result;
    try {
      if (!Object.hasOwn(TOOLS, tool.name)) throw new Error(`this page has no tool named ${tool.name}`);
      result = await TOOLS[tool.name](tool.arguments ?? {}, this.host);
    } catch (error) {
      result = { error: error.message };
    }
    this.#sendResult({ ...tool, stale: true, status: 'completed', output: result });
  }

  async #sendResult(tool) {
    const outcome = await this.#run(
      () => ['threads.add_client_tool_output', { thread_id: this.id, result: tool.output }],
      () => this.#put(tool, true),
    );
    this.#broken(outcome, () => this.#sendResult(tool));
  }

  /** Runs a streaming operation. Returns null if the stream ended by itself, 'aborted', or the error that broke it. */
  async #run(request, prepare) {
    while (this.running) await this.abort('Interrupted');
    let resolve;
    const running = { controller: new AbortController(), open: new Set(), ended: new Promise((done) => (resolve = done)) };
    const { signal } = running.controller;
    this.running = running;
    prepare?.();
    for (const row of this.log.querySelectorAll('.error')) row.remove();
    this.bar.replaceChildren();
    this.status.replaceChildren(
      h('span.dots', null, h('i'), h('i'), h('i')),
      h('span.visually-hidden', null, 'Waiting for the reply'),
    );
    this.host.changed(this);
    this.host.refocus();

    let outcome = null;
    try {
      await stream(...request(), signal, (event) => this.#event(event, running));
    } catch (error) {
      outcome = error;
    }
    if (signal.aborted) outcome = 'aborted';

    this.#progress('');
    const note = running.note ?? 'Interrupted';
    for (const id of running.open) {
      if (outcome) this.#notes.set(id, note);
      this.#views.get(id)?.stop(outcome && note);
    }
    if (outcome === 'aborted' && !running.output) this.log.append(h('p.stopped', null, icon('stop'), note));
    this.running = null;
    resolve();
    this.#showBar();
    this.host.finished(this);
    if (!outcome && running.tool) queueMicrotask(() => this.runTool(running.tool));
    return outcome;
  }

  #broken(outcome, again) {
    if (outcome instanceof Error) this.#fail(outcome.message, outcome.final ? null : again);
  }

  #event(event, running) {
    switch (event.type) {
      case 'thread.created':
      case 'thread.updated':
        return this.#seen(event.thread);
      case 'thread.item.added':
      case 'thread.item.done':
      case 'thread.item.replaced': {
        const { item } = event;
        const done = event.type !== 'thread.item.added';
        if (!this.#put(item, done)) return;
        if (item.type !== 'user_message') this.#output(running);
        running.open[done ? 'delete' : 'add'](item.id);
        if (done && item.type === 'client_tool_call' && item.status === 'pending') running.tool = item;
        return;
      }
      case 'thread.item.updated':
        this.#output(running);
        return this.#views.get(event.item_id)?.apply(event.update);
      case 'thread.item.removed':
        running.open.delete(event.item_id);
        return this.#remove(event.item_id);
      case 'stream_options':
        running.allowCancel = !!event.stream_options?.allow_cancel;
        return this.host.changed(this);
      case 'progress_update':
        return this.#progress(event.text, event.icon);
      case 'client_effect':
        return this.log.append(
          h('p.effect', { title: JSON.stringify(event.data) }, icon('bolt'), 'effect ', h('code', null, event.name)),
        );
      case 'notice':
        return this.#banner(
          event.level,
          [event.title && h('strong', null, event.title), new Markdown(event.message).node],
          iconButton('close', 'Dismiss', ({ currentTarget }) => {
            currentTarget.parentNode.remove();
            this.host.refocus();
          }),
        );
      case 'error':
        this.#output(running);
        return this.#fail(
          event.message || FALLBACKS[event.code] || 'The reply failed.',
          event.allow_retry && (() => this.retry()),
        );
    }
  }

  #seen({ items, ...thread }) {
    this.thread = thread;
    this.id = thread.id;
    this.host.seen(this);
  }

  #output(running) {
    if (!running.output) this.#progress('');
    running.output = true;
  }

  /** Shows an item, a known one in its place. Returns false for items that show nothing. */
  #put(item, done) {
    let view = this.#views.get(item?.id);
    if (view?.item.type === item?.type) {
      view?.set(item);
    } else {
      const old = view?.node ?? (item.type === 'user_message' && this.#unconfirmed?.node);
      view = createView(item, this);
      if (!view) return false;
      if (done) view.set(item);
      if (old) old.replaceWith(view.node);
      else this.log.append(view.node);
      if (item.type === 'user_message') this.#unconfirmed = null;
      this.#views.set(item.id, view);
    }
    view?.busy(!done);
    return !!view;
  }

  #remove(id) {
    this.#views.get(id)?.node.remove();
    this.#views.delete(id);
  }

  #progress(text, name = 'dot') {
    this.status.replaceChildren(...(text ? [h('p.progress', null, icon(name), text)] : []));
  }

  #fail(message, again) {
    const button =
      again &&
      h(
        'button.button',
        {
          type: 'button',
          onclick: () => {
            button.parentNode.remove();
            again();
          },
        },
        icon('reload'),
        'Retry',
      );
    this.#banner('danger', [message], button).classList.add('error');
    this.#showBar();
  }

  #banner(level, content, button) {
    const row = h(
      `div.banner.${level}`,
      { role: level === 'danger' ? 'alert' : 'note' },
      icon(level === 'info' ? 'info' : 'warning'),
      h('div', null, content),
      button,
    );
    this.log.append(row);
    return row;
  }

  /** Shows the buttons under the last turn. */
  #showBar() {
    if (this.running) return;
    const views = [...this.#views.values()];
    const user = views.findLastIndex((view) => view.item.type === 'user_message');
    const turn = views.slice(user + 1);
    const text = () =>
      turn
        .map((view) => view.text())
        .filter(Boolean)
        .join('\n\n');
    const rate = (kind, label) => {
      const button = iconButton('thumb', label, async () => {
        try {
          await call('items.feedback', { thread_id: this.id, item_ids: turn.map((view) => view.item.id), kind });
          for (const each of this.bar.querySelectorAll('[aria-pressed]')) each.ariaPressed = String(each === button);
          this.host.toast('Thank you for the feedback.');
        } catch (error) {
          this.host.toast(error.message);
        }
      });
      button.ariaPressed = 'false';
      button.classList.add(kind);
      return button;
    };
    const failed = this.log.querySelector('.error');
    this.bar.replaceChildren(
      ...[
        text() && copyButton(text),
        turn.length > 0 && rate('positive', 'Good reply'),
        turn.length > 0 && rate('negative', 'Bad reply'),
        this.unanswered && !failed && h('span.dim', null, 'There is no reply to this message yet.'),
        user >= 0 && !this.blocked && !failed && iconButton('reload', 'Retry this reply', () => this.retry()),
      ].filter(Boolean),
    );
  }
}
