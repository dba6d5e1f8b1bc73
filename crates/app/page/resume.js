/** A stream that outlives its connection. */
import { ApiError, stream } from './api.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;
/** How long the server keeps a turn that nobody reads. */
const LIMIT_MS = 60_000;
/** How long the server may take to answer when the stream is joined again. */
const ANSWER_MS = 10_000;
export const LOST = new ApiError('The connection was lost.');

/**
 * Runs a streaming operation, `[type, params]`, to its end. When its connection is lost the turn goes on on the server,
 * and is joined again after the last event that was seen.
 *
 * `onEvent` gets each event and its id; `onLost(on)` hears whether the connection is missing; `threadId()` is the id of the
 * thread, once it has one; `unfinished()` tells whether a stream that ends now was cut. Returns true if the turn ended while
 * the connection was missing, so that the thread has the rest, and if there was no turn to join. Throws what went wrong when
 * nothing else helps.
 */
export async function follow([type, params], { signal, threadId, unfinished, onEvent, onLost }) {
  let last = '';
  let lostAt = null;
  let pause = FIRST_PAUSE_MS;
  let gone = false;
  const receive = (event, id) => {
    if (event?.type === 'error' && event.code === 'run.not_running') {
      gone = true;
      return;
    }
    last = id || last;
    pause = FIRST_PAUSE_MS;
    onEvent(event, id);
  };
  for (;;) {
    const answer = new AbortController();
    const limit = lostAt !== null && setTimeout(() => answer.abort(), ANSWER_MS);
    try {
      await stream(type, params, AbortSignal.any([signal, answer.signal]), receive, () => {
        clearTimeout(limit);
        if (lostAt !== null) onLost(false);
        lostAt = null;
      });
      if (gone || signal.aborted || !last || !unfinished()) return gone;
      throw LOST;
    } catch (error) {
      clearTimeout(limit);
      lostAt ??= Date.now();
      if (signal.aborted || error.final || !last || !threadId()) throw error;
      if (Date.now() - lostAt > LIMIT_MS) throw LOST;
      onLost(true);
      await sleep(pause, signal);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
    [type, params] = ['threads.attach', { thread_id: threadId(), after: last }];
  }
}

/** Waits, but not when the network is back or the wait is called off. */
function sleep(ms, signal) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      over.abort();
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, ms);
    for (const [target, event] of [
      [signal, 'abort'],
      [window, 'online'],
    ]) {
      target.addEventListener(event, end, { signal: over.signal });
    }
    if (signal.aborted) end();
  });
}
