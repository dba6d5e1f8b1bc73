/** A network that fails in the middle of a reply: the page finds its way back. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
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
  reply,
  said,
  script,
  speaking,
  stored,
  talk,
  until,
  write,
} from './steps.js';

const setting = setUp('playback', { network: true });
const { current } = setting;

function scenario(name, run) {
  setting.scenario(name, async ({ open }) => run(await open(), current.network), {
    expected: /Failed to load resource|net::ERR/,
  });
}

const reconnecting = (page) => page.getByText('Reconnecting…');
const words = (count) => 'abc '.repeat(count).trim();
const server = () => current.server.origin;

/** Waits until the server has the end of a reply. */
async function untilStored(page, text) {
  while ((await stored(page, server())).at(-1)[1] !== text);
}

describe('a connection that is lost', () => {
  scenario('in the middle of a reply is made again, and nothing is missing or said twice', async (page, network) => {
    const asked = operations(page);
    await begin(page, event('notice', { level: 'info', message: 'Once' }), reply(200, 'abc ', 20));
    for (let times = 1; times <= 2; times += 1) {
      network.cut();
      await reconnecting(page).waitFor();
      await reconnecting(page).waitFor({ state: 'detached' });
      const length = (await assistant(page).innerText()).length;
      await until(page, (before) => document.querySelector('.assistant_message').innerText.length > before, length);
    }
    await idle(page);
    assert.equal((await assistant(page).innerText()).trim(), words(200));
    assert.deepEqual((await items(page)).map(([kind]) => kind), ['user_message', 'assistant_message']);
    assert.equal(await banner(page).count(), 1);
    const after = asked.filter(([type]) => type === 'threads.attach').map(([, params]) => params.after);
    const run = /^([0-9a-f]{12})\.\d+$/.exec(after[0])?.[1];
    assert.ok(run && after.every((id) => id.startsWith(`${run}.`)), String(after));
    const numbers = after.map((id) => Number(id.split('.')[1]));
    assert.ok(numbers.every((number, at) => at === 0 || number > numbers[at - 1]), String(after));
  });

  scenario('is retried while the network is away, and Stop still works afterwards', async (page, network) => {
    await begin(page, reply(2000, 'abc ', 20));
    const failed = () => page.waitForEvent('requestfailed', (request) => operation(request) === 'threads.attach');
    const first = failed();
    network.fail();
    await first;
    await failed();
    await reconnecting(page).waitFor();
    assert.equal(await page.locator('#stop').isVisible(), true);
    network.up();
    await reconnecting(page).waitFor({ state: 'detached' });
    await page.click('#stop');
    await page.locator('.stopped', { hasText: 'Stopped' }).waitFor();
    await idle(page);
    assert.deepEqual(await stored(page, server()), await items(page));
  });

  scenario('while the turn ends brings the rest from the thread, without an error', async (page, network) => {
    await begin(page, reply(60, 'abc ', 20));
    network.fail();
    await reconnecting(page).waitFor();
    await untilStored(page, words(60));
    network.up();
    await until(page, (text) => document.querySelector('.assistant_message').textContent.trim() === text, words(60));
    await idle(page);
    assert.equal(await banner(page).count(), 0);
    assert.equal(await page.locator('.stopped').count(), 0);
    await page.getByRole('button', { name: 'Good reply' }).waitFor();
  });

  scenario('while the turn ends with a client tool still has it run here', async (page, network) => {
    await write(
      page,
      script(
        { thread: { metadata: { on_resume: { steps: [said('after', 'after the tool')] } } } },
        reply(40, 'abc ', 20),
        done({ type: 'client_tool_call', id: 'tc', call_id: 'c', name: 'get_time', status: 'pending', arguments: {} }),
      ),
    );
    await speaking(page);
    network.fail();
    await reconnecting(page).waitFor();
    while ((await stored(page, server())).at(-1)[0] !== 'client_tool_call');
    network.up();
    await hear(page, 'after the tool');
    await idle(page);
  });

  scenario('and stays away ends with Retry, which brings what the server has', async (page, network) => {
    await page.clock.install();
    await begin(page, reply(60, 'abc ', 20));
    network.fail();
    await reconnecting(page).waitFor();
    await page.clock.fastForward('01:01');
    const retry = banner(page).filter({ hasText: 'The connection was lost.' }).getByRole('button', { name: 'Retry' });
    await retry.waitFor();
    await idle(page);
    await untilStored(page, words(60));
    network.up();
    await retry.click();
    await until(page, (text) => document.querySelector('.assistant_message').textContent.trim() === text, words(60));
    assert.equal(await banner(page).count(), 0);
    assert.deepEqual((await items(page)).map(([kind]) => kind), ['user_message', 'assistant_message']);
  });

  scenario('as if the reply had ended is made again', async (page, network) => {
    await begin(page, event('notice', { level: 'info', message: 'Once' }), reply(100, 'abc ', 20));
    network.finish('threads.create');
    await idle(page);
    assert.equal((await assistant(page).innerText()).trim(), words(100));
    assert.equal(await banner(page).count(), 1);
  });

  scenario('without a sign is noticed by its silence', async (page, network) => {
    await page.clock.install();
    await begin(page, reply(100, 'abc ', 20));
    const release = network.hold('threads.create');
    const joined = page.waitForRequest((request) => operation(request) === 'threads.attach');
    await page.clock.fastForward('00:46');
    await page.clock.fastForward('00:01');
    assert.match((await joined).postDataJSON().params.after, /\.\d+$/);
    await idle(page);
    assert.equal((await assistant(page).innerText()).trim(), words(100));
    release();
  });

  scenario('before the server has named a new thread gives the message back', async (page, network) => {
    const message = script(said('late', 'late'));
    const sent = page.waitForRequest((request) => operation(request) === 'threads.create');
    await page.route('**/chatkit', async (route) => {
      if (operation(route.request()) !== 'threads.create') return route.continue();
      network.fail();
      await route.continue();
    });
    await write(page, message);
    await sent;
    await banner(page).filter({ hasText: 'Your message was not sent.' }).waitFor();
    assert.equal(await page.inputValue('#input'), message);
    network.up();
  });
});

describe('a stream that ends late', () => {
  scenario('keeps its place before the message that was sent meanwhile', async (page, network) => {
    await talk(page, script(said('first', 'first')));
    await write(page, script({ sleep_ms: 300 }, reply(2000, 'old ', 10)));
    await page.locator('.user_message', { hasText: 'old' }).and(page.locator(':not(.unconfirmed)')).waitFor();
    const release = network.hold('old ');
    const count = async () => (await stored(page, server())).length;
    while ((await count()) < 4);
    await write(page, script(said('new', 'the new reply')));
    await hear(page, 'the new reply');
    release();
    await until(page, () => document.querySelectorAll('.item').length === 6);
    await idle(page);
    const seen = await items(page);
    assert.deepEqual(
      seen.map(([kind]) => kind),
      ['user_message', 'assistant_message', 'user_message', 'assistant_message', 'user_message', 'assistant_message'],
    );
    assert.match(seen[3][1], /^old/);
    assert.deepEqual(await stored(page, server()), seen);
    await page.locator('.stopped', { hasText: 'Interrupted' }).waitFor();
  });
});
