/** The list of threads at the left. */
import { call } from './api.js';
import { h, iconButton } from './dom.js';

const PAGE = 50;

/** `host` is the page around the list (see app.js). */
export class ThreadList {
  #rows = new Map();
  #words = new Map();
  #more = false;
  #reading = Promise.resolve();

  constructor(list, host) {
    this.list = list;
    this.host = host;
    this.end = h('li.end', { role: 'presentation' });
    const seen = (then) =>
      new IntersectionObserver(
        (entries) => {
          for (const { isIntersecting, target } of entries) if (isIntersecting) then(target);
        },
        { root: list, rootMargin: '200px' },
      );
    seen(() => this.#more && this.#read(this.#rows.size + PAGE)).observe(this.end);
    this.untitled = seen((node) => this.#findWords(node));
  }

  /** Reads the list anew, as far as it has been read. */
  refresh() {
    return this.#read(Math.max(PAGE, this.#rows.size));
  }

  #read(count) {
    this.#reading = this.#reading
      .then(() => this.#load(count))
      .catch((error) => {
        this.host.toast(`The list of chats could not be read. ${error.message}`);
      });
    return this.#reading;
  }

  async #load(count) {
    const found = new Map();
    for (this.#more = true; this.#more && found.size < count;) {
      const after = [...found.keys()].at(-1);
      const page = await call('threads.list', { limit: PAGE, order: 'desc', ...(after && { after }) });
      const before = found.size;
      for (const thread of page.data) found.set(thread.id, this.#row(thread));
      this.#more = page.has_more && found.size > before;
    }
    const focused = document.activeElement;
    this.#rows = found;
    this.list.replaceChildren(...[...found.values()].map((row) => row.node), this.end);
    if (focused?.isConnected) focused.focus();
    this.mark(this.current);
  }

  /** Shows a thread that was read, created or changed here. */
  seen(thread) {
    const known = this.#rows.has(thread.id);
    const row = this.#row(thread);
    if (known) return;
    this.#rows = new Map([[thread.id, row], ...this.#rows]);
    this.list.prepend(row.node);
    this.mark(this.current);
  }

  /** Marks the thread that is open. */
  mark(id) {
    this.current = id;
    for (const [key, { anchor }] of this.#rows) anchor.ariaCurrent = key === id ? 'page' : null;
  }

  /** Shows whether a thread's reply is running. */
  busy(id, on) {
    this.#rows.get(id)?.node.classList.toggle('streaming', on);
  }

  /** The name to show for a thread: its title, the first words of it, or "New chat". */
  title(thread) {
    return thread?.title || this.#words.get(thread?.id) || 'New chat';
  }

  /** Remembers what a thread without a title begins with. */
  words(id, text) {
    const words = text.trim().replace(/\s+/g, ' ');
    this.#words.set(id, words.length > 60 ? `${words.slice(0, 59)}…` : words);
    const row = this.#rows.get(id);
    if (row) this.#row(row.thread);
  }

  #row(thread) {
    const row = this.#rows.get(thread.id) ?? this.#newRow(thread.id);
    row.thread = thread;
    row.anchor.textContent = row.anchor.title = this.title(thread);
    if (!thread.title && !this.#words.has(thread.id)) this.untitled.observe(row.node);
    return row;
  }

  #newRow(id) {
    const row = {};
    row.anchor = h('a', {
      href: `?thread=${encodeURIComponent(id)}`,
      onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.host.open(id);
      },
    });
    row.node = h(
      'li',
      null,
      row.anchor,
      iconButton('edit', 'Rename', () => this.#rename(row.thread)),
      iconButton('trash', 'Delete', () => this.#delete(row)),
    );
    row.node.dataset.thread = id;
    return row;
  }

  async #findWords(node) {
    this.untitled.unobserve(node);
    const id = node.dataset.thread;
    const page = await call('items.list', { thread_id: id, limit: 1, order: 'asc' }).catch(() => null);
    const text = page?.data[0]?.content?.map((part) => part.text).join(' ');
    if (text) this.words(id, text);
  }

  async #rename(thread) {
    const title = await this.host.ask({ title: 'Rename chat', label: 'Title', value: this.title(thread), ok: 'Rename' });
    if (!title?.trim()) return;
    try {
      this.host.renamed(await call('threads.update', { thread_id: thread.id, title: title.trim() }));
    } catch (error) {
      this.host.toast(error.message);
    }
  }

  async #delete({ thread, node }) {
    const text = `“${this.title(thread)}” and all its messages will be deleted. This cannot be undone.`;
    if ((await this.host.ask({ title: 'Delete chat?', text, ok: 'Delete', danger: true })) === null) return;
    try {
      await call('threads.delete', { thread_id: thread.id });
    } catch (error) {
      return this.host.toast(error.message);
    }
    (node.nextSibling.querySelector('a') ?? node.previousSibling?.querySelector('a'))?.focus();
    node.remove();
    this.#rows.delete(thread.id);
    this.host.deleted(thread.id);
  }
}
