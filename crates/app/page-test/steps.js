/** What a person does on the page, and the scripts that the playback responder answers with. */

export const script = (...steps) => JSON.stringify({ steps });
export const event = (type, fields) => ({ event: { type, ...fields } });
export const done = (item) =>
  event('thread.item.done', { item: { thread_id: '$THREAD', created_at: '2026-01-01T00:00:00Z', ...item } });
export const said = (id, text, annotations = []) =>
  done({ type: 'assistant_message', id, content: [{ type: 'output_text', text, annotations }] });
export const titled = (title) => ({ thread: { title } });
export const reply = (deltas, delta, gap_ms = 0) => ({ text: { deltas, delta, gap_ms } });
export const card = (...children) => ({ widget: [{ type: 'Card', children }] });

/** Writes a message and sends it with Enter. */
export async function write(page, text) {
  await page.fill('#input', text);
  await page.press('#input', 'Enter');
}

/** Writes a message and waits until the reply has ended. */
export async function talk(page, text) {
  const answered = page.waitForResponse((response) => /create|add_user_message/.test(operation(response.request())));
  await write(page, text);
  await (await answered).finished();
  await idle(page);
}

/** Waits until no reply is running. */
export async function idle(page) {
  await page.locator('.chat > [role=status]:empty').waitFor({ state: 'attached' });
  await page.locator('#stop').waitFor({ state: 'hidden' });
  await page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
}

/** Waits until `read` (run in the page with `argument`) returns something true, and returns that. */
export async function until(page, read, argument) {
  return (await page.waitForFunction(read, argument)).jsonValue();
}

/** The operation that a request to the endpoint asks for, or ''. */
export function operation(request) {
  return new URL(request.url()).pathname === '/chatkit' ? request.postDataJSON().type : '';
}

/** Resolves to the parameters of the next request for an operation. */
export async function parametersOf(page, type) {
  return (await page.waitForRequest((request) => operation(request) === type)).postDataJSON().params;
}

/** Sends a script whose reply goes on for a while, and waits for its first words. */
export async function begin(page, ...steps) {
  const before = await assistant(page).count();
  await write(page, script(...steps));
  await speaking(page, before);
}

/** Waits until the last reply, which has some `before` it, has begun to show. */
export function speaking(page, before = 0) {
  return until(
    page,
    (count) => [...document.querySelectorAll('.assistant_message')].slice(count).at(-1)?.textContent.length > 8,
    before,
  );
}

/** What stands in the conversation: kind and text of each item. */
export function items(page) {
  return page
    .locator('.item')
    .evaluateAll((nodes) =>
      nodes.map((node) => [node.classList[1], node.querySelector('.md, .bubble')?.textContent.trim() ?? '']),
    );
}

/** What the server has of the open thread: kind and text of each item. */
export async function stored(page, origin) {
  const id = new URL(page.url()).searchParams.get('thread');
  const response = await fetch(`${origin}/chatkit`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type: 'threads.get_by_id', params: { thread_id: id } }),
  });
  const { items: found } = await response.json();
  return found.data.map((item) => [item.type, (item.content ?? []).map((part) => part.text).join('').trim()]);
}

/** Notes the operations that a page asks for, as `[type, params]`. */
export function operations(page) {
  const asked = [];
  page.on('request', (request) => operation(request) && asked.push([operation(request), request.postDataJSON().params]));
  return asked;
}

/** Notes what `look` (run in the page) returns at each change of the conversation; the result gives the differing values in turn. */
export async function record(page, look) {
  await page.evaluate(`(() => {
    const look = ${look};
    const values = (window.recorded = [look()]);
    new MutationObserver(() => look() !== values.at(-1) && values.push(look()))
      .observe(document.querySelector('#scroll'), { childList: true, characterData: true, subtree: true });
  })()`);
  return () => page.evaluate(() => window.recorded);
}

/** Waits until the assistant has said something that contains `text`. */
export const hear = (page, text) => assistant(page).filter({ hasText: text }).last().waitFor();

export const assistant = (page) => page.locator('.assistant_message');
export const banner = (page) => page.locator('.banner');
export const row = (page, title) => page.locator('#threads li', { hasText: title });
