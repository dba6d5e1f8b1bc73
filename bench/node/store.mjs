// Threads and items in memory, in the order of their first save.

import { Store, StoreNotFoundError } from "chatkit-node-backend-sdk";

/** The plainest store that is right: everything is copied on the way in and out, as a database would. */
export class MemoryStore extends Store {
  #threads = new Map();
  #items = new Map();
  #attachments = new Map();

  async loadThread(threadId) {
    return copyOf(this.#threads, threadId);
  }

  async saveThread(thread) {
    this.#threads.set(thread.id, structuredClone(thread));
    if (!this.#items.has(thread.id)) this.#items.set(thread.id, new Map());
  }

  async deleteThread(threadId) {
    this.#threads.delete(threadId);
    this.#items.delete(threadId);
  }

  async loadThreads(limit, after, order) {
    return pageOf(this.#threads, limit, after, order);
  }

  async loadThreadItems(threadId, after, limit, order) {
    return pageOf(found(this.#items, threadId), limit, after, order);
  }

  async addThreadItem(threadId, item) {
    found(this.#items, threadId).set(item.id, structuredClone(item));
  }

  async saveItem(threadId, item) {
    await this.addThreadItem(threadId, item);
  }

  async loadItem(threadId, itemId) {
    return copyOf(found(this.#items, threadId), itemId);
  }

  async deleteThreadItem(threadId, itemId) {
    found(this.#items, threadId).delete(itemId);
  }

  async saveAttachment(attachment) {
    this.#attachments.set(attachment.id, structuredClone(attachment));
  }

  async loadAttachment(attachmentId) {
    return copyOf(this.#attachments, attachmentId);
  }

  async deleteAttachment(attachmentId) {
    this.#attachments.delete(attachmentId);
  }
}

function found(rows, id) {
  const row = rows.get(id);
  if (row === undefined) throw new StoreNotFoundError(`${id} not found`);
  return row;
}

function copyOf(rows, id) {
  return structuredClone(found(rows, id));
}

function pageOf(rows, limit, after, order) {
  let ids = [...rows.keys()];
  if (order === "desc") ids.reverse();
  if (after !== null) ids = ids.slice(ids.indexOf(after) + 1);
  const chosen = ids.slice(0, limit);
  const hasMore = ids.length > limit;
  return {
    data: chosen.map((id) => copyOf(rows, id)),
    has_more: hasMore,
    after: hasMore ? chosen.at(-1) : null,
  };
}
