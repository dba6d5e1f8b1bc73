/** The ChatKit endpoint: JSON operations and event streams. */

const ENDPOINT = new URL('chatkit', document.baseURI);
/** How long a connection that can be replaced may bring nothing: three times the server's usual heartbeat. */
const SILENCE_MS = 45_000;

/** A request that was refused or did not arrive. `status` is 0 when there was no answer. */
export class ApiError extends Error {
  constructor(message, status = 0) {
    super(message);
    /** True if the same request would be refused again. */
    this.final = status >= 400 && status < 500 && status !== 408 && status !== 429;
    this.status = status;
  }
}

/** Sends an operation that answers with JSON. */
export async function call(type, params, signal) {
  const response = await post(type, params, 'application/json', signal);
  try {
    return await response.json();
  } catch {
    throw new ApiError('The server sent an answer this page does not understand.', response.status);
  }
}

/**
 * Sends an operation that answers with a stream; calls `onEvent` with each event and its id ('' if it has none), and
 * `onOpen` before the first. Returns when the stream has ended.
 */
export async function stream(type, params, signal, onEvent, onOpen) {
  const response = await post(type, params, 'text/event-stream', signal);
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    throw new ApiError('The server did not answer with a stream.', response.status);
  }
  onOpen?.();
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  const lost = new ApiError('The connection was lost.');
  for (;;) {
    const { done, value } = await beforeSilence(reader, parser.id !== '').catch(() => {
      throw lost;
    });
    if (done || signal.aborted) return;
    for (const { data, id } of parser.push(decoder.decode(value, { stream: true }))) {
      try {
        onEvent(JSON.parse(data), id);
      } catch (error) {
        // One event that makes no sense does not end the reply.
        console.warn('event left out', data, error);
      }
    }
  }
}

/** The next piece of a stream; fails when none comes for too long and the stream can be resumed. */
async function beforeSilence(reader, resumable) {
  if (!resumable) return reader.read();
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('silence'));
      reader.cancel().catch(() => {});
    }, SILENCE_MS);
  });
  return Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
}

/** Splits a text stream into its server-sent events, `{data, id}`, wherever the chunks were cut. */
export class EventParser {
  /** The last id so far; it counts for every event until the next one. */
  id = '';
  #rest = '';
  #data = [];

  push(chunk) {
    const events = [];
    const text = this.#rest + chunk;
    let start = 0;
    for (;;) {
      const end = lineEnd(text, start);
      // A CR at the very end may be half of a CRLF.
      if (end < 0 || (text[end] === '\r' && end + 1 === text.length)) break;
      this.#line(text.slice(start, end), events);
      start = text.startsWith('\r\n', end) ? end + 2 : end + 1;
    }
    this.#rest = text.slice(start);
    return events;
  }

  #line(line, events) {
    if (line === '') {
      if (this.#data.length) events.push({ data: this.#data.join('\n'), id: this.id });
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    if (field === 'id' && !value.includes('\0')) this.id = value;
  }
}

function lineEnd(text, from) {
  const newline = text.indexOf('\n', from);
  const searched = newline < 0 ? text.slice(from) : text.slice(from, newline);
  const cr = searched.indexOf('\r');
  return cr < 0 ? newline : from + cr;
}

async function post(type, params, accept, signal) {
  let response;
  try {
    response = await fetch(ENDPOINT, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: accept,
        // A stream that is lost is looked for again, so its turn need not end.
        ...(accept === 'text/event-stream' && { 'chatkit-resumable': '1' }),
      },
      body: JSON.stringify({ type, params }),
      signal,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError('The server could not be reached.');
  }
  if (response.ok) return response;
  const message = await response.json().then(
    (body) => body?.message,
    () => null,
  );
  throw new ApiError(
    typeof message === 'string' ? message : `The server answered with status ${response.status}.`,
    response.status,
  );
}
