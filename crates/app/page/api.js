/** The ChatKit endpoint: JSON operations and event streams. */

const ENDPOINT = new URL('chatkit', document.baseURI);

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
export async function call(type, params) {
  const response = await post(type, params, 'application/json');
  try {
    return await response.json();
  } catch {
    throw new ApiError('The server sent an answer this page does not understand.', response.status);
  }
}

/** Sends an operation that answers with a stream; calls `onEvent` for each event and returns when the stream has ended. */
export async function stream(type, params, signal, onEvent) {
  const response = await post(type, params, 'text/event-stream', signal);
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    throw new ApiError('The server did not answer with a stream.', response.status);
  }
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new ApiError('The connection was lost.');
    });
    if (done || signal.aborted) return;
    for (const data of parser.push(decoder.decode(value, { stream: true }))) {
      try {
        onEvent(JSON.parse(data));
      } catch (error) {
        // One event that makes no sense does not end the reply.
        console.warn('event left out', data, error);
      }
    }
  }
}

/** Splits a text stream into the data of its server-sent events, wherever the chunks were cut. */
export class EventParser {
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
      if (this.#data.length) events.push(this.#data.join('\n'));
      this.#data = [];
    } else if (line.startsWith('data:')) {
      this.#data.push(line.slice(line[5] === ' ' ? 6 : 5));
    }
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
      headers: { 'Content-Type': 'application/json', Accept: accept },
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
