/** What a stream may bring: progress, errors, notices, and each kind of item. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setUp } from './setup.js';
import {
  assistant,
  banner,
  done,
  event,
  hear,
  idle,
  operation,
  parametersOf,
  record,
  reply,
  said,
  script,
  talk,
  until,
  write,
} from './steps.js';

const { scenario } = setUp('playback');

describe('what a stream may bring', () => {
  scenario('progress: each line replaces the one before, output removes it', async ({ open }) => {
    const page = await open();
    const lines = await record(page, () =>
      [...document.querySelectorAll('.progress')].map((line) => line.textContent).join(' and '),
    );
    await talk(
      page,
      script(
        event('progress_update', { icon: 'search', text: 'Searching' }),
        { sleep_ms: 100 },
        event('progress_update', { icon: 'check', text: 'Found' }),
        { sleep_ms: 100 },
        reply(10, 'out ', 25),
      ),
    );
    assert.deepEqual(await lines(), ['', 'Searching', 'Found', '']);
  });

  scenario('progress: an empty text clears the line', async ({ open }) => {
    const page = await open();
    const sights = await record(page, () =>
      [document.querySelector('.progress')?.textContent ?? '', document.querySelectorAll('.assistant_message').length].join(),
    );
    await talk(
      page,
      script(
        event('progress_update', { text: 'Busy' }),
        { sleep_ms: 100 },
        event('progress_update', { text: '' }),
        { sleep_ms: 100 },
        said('a', 'end'),
      ),
    );
    assert.deepEqual(await sights(), [',0', 'Busy,0', ',0', ',1']);
  });

  scenario('an error with Retry asks for a new reply to the same message', async ({ open }) => {
    const page = await open();
    await talk(page, script(said('before', 'so far'), { fail: { message: 'The model is away.', allow_retry: true } }));
    assert.match(await banner(page).innerText(), /The model is away\./);
    const asked = parametersOf(page, 'threads.retry_after_item');
    await page.getByRole('button', { name: 'Retry', exact: true }).click();
    assert.match((await asked).item_id, /./);
    await banner(page).filter({ hasText: 'The model is away.' }).waitFor();
    await idle(page);
    assert.equal(await banner(page).count(), 1);
    assert.equal(await page.locator('.user_message').count(), 1);
    assert.equal(await assistant(page).count(), 1);
  });

  scenario('an error without retry, and one with a code only', async ({ open }) => {
    const page = await open();
    await talk(page, script({ fail: { message: 'Never again.' } }));
    await banner(page).filter({ hasText: 'Never again.' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Retry', exact: true }).count(), 0);
    await talk(page, script({ fail: { code: 'stream.error', allow_retry: true } }));
    await banner(page).filter({ hasText: 'Something went wrong' }).getByRole('button', { name: 'Retry' }).waitFor();
  });

  scenario('notices by level, and client effects', async ({ open }) => {
    const page = await open();
    await talk(
      page,
      script(
        event('notice', { level: 'warning', title: 'Careful', message: 'You have **two** left. [More](https://example.com/)' }),
        event('notice', { level: 'danger', message: 'Danger' }),
        event('client_effect', { name: 'open_map', data: { x: 1 } }),
      ),
    );
    assert.equal(await page.locator('.banner.warning strong').first().innerText(), 'Careful');
    assert.equal(await page.locator('.banner.warning a').getAttribute('href'), 'https://example.com/');
    assert.equal(await page.getByRole('alert').count(), 1);
    assert.match(await page.locator('.effect').innerText(), /open_map/);
    await page.locator('.banner.warning').getByRole('button', { name: 'Dismiss' }).click();
    assert.equal(await page.locator('.banner.warning').count(), 0);
  });

  scenario('a locked thread disables the message box and says why', async ({ open }) => {
    const page = await open();
    await talk(page, script({ thread: { status: { type: 'locked', reason: 'Under review.' } } }, said('l', 'locked now')));
    await page.locator('#reason', { hasText: 'Under review.' }).waitFor();
    assert.equal(await page.locator('#input').isDisabled(), true);
    await page.reload();
    await page.locator('#reason', { hasText: 'Under review.' }).waitFor();
    assert.equal(await page.locator('#input').isDisabled(), true);
  });

  scenario('annotations as numbered sources', async ({ open }) => {
    const page = await open();
    await talk(
      page,
      script(
        said('cited', 'Facts.', [
          { type: 'annotation', index: 3, source: { type: 'url', url: 'https://example.com/a', title: 'A page' } },
          { type: 'annotation', source: { type: 'file', filename: 'b.pdf', title: 'A file' } },
          { type: 'annotation', source: { type: 'url', url: 'javascript:window.injected=1', title: 'Not a link' } },
        ]),
      ),
    );
    assert.deepEqual(await page.locator('.sources li').allInnerTexts(), ['A page', 'A file b.pdf', 'Not a link']);
    assert.deepEqual(await page.locator('.sources a').evaluateAll((links) => links.map((link) => link.href)), [
      'https://example.com/a',
    ]);
  });

  scenario('items that are replaced and removed', async ({ open }) => {
    const page = await open();
    const message = (id, text) => said(id, text).event.item;
    await talk(
      page,
      script(
        said('one', 'first'),
        said('two', 'second'),
        event('thread.item.replaced', { item: message('one', 'first, again') }),
        event('thread.item.removed', { item_id: 'two' }),
      ),
    );
    assert.deepEqual(
      (await assistant(page).allInnerTexts()).map((text) => text.trim()),
      ['first, again'],
    );
  });

  scenario('a workflow with tasks', async ({ open }) => {
    const page = await open();
    const item = (workflow) => ({
      type: 'workflow',
      id: 'flow',
      thread_id: '$THREAD',
      created_at: '2026-01-01T00:00:00Z',
      workflow,
    });
    const update = (type, task_index, task) =>
      event('thread.item.updated', { item_id: 'flow', update: { type, task_index, task } });
    const search = { type: 'web_search', title: 'Looking it up', queries: ['oslo'], sources: [] };
    await write(
      page,
      script(
        event('thread.item.added', { item: item({ type: 'custom', tasks: [], expanded: true }) }),
        update('workflow.task.added', 0, { ...search, status_indicator: 'loading' }),
        { sleep_ms: 500 },
        update('workflow.task.updated', 0, { ...search, status_indicator: 'complete' }),
        update('workflow.task.added', 1, { type: 'thought', content: 'A *thought*' }),
        event('thread.item.done', {
          item: item({
            type: 'custom',
            tasks: [search, { type: 'thought', content: 'A *thought*' }],
            summary: { duration: 7 },
            expanded: true,
          }),
        }),
      ),
    );
    await page.locator('summary', { hasText: 'Looking it up' }).waitFor();
    await page.locator('.task .spinner').waitFor();
    await page.locator('summary', { hasText: '7 s' }).waitFor();
    await idle(page);
    assert.equal(await page.locator('.task').count(), 2);
    assert.equal(await page.locator('.task em').innerText(), 'thought');
    await page.locator('summary').click();
    assert.equal(await page.locator('.task').first().isVisible(), false);
  });

  scenario('a generated image, from this server only when domains are limited', async ({ open }) => {
    const page = await open();
    const pixel = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';
    await talk(
      page,
      script(
        { thread: { allowed_image_domains: ['example.com'] } },
        done({ type: 'generated_image', id: 'i1', image: { id: 'a', url: pixel } }),
        done({ type: 'generated_image', id: 'i2', image: { id: 'b', url: 'https://other.example/x.png' } }),
      ),
    );
    assert.equal(await page.locator('.generated_image img').count(), 1);
    assert.equal(await page.locator('.generated_image a').getAttribute('href'), 'https://other.example/x.png');
  });

  scenario('questions to the user, answered and skipped', async ({ open }) => {
    const page = await open();
    const question = (id) =>
      done({
        type: 'structured_input',
        id,
        status: 'pending',
        inputs: [
          { type: 'multiple_choice', id: 'city', question: 'Which city?', options: [{ value: 'Oslo' }, { value: 'Bergen' }] },
          { type: 'freeform', id: 'more', question: 'Anything else?' },
        ],
      });
    await talk(page, script({ thread: { metadata: { on_resume: { steps: [said('thanks', 'Thank you.')] } } } }, question('q1')));
    await page.getByLabel('Oslo').check();
    const sent = parametersOf(page, 'threads.add_structured_input');
    await page.locator('.inputs').getByRole('button', { name: 'Send' }).click();
    const { item_id, input } = await sent;
    assert.equal(item_id, 'q1');
    assert.deepEqual(input.answers.city, { values: ['Oslo'], skipped: false });
    assert.equal(input.answers.more.skipped, true);
    await hear(page, 'Thank you.');
    assert.deepEqual(await page.locator('.structured_input dd').allInnerTexts(), ['Oslo', 'Skipped']);

    await talk(page, script(question('q2')));
    await page.locator('.inputs').getByRole('button', { name: 'Skip' }).click();
    await until(page, () => document.querySelectorAll('.structured_input dd').length === 4);
  });

  scenario('client tools: known, unknown, and one that asks', async ({ open }) => {
    const page = await open();
    const tool = (name, args = {}) =>
      script(
        { thread: { metadata: { on_resume: { steps: [said(`after_${name}`, `after ${name}`)] } } } },
        done({ type: 'client_tool_call', id: `tc_${name}`, call_id: name, name, status: 'pending', arguments: args }),
      );
    const results = [];
    page.on(
      'request',
      (request) => operation(request) === 'threads.add_client_tool_output' && results.push(request.postDataJSON().params.result),
    );
    for (const name of ['get_time', 'get_page_title', 'no_such_tool']) {
      await write(page, tool(name));
      await hear(page, `after ${name}`);
      await idle(page);
    }
    await write(page, tool('confirm', { message: 'Really?' }));
    await page.getByRole('dialog').getByText('Really?').waitFor();
    await page.getByRole('button', { name: 'Yes' }).click();
    await hear(page, 'after confirm');
    await idle(page);
    assert.match(results[0].time, /^\d{4}-/);
    assert.match(results[1].title, /ChatKit/);
    assert.match(results[2].error, /no_such_tool/);
    assert.deepEqual(results[3], { confirmed: true });
  });

  scenario('a client tool that was waiting when the page was left runs again on request', async ({ open }) => {
    const page = await open();
    await write(
      page,
      script(
        { thread: { metadata: { on_resume: { steps: [said('at_last', 'at last')] } } } },
        done({ type: 'client_tool_call', id: 'tc_wait', call_id: 'w', name: 'confirm', status: 'pending', arguments: {} }),
      ),
    );
    await page.getByRole('dialog').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Run this tool now' }).click();
    await page.getByRole('button', { name: 'Yes' }).click();
    await hear(page, 'at last');
    await idle(page);
    assert.equal(await page.getByRole('button', { name: 'Run this tool now' }).count(), 0);
  });
});

describe('widgets', () => {
  scenario('a button runs a streaming action with the values of its form', async ({ open }) => {
    const page = await open();
    await talk(
      page,
      script({
        widget: [
          {
            type: 'Card',
            asForm: true,
            confirm: { label: 'Save', action: { type: 'save', payload: { steps: [said('saved', 'saved by the action')] } } },
            children: [
              { type: 'Title', value: 'Profile' },
              { type: 'Input', name: 'user.name' },
              { type: 'Checkbox', name: 'news', label: 'News' },
            ],
          },
        ],
      }),
    );
    await page.getByRole('textbox', { name: 'user.name' }).fill('Ada');
    await page.getByLabel('News').check();
    const asked = parametersOf(page, 'threads.custom_action');
    await page.getByRole('button', { name: 'Save' }).click();
    const { action, item_id } = await asked;
    assert.match(item_id, /./);
    assert.equal(action.type, 'save');
    assert.deepEqual([action.payload.user, action.payload.news], [{ name: 'Ada' }, true]);
    await hear(page, 'saved by the action');
    await idle(page);
  });

  scenario('an action that does not stream replaces its item', async ({ open }) => {
    const page = await open();
    const item = {
      type: 'widget',
      id: 'w1',
      thread_id: '$THREAD',
      created_at: '2026-01-01T00:00:00Z',
      widget: { type: 'Card', children: [{ type: 'Text', value: 'after' }] },
    };
    await talk(
      page,
      script(
        done({
          type: 'widget',
          id: 'w1',
          widget: {
            type: 'Card',
            children: [
              { type: 'Text', value: 'before' },
              {
                type: 'Button',
                label: 'Change',
                onClickAction: { type: 'change', streaming: false, payload: { updated_item: item } },
              },
            ],
          },
        }),
      ),
    );
    await page.getByRole('button', { name: 'Change' }).click();
    await page.locator('.widget p', { hasText: 'after' }).waitFor();
    assert.equal(await page.locator('.widget').count(), 1);
    assert.equal(await page.locator('.widget p', { hasText: 'before' }).count(), 0);
  });

  scenario('texts stream, roots and components change, unknown components show their children', async ({ open }) => {
    const page = await open();
    const root = (value, streaming) => ({
      type: 'Card',
      children: [
        { type: 'Novelty', children: [{ type: 'Text', id: 't', value, streaming }] },
        { type: 'Badge', id: 'b', label: 'new' },
      ],
    });
    await talk(page, script({ widget: [root('one', true), root('one two', true), root('one two three', false)] }));
    assert.equal(await page.locator('.widget p').innerText(), 'one two three');
    const update = event('thread.item.updated', {
      item_id: 'w2',
      update: { type: 'widget.component.updated', component_id: 'b', component: { type: 'Badge', id: 'b', label: 'old' } },
    });
    const item = (widget) => ({ type: 'widget', id: 'w2', thread_id: '$THREAD', created_at: '2026-01-01T00:00:00Z', widget });
    await write(
      page,
      script(
        event('thread.item.added', { item: item(root('x', false)) }),
        update,
        { sleep_ms: 500 },
        event('thread.item.done', { item: item({ type: 'Basic', children: [{ type: 'Caption', value: 'final' }] }) }),
      ),
    );
    await page.locator('.badge', { hasText: 'old' }).waitFor();
    await page.locator('.widget small', { hasText: 'final' }).waitFor();
    await idle(page);
  });
});
