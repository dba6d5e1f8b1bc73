/** What stands in a conversation: the items, the rows between them, the line below them, and the buttons under it. */
import { replyBar } from './bar.js';
import { h, icon, iconButton } from './dom.js';
import { createView } from './items.js';
import { Markdown } from './markdown.js';

/** `chat` is what views may ask for (see items.js); `host` is the page around the conversation (see app.js). */
export class Transcript {
  #views = new Map();
  #notes = new Map();

  constructor(chat, host) {
    this.chat = chat;
    this.host = host;
    this.log = h('div.log', { role: 'log', 'aria-label': 'Messages' });
    this.status = h('div', { role: 'status' });
    this.bar = h('div.bar');
    this.node = h('div.chat', null, this.log, this.status, this.bar);
  }

  /** The views in the order of the page. */
  get shown() {
    const { DOCUMENT_POSITION_PRECEDING: before } = Node;
    return [...this.#views.values()].sort((a, b) => (a.node.compareDocumentPosition(b.node) & before ? 1 : -1));
  }

  /** Whether a message stands there of which only the server knows what became. */
  get undecided() {
    return !!this.log.querySelector('.unconfirmed');
  }

  has(id) {
    return this.#views.has(id);
  }

  /** Shows all items of a thread, and no others. */
  showAll(items) {
    this.log.ariaLive = 'off';
    for (const id of [...this.#views.keys()]) if (!items.has(id)) this.remove(id);
    for (const node of this.log.querySelectorAll('.unconfirmed, .passing')) node.remove();
    let last = null;
    for (const item of items.values()) {
      // A tool that was waiting when the page was left runs again only if the user asks for it.
      if (item.type === 'client_tool_call') item.stale = true;
      if (JSON.stringify(item) !== JSON.stringify(this.#views.get(item.id)?.item)) {
        // What was noted about the item that stood here may not be true of this one.
        this.#notes.delete(item.id);
        this.put(item, { done: true });
      }
      const view = this.#views.get(item.id);
      if (!view) continue;
      view.note(this.#notes.get(item.id));
      if (last && last.compareDocumentPosition(view.node) & Node.DOCUMENT_POSITION_PRECEDING) last.after(view.node);
      last = view.node;
    }
    setTimeout(() => (this.log.ariaLive = null), 500);
  }

  /**
   * Shows an item, a known one in its place. `done`: nothing more of it will come; `again`: it comes once more from its
   * beginning; `message`: the view that it takes the place of; `mark`: see `place`. Returns false for items that show
   * nothing.
   */
  put(item, { done, again, message, mark }) {
    let view = this.#views.get(item?.id);
    if (view?.item.type === item?.type) {
      if (again && !done) view?.replay(item);
      else view?.set(item);
    } else {
      const old = view ?? message;
      view = createView(item, this.chat);
      if (!view) return false;
      if (done) view.set(item);
      if (old) old.node.replaceWith(view.node);
      else this.place(view.node, mark);
      this.#views.set(item.id, view);
    }
    view?.busy(!done);
    if (!done) this.#notes.delete(item.id);
    return !!view;
  }

  update(id, update) {
    this.#views.get(id)?.apply(update);
  }

  /** Nothing more of an item will come; `note` says to the reader why it is not whole. */
  stop(id, note) {
    if (note) this.#notes.set(id, note);
    this.#views.get(id)?.stop(note);
  }

  remove(id) {
    const node = this.#views.get(id)?.node;
    if (node?.nextElementSibling?.matches('p.stopped')) node.nextElementSibling.remove();
    node?.remove();
    this.#views.delete(id);
  }

  /** Removes everything after an item. */
  removeAfter(id) {
    const { node } = this.#views.get(id);
    for (const view of this.shown) {
      if (node.compareDocumentPosition(view.node) & Node.DOCUMENT_POSITION_FOLLOWING) this.#views.delete(view.item.id);
    }
    while (this.log.lastChild !== node) this.log.lastChild.remove();
  }

  removeErrors() {
    for (const row of this.log.querySelectorAll('.error')) row.remove();
  }

  /** Ends what stands there now; the mark is where more of it goes. */
  mark() {
    const mark = document.createComment('');
    this.log.append(mark);
    return mark;
  }

  /** Adds a row, at a mark or at the end. */
  place(node, mark) {
    if (mark) mark.before(node);
    else this.log.append(node);
  }

  /** Says why there is nothing of a reply. */
  note(text, mark) {
    this.place(h('p.stopped', null, icon('stop'), text), mark);
  }

  effect({ name, data }, mark) {
    this.place(h('p.effect', { title: JSON.stringify(data) }, icon('bolt'), 'effect ', h('code', null, name)), mark);
  }

  notice({ level, title, message }, mark) {
    const dismiss = iconButton('close', 'Dismiss', () => {
      row.remove();
      this.host.refocus();
    });
    const row = this.#banner(level, [title && h('strong', null, title), new Markdown(message).node], dismiss, mark);
  }

  /** Says what has failed, with Retry if it can be done `again`. What is `passing` goes when the thread was read anew. */
  fail(message, again, { mark, passing = false } = {}) {
    const retry = () => {
      row.remove();
      again();
    };
    const button = again && h('button.button', { type: 'button', onclick: retry }, icon('reload'), 'Retry');
    const row = this.#banner('danger', [message], button, mark);
    row.classList.add('error');
    row.classList.toggle('passing', passing);
  }

  #banner(level, content, button, mark) {
    const row = h(
      `div.banner.${level}`,
      { role: level === 'danger' ? 'alert' : 'note' },
      icon(level === 'info' ? 'info' : 'warning'),
      h('div', null, content),
      button,
    );
    this.place(row, mark);
    return row;
  }

  /** Shows what a turn (run.js) is doing while there is nothing of it to read. */
  showStatus(run) {
    const line = run?.lost ? { icon: 'reload', text: 'Reconnecting…' } : run?.progress?.text ? run.progress : null;
    const dots = run && !run.output && [
      h('span.dots', null, h('i'), h('i'), h('i')),
      h('span.visually-hidden', null, 'Waiting for the reply'),
    ];
    this.status.replaceChildren(...(line ? [h('p.progress', null, icon(line.icon ?? 'dot'), line.text)] : dots || []));
  }

  /** Shows the buttons under the last turn; while a turn is running there are none. */
  showBar() {
    if (this.chat.running) return this.bar.replaceChildren();
    const views = this.shown;
    const user = views.findLastIndex((view) => view.item.type === 'user_message');
    const failed = this.log.querySelector('.error');
    const retry = user >= 0 && !this.chat.blocked && !failed && (() => this.chat.retry());
    const unanswered = user >= 0 && user === views.length - 1 && !failed;
    const { id: threadId } = this.chat;
    this.bar.replaceChildren(...replyBar(views.slice(user + 1), { threadId, host: this.host, unanswered, retry }));
  }
}
