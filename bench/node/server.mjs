// The Node port of ChatKit over HTTP, answering with playback scripts as far as the benchmark needs it.
//
// The first line on stdout is `listening on http://ADDR`; the endpoint is `POST /chatkit`.

import { createServer } from "node:http";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { ChatKitServer } from "chatkit-node-backend-sdk";
import { MemoryStore } from "./store.mjs";

const TIME = "$TIME";
const STAMP_DIGITS = 15;

class PlaybackServer extends ChatKitServer {
  async *respond(thread, message) {
    if (message === null) return;
    const text = message.content.map((part) => part.text ?? "").join("");
    yield* this.#play(thread, JSON.parse(text.replaceAll("$THREAD", thread.id)));
  }

  async *#play(thread, script) {
    for (const step of script.steps) {
      if (step.text) yield* this.#text(thread, step.text);
      else if (step.event) yield step.event;
      else await sleep(step.sleep_ms);
    }
  }

  async *#text(thread, { deltas, delta, gap_ms: gap = 0 }) {
    const id = this.store.generateItemId("message", thread, null);
    const item = (content) => ({
      type: "assistant_message",
      id,
      thread_id: thread.id,
      created_at: new Date().toISOString(),
      content,
    });
    const update = (update) => ({ type: "thread.item.updated", item_id: id, update });
    const part = (text) => ({ type: "output_text", text, annotations: [] });
    yield { type: "thread.item.added", item: item([]) };
    yield update({ type: "assistant_message.content_part.added", content_index: 0, content: part("") });
    const next = delta === TIME ? stamps() : () => delta;
    const begun = performance.now();
    let text = "";
    for (let number = 0; number < deltas; number++) {
      // Late deltas are made up for, as those of a provider's buffer would be.
      const left = begun + number * gap - performance.now();
      if (gap && left > 0) await sleep(left);
      const piece = next();
      text += piece;
      yield update({ type: "assistant_message.content_part.text_delta", content_index: 0, delta: piece });
    }
    yield update({ type: "assistant_message.content_part.done", content_index: 0, content: part(text) });
    yield { type: "thread.item.done", item: item([part(text)]) };
  }
}

/** The kernel's monotonic clock as a text, each later than the one before. */
function stamps() {
  let last = 0n;
  return () => {
    const now = process.hrtime.bigint() % 10n ** BigInt(STAMP_DIGITS);
    last = now > last ? now : last + 1n;
    return " " + last.toString().padStart(STAMP_DIGITS, "0");
  };
}

async function answer(server, request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const result = await server.process(Buffer.concat(parts), null);
  if (!result.isStreaming) {
    response.writeHead(200, { "Content-Type": "application/json" }).end(result.toString());
    return;
  }
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  for await (const chunk of result) {
    if (response.destroyed) return;
    // Whoever reads slowly must not fill the memory.
    if (!response.write(chunk)) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
  response.end();
}

const { values } = parseArgs({ options: { listen: { type: "string", default: "127.0.0.1:0" } } });
const [host, port] = values.listen.split(":");
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const server = new PlaybackServer(new MemoryStore(), undefined, silent);
const http = createServer((request, response) => {
  answer(server, request, response).catch(() => response.destroy());
});
// Thousands of clients connect at once.
http.listen({ host, port: Number(port), backlog: 4096 }, () => {
  console.log(`listening on http://${host}:${http.address().port}`);
  // The port writes a line to stdout for every thread: that is not what is to be measured.
  console.log = () => {};
});
