/** Turns under control: stopped, interrupted, joined after a reload and from another tab. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { openProfile } from './browser.js';
import { setUp } from './setup.js';
import {
  assistant,
  banner,
  begin,
  done,
  event,
  hear,
  idle,
  items,
  operation,
  operations,
  record,
  reply,
  said,
  script,
  speaking,
  stored,
  talk,
  until,
  write,
} from './steps.js';

const { current, scenario } = setUp('playback');

const LONG = reply(600, 'abc ', 20);
const kinds = (page) => items(page).then((found) => found.map(([kind]) => kind));
const stopped = (page) => page.locator('.stopped');
const answer = (page, type, respond) =>
  page.route('**/chatkit', (route) => (operation(route.request()) === type ? respond(route) : route.fallback()));

/** The texts of the last reply as they change; it must only grow. */
const growth = (page) =>
  record(page, () => {
    const replies = [...document.querySelectorAll('.assistant_message')];
    return replies.length + replies.at(-1)?.textContent.trim();
  });
function assertGrowing(sights) {
  sights.forEach((sight, at) => assert.ok(at === 0 || sight.startsWith(sights[at - 1]), `${sights[at - 1]}\n->\n${sight}`));
}

describe('every streaming request', () => {
  scenario('says that it can be resumed', async ({ open }) => {
    const page = await open();
    const headers = {};
    page.on('request', (request) => {
      if (operation(request)) headers[operation(request)] = request.headers()['chatkit-resumable'];
    });
    await talk(page, script(said('one', 'first')));
    await page.getByRole('button', { name: 'Retry this reply' }).click();
    await talk(page, script(said('two', 'second')));
    await page.reload();
    await hear(page, 'second');
    await until(page, () => document.querySelector('.bar').textContent !== null);
    for (const type of ['threads.create', 'threads.add_user_message', 'threads.retry_after_item', 'threads.attach']) {
      assert.equal(headers[type], '1', type);
    }
    assert.equal(headers['threads.get_by_id'], undefined);
  });
});

describe('Stop', () => {
  scenario('shows at once, ends the turn on the server, and keeps there what is seen here', async ({ open }) => {
    const page = await open();
    const asked = operations(page);
    await begin(page, LONG);
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await answer(page, 'threads.stop', async (route) => {
      await held;
      await route.continue();
    });
    await page.click('#stop');
    await page.getByRole('button', { name: 'Stopping…' }).waitFor();
    assert.match(await page.locator('#stop').innerText(), /Stopping…/);
    await page.dispatchEvent('#stop', 'click');
    release();
    await stopped(page).waitFor();
    await idle(page);
    assert.equal(await stopped(page).innerText(), 'Stopped');
    const seen = await items(page);
    assert.match(seen[1][1], /^(abc ?){2,}/);
    assert.deepEqual(await stored(page, current.server.origin), seen);
    assert.equal(asked.filter(([type]) => type === 'threads.stop').length, 1);

    await page.reload();
    await until(page, () => document.querySelector('.assistant_message'));
    await idle(page);
    assert.deepEqual(await items(page), seen);
  });

  scenario('of a reply that has not begun is noted under the message', async ({ open }) => {
    const page = await open();
    await write(page, script({ sleep_ms: 60_000 }));
    await page.click('#stop');
    await stopped(page).waitFor();
    await idle(page);
    assert.deepEqual(await kinds(page), ['user_message']);
    assert.deepEqual(await page.locator('.log > *').evaluateAll((rows) => rows.map((row) => row.classList[0])), ['item', 'stopped']);
  });

  scenario('that comes too late changes nothing', async ({ open }) => {
    const page = await open();
    await begin(page, reply(60, 'abc ', 20));
    const ended = page.waitForEvent('requestfinished', (request) => operation(request) === 'threads.create');
    await answer(page, 'threads.stop', async (route) => {
      await ended;
      await route.continue();
    });
    const answered = page.waitForResponse((response) => operation(response.request()) === 'threads.stop');
    await page.click('#stop');
    assert.deepEqual(await (await answered).json(), { stopped: false });
    await idle(page);
    assert.equal(await stopped(page).count(), 0);
    assert.equal((await assistant(page).innerText()).trim(), 'abc '.repeat(60).trim());
  });

  scenario(
    'that the server refuses lets the reply go on and says why',
    async ({ open }) => {
      const page = await open();
      await begin(page, reply(80, 'abc ', 20));
      await answer(page, 'threads.stop', (route) => route.fulfill({ status: 409, json: { message: 'Not this one.' } }));
      await page.click('#stop');
      await page.locator('#toasts').getByText('Not this one.').waitFor();
      await idle(page);
      assert.equal(await stopped(page).count(), 0);
      assert.equal((await assistant(page).innerText()).trim(), 'abc '.repeat(80).trim());
    },
    { expected: /409/ },
  );

  scenario(
    'that does not reach the server ends the stream here and says so',
    async ({ open }) => {
      const page = await open();
      await begin(page, LONG);
      await answer(page, 'threads.stop', (route) => route.abort());
      await page.click('#stop');
      await page.locator('#toasts').getByText('could not be told').waitFor();
      await stopped(page).waitFor();
      await idle(page);
      assert.equal(await banner(page).count(), 0);
    },
    { expected: /net::ERR/ },
  );
});

