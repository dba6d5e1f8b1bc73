/** Text and events from outside never run, load or break anything. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setUp } from './setup.js';
import {
  assistant,
  banner,
  card,
  done,
  event,
  hear,
  idle,
  operation,
  said,
  script,
  talk,
  titled,
  until,
  write,
} from './steps.js';

const { scenario } = setUp('playback');

describe('text from outside', () => {
  const MARKUP = '<img src=x onerror="window.injected=1"><script>window.injected=1</script>';
  const LINK =
    '[click](javascript:window.injected=1) [data](data:text/html,x) ![i](https://evil.example/i.png) <a href="javascript:1">a</a>';

  scenario('is inert in titles, messages, Markdown, notices and errors', async ({ open }) => {
    const page = await open();
    await talk(
      page,
      script(
        titled(MARKUP),
        said(
          'x',
          `${MARKUP}\n\n# ${MARKUP}\n\n${LINK}\n\n\`\`\`${MARKUP}\n${MARKUP}\n\`\`\`\n\n| ${MARKUP} |\n| --- |\n| ${LINK} |\n`,
        ),
        event('notice', { level: 'danger', title: MARKUP, message: `${MARKUP} ${LINK}` }),
        event('client_effect', { name: MARKUP, data: { MARKUP } }),
        event('progress_update', { icon: MARKUP, text: MARKUP }),
        { fail: { message: MARKUP } },
      ),
    );
    await page.reload();
    await assistant(page).waitFor();
    const found = await page.evaluate(() => ({
      elements: document.querySelectorAll('#scroll img, #scroll script, #side img, h1 img, [onerror]').length,
      links: [...document.querySelectorAll('#scroll a')].map((link) => link.href),
    }));
    assert.deepEqual(found, { elements: 0, links: ['https://evil.example/i.png', 'https://evil.example/i.png'] });
    assert.match(await page.title(), /^<img/);
  });

  scenario('is inert in widgets, workflows, tools and questions', async ({ open }) => {
    const page = await open();
    const styles = {
      background: 'url(https://evil.example/b.png)',
      color: 'red;background:url(https://evil.example/c.png)',
      width: 'calc(1px + url(x))',
      padding: 'expression(1)',
      flex: 'url(x)',
    };
    await talk(
      page,
      script(
        card(
          { type: 'Text', value: MARKUP, ...styles },
          { type: 'Markdown', value: MARKUP + LINK },
          { type: 'Badge', label: MARKUP },
          { type: 'Box', ...styles, children: [] },
          { type: 'Image', src: 'javascript:window.injected=1', alt: MARKUP },
          { type: 'Image', src: 'http://evil.example/x.png' },
          { type: 'Button', label: MARKUP },
          { type: 'constructor', children: [{ type: '__proto__', value: 1 }] },
          { type: 'Input', name: '__proto__.polluted', defaultValue: '1' },
        ),
        done({
          type: 'workflow',
          id: 'wf',
          workflow: {
            type: 'custom',
            expanded: true,
            tasks: [{ type: 'custom', title: MARKUP, content: MARKUP, icon: 'vendor:__proto__' }],
          },
        }),
        done({
          type: 'structured_input',
          id: 'si',
          status: 'pending',
          inputs: [{ type: 'multiple_choice', id: 'a', question: MARKUP, options: [{ value: MARKUP }] }],
        }),
        done({ type: 'task', id: 'ts', task: { type: 'custom', title: MARKUP } }),
      ),
    );
    assert.equal(await page.locator('#scroll img, #scroll script, [onerror], a[href^="javascript"]').count(), 0);
    const backgrounds = await page
      .locator('.widget *')
      .evaluateAll((nodes) => nodes.map((node) => getComputedStyle(node).backgroundImage));
    assert.deepEqual(
      backgrounds.filter((value) => value !== 'none'),
      [],
    );
    assert.equal(await page.locator('.item').count(), 5);
  });
});

describe('a stream that makes no sense', () => {
  const item = (id, fields) => ({ id, thread_id: 't', created_at: '2026-01-01T00:00:00Z', ...fields });
  const markup = '<img src=x onerror="window.injected=1">';
  const frames = [
    ': a comment',
    'event: ping\ndata:',
    'data: {"not json',
    'data: null',
    'data: 7',
    ...[
      {
        type: 'thread.created',
        thread: { id: 't', created_at: '2026-01-01T00:00:00Z', title: markup, status: { type: 'novel' }, items: { data: [] } },
      },
      {
        type: 'thread.item.done',
        item: item('u', {
          type: 'user_message',
          content: [
            { type: 'input_text', text: 'hi' },
            { type: 'input_tag', id: 'x', text: markup },
          ],
          quoted_text: markup,
          attachments: [{ id: 'a', name: markup, type: 'novel', mime_type: markup }],
        }),
      },
      { type: 'novel.event', text: markup },
      { type: 'thread.item.added' },
      { type: 'thread.item.added', item: null },
      { type: 'thread.item.done', item: item('n', { type: 'novel_item' }) },
      { type: 'thread.item.done', item: item('c', { type: 'constructor' }) },
      { type: 'thread.item.updated', item_id: 'nobody', update: { type: 'novel' } },
      { type: 'thread.item.updated', item_id: 'nobody' },
      { type: 'notice', level: markup, message: markup },
      { type: 'error', code: markup },
      { type: 'client_effect', name: markup },
      { type: 'progress_update', icon: markup, text: markup },
      { type: 'thread.item.added', item: item('m', { type: 'assistant_message', content: [] }) },
      { type: 'thread.item.updated', item_id: 'm', update: { type: 'novel', content_index: 0 } },
      {
        type: 'thread.item.updated',
        item_id: 'm',
        update: { type: 'assistant_message.content_part.text_delta', content_index: 1e9, delta: 'x' },
      },
      {
        type: 'thread.item.updated',
        item_id: 'm',
        update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta: 'still alive' },
      },
      { type: 'thread.item.done', item: item('w', { type: 'widget', widget: null }) },
      { type: 'thread.item.done', item: item('f', { type: 'workflow' }) },
      { type: 'thread.item.done', item: item('s', { type: 'structured_input', status: 'pending' }) },
      { type: 'thread.item.done', item: item('k', { type: 'task' }) },
      {
        type: 'thread.item.done',
        item: item('g', { type: 'generated_image', image: { id: 'i', url: 'javascript:window.injected=1' } }),
      },
    ].map((each) => `data: ${JSON.stringify(each)}`),
  ];

  scenario(
    'shows what can be shown',
    async ({ open }) => {
      const page = await open();
      await page.route('**/chatkit', (route) =>
        operation(route.request()) === 'threads.create'
          ? route.fulfill({ contentType: 'text/event-stream', body: frames.map((frame) => `${frame}\n\n`).join('') })
          : route.continue(),
      );
      await write(page, 'hello');
      await hear(page, 'still alive');
      await until(page, () => document.querySelector('.generated_image'));
      await idle(page);
      assert.equal(await page.locator('#scroll img, [onerror]').count(), 0);
      assert.equal(await page.locator('.user_message').count(), 1);
      assert.equal(await banner(page).count(), 2);
    },
    { expected: /event left out/ },
  );
});