describe('a running turn', () => {
  scenario('is joined after a reload: nothing twice, nothing lost, nothing shrinks', async ({ open }) => {
    const page = await open();
    await begin(page, event('notice', { level: 'info', message: 'Before the reply' }), reply(150, 'abc ', 20));
    await page.reload();
    await speaking(page);
    const sights = await growth(page);
    await page.locator('#stop').waitFor();
    assert.equal(await assistant(page).getAttribute('aria-busy'), 'true');
    await idle(page);
    assertGrowing(await sights());
    assert.ok((await sights()).length > 2, 'the reply was whole at once');
    assert.deepEqual(await kinds(page), ['user_message', 'assistant_message']);
    assert.equal((await assistant(page).innerText()).trim(), 'abc '.repeat(150).trim());
    assert.equal(await banner(page).count(), 1);
  });

  scenario('that ends while it is being joined is shown as it has ended', async ({ open }) => {
    const page = await open();
    await begin(page, reply(60, 'abc ', 20));
    const whole = 'abc '.repeat(60).trim();
    await answer(page, 'threads.attach', async (route) => {
      await assistant(page).waitFor();
      while ((await stored(page, current.server.origin)).at(-1)[1] !== whole);
      await route.continue();
    });
    await page.reload();
    await until(page, (text) => document.querySelector('.assistant_message')?.textContent.trim() === text, whole);
    await idle(page);
    assert.deepEqual(await kinds(page), ['user_message', 'assistant_message']);
  });

  scenario('is shown with its progress, and can be stopped by whoever has joined it', async ({ open }) => {
    const one = await open();
    await write(one, script(event('progress_update', { icon: 'search', text: 'Searching' }), { sleep_ms: 1000 }, LONG));
    await one.locator('.progress', { hasText: 'Searching' }).waitFor();
    const two = await open(new URL(one.url()).search);
    await two.locator('.progress', { hasText: 'Searching' }).waitFor();
    await two.locator('#threads .streaming').waitFor();
    await Promise.all([speaking(one), speaking(two)]);
    await two.click('#stop');
    await Promise.all([idle(one), idle(two)]);
    await stopped(two).waitFor();
    const seen = await items(two);
    assert.deepEqual(await items(one), seen);
    assert.deepEqual(await stored(two, current.server.origin), seen);
  });

  scenario('has its client tool run by the tab that asked, and by no other', async ({ open }) => {
    const one = await open();
    const asked = operations(one);
    await write(
      one,
      script(
        { thread: { metadata: { on_resume: { steps: [said('after', 'after the tool')] } } } },
        event('progress_update', { text: 'Thinking' }),
        { sleep_ms: 1000 },
        done({ type: 'client_tool_call', id: 'tc', call_id: 'c', name: 'confirm', status: 'pending', arguments: {} }),
      ),
    );
    await one.locator('.progress', { hasText: 'Thinking' }).waitFor();
    const two = await open(new URL(one.url()).search);
    const askedByTwo = operations(two);
    await two.getByRole('button', { name: 'Run this tool now' }).waitFor();
    await one.getByRole('button', { name: 'Yes' }).click();
    await Promise.all([hear(one, 'after the tool'), hear(two, 'after the tool')]);
    await Promise.all([idle(one), idle(two)]);
    assert.equal(await two.getByRole('button', { name: 'Run this tool now' }).count(), 0);
    assert.equal(await two.getByRole('dialog').count(), 0);
    const outputs = [...asked, ...askedByTwo].filter(([type]) => type === 'threads.add_client_tool_output');
    assert.equal(outputs.length, 1);
    assert.deepEqual(await items(one), await items(two));
  });

  scenario('that another tab begins is joined at once, whatever this one shows', async ({ open }) => {
    const one = await open();
    await talk(one, script(said('first', 'first')));
    const two = await open(new URL(one.url()).search);
    await hear(two, 'first');
    await idle(two);
    await write(one, script(said('second', 'second'), { sleep_ms: 60_000 }));
    await hear(two, 'second');
    await two.locator('#stop').waitFor();
    // The reply that ends for this one has nothing unfinished.
    await begin(two, LONG);
    await speaking(one, 2);
    await one.click('#stop');
    await Promise.all([idle(one), idle(two)]);
    assert.deepEqual(await items(one), await items(two));
  });

  scenario('that nobody knows of is found when the page is seen again, or the network is back', async ({ open }) => {
    const page = await open();
    await talk(page, script(said('before', 'before')));
    const elsewhere = await openProfile(current.browser, current.server.origin);
    const other = await elsewhere.open(new URL(page.url()).search);
    for (const wake of [() => document.dispatchEvent(new Event('visibilitychange')), () => dispatchEvent(new Event('online'))]) {
      await hear(other, 'before');
      await begin(other, reply(100, 'xyz ', 20));
      const count = await assistant(other).count();
      await page.evaluate(wake);
      await until(page, (expected) => document.querySelectorAll('.assistant_message').length === expected, count);
      await page.locator('#stop').waitFor();
      await Promise.all([idle(page), idle(other)]);
      assert.deepEqual(await items(page), await items(other));
    }
    await elsewhere.check();
  });
});

describe('a message while a turn runs', () => {
  scenario('goes out at once; what the older stream still brings keeps its place', async ({ open }) => {
    const page = await open();
    await begin(page, LONG);
    const order = [];
    page.on('request', (request) => order.push(`${operation(request)} begins`));
    page.on('requestfinished', (request) => order.push(`${operation(request)} ends`));
    await write(page, script(reply(30, 'new ', 20)));
    await until(page, () => document.querySelectorAll('.assistant_message').length === 2);
    await idle(page);
    const [begins, ends] = ['threads.add_user_message begins', 'threads.create ends'].map((each) => order.indexOf(each));
    assert.ok(begins >= 0 && begins < ends, `the page waited for the end of the older stream: ${order}`);
    assert.deepEqual(await kinds(page), ['user_message', 'assistant_message', 'user_message', 'assistant_message']);
    assert.equal(await stopped(page).innerText(), 'Interrupted');
    assert.equal(await assistant(page).first().locator('.stopped').count(), 1);
    const seen = await items(page);
    assert.deepEqual(await stored(page, current.server.origin), seen);
    await page.reload();
    await until(page, () => document.querySelectorAll('.item').length === 4);
    assert.deepEqual(await items(page), seen);
  });

  scenario('interrupts a reply that has not begun', async ({ open }) => {
    const page = await open();
    await talk(page, script(said('first', 'first')));
    await write(page, script({ sleep_ms: 60_000 }));
    await page.locator('.user_message:not(.unconfirmed)').nth(1).waitFor();
    await write(page, script(said('last', 'last')));
    await hear(page, 'last');
    await idle(page);
    const rows = await page.locator('.log > *').evaluateAll((nodes) => nodes.map((node) => node.classList[1] ?? node.className));
    assert.deepEqual(rows, ['user_message', 'assistant_message', 'user_message', 'stopped', 'user_message', 'assistant_message']);
  });

  scenario('to a thread that is being created waits for its id', async ({ open }) => {
    const page = await open();
    const asked = operations(page);
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await answer(page, 'threads.create', async (route) => {
      await held;
      await route.continue();
    });
    await write(page, script(LONG));
    await write(page, script(said('second', 'the second')));
    assert.equal(await page.locator('.user_message.unconfirmed').count(), 2);
    release();
    await hear(page, 'the second');
    await idle(page);
    assert.equal(asked.filter(([type]) => type === 'threads.create').length, 1);
    const seen = await items(page);
    assert.equal(seen.filter(([kind]) => kind === 'user_message').length, 2);
    assert.deepEqual(await stored(page, current.server.origin), seen);
  });

  for (const [where, sameProfile] of [
    ['another tab', true],
    ['another browser', false],
  ]) {
    scenario(`from ${where} ends this stream, and its turn is joined`, async ({ open }) => {
      const one = await open();
      await begin(one, LONG);
      const elsewhere = sameProfile ? { open, check() {} } : await openProfile(current.browser, current.server.origin);
      const two = await elsewhere.open(new URL(one.url()).search);
      await speaking(two);
      await two.locator('#stop').waitFor();
      await write(two, script(reply(120, 'new ', 20)));
      await one.locator('.user_message', { hasText: 'new' }).waitFor();
      await until(one, () => [...document.querySelectorAll('.assistant_message')].at(-1).textContent.startsWith('new'));
      await one.locator('#stop').waitFor();
      await Promise.all([idle(one), idle(two)]);
      const seen = await items(two);
      assert.deepEqual(
        seen.map(([kind]) => kind),
        ['user_message', 'assistant_message', 'user_message', 'assistant_message'],
      );
      assert.equal(seen[3][1], 'new '.repeat(120).trim());
      assert.deepEqual(await items(one), seen);
      assert.equal(await banner(one).count(), 0);
      await elsewhere.check();
    });
  }
});
