/** What servers do with a message while a turn runs, other than interrupting it (turns.test.js). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openProfile } from './browser.js';
import { startServer } from './server.js';
import { setUp } from './setup.js';
import { assistant, banner, begin, hear, idle, items, reply, said, script, speaking, stored, until, write } from './steps.js';

const { current } = setUp('playback');
const PAIRS = ['user_message', 'assistant_message', 'user_message', 'assistant_message'];
const words = (count) => 'abc '.repeat(count).trim();

/** A test with a server that has a policy. `run` gets its origin, too. */
function scenario(policy, name, run) {
  test(name, async () => {
    const server = await startServer('playback', '--while-running', policy);
    try {
      const profile = await openProfile(current.browser, server.origin);
      await run(await profile.open(), server.origin);
      await profile.check();
    } finally {
      await server.stop();
    }
  });
}

/** What is on the page must be in the store, in the same order. */
async function assertSettled(page, origin, kinds) {
  await idle(page);
  const seen = await items(page);
  assert.deepEqual(
    seen.map(([kind]) => kind),
    kinds,
  );
  assert.deepEqual(await stored(page, origin), seen);
}

describe('a message while a turn runs', () => {
  scenario('enqueue', 'waits for its turn and says so', async (page, origin) => {
    await begin(page, reply(120, 'abc ', 20));
    await write(page, script(said('next', 'the next reply')));
    await page.locator('.progress', { hasText: 'Waiting for the response' }).waitFor();
    assert.equal(await page.locator('.user_message.unconfirmed').count(), 1);
    const length = (await assistant(page).innerText()).length;
    await until(page, (before) => document.querySelector('.assistant_message').innerText.length > before, length);
    await hear(page, 'the next reply');
    await assertSettled(page, origin, PAIRS);
    assert.equal((await assistant(page).first().innerText()).trim(), words(120));
    assert.equal(await page.locator('.stopped').count(), 0);
  });

  scenario('enqueue', 'gets its turn when the one before is stopped', async (page, origin) => {
    await begin(page, reply(2000, 'abc ', 20));
    await write(page, script(reply(60, 'next ', 20)));
    await page.locator('.progress', { hasText: 'Waiting for the response' }).waitFor();
    await page.click('#stop');
    await speaking(page, 1);
    await assertSettled(page, origin, PAIRS);
    assert.equal(await assistant(page).first().locator('.stopped').innerText(), 'Stopped');
    assert.equal((await assistant(page).last().innerText()).trim(), 'next '.repeat(60).trim());
  });

  scenario('reject', 'is given back, and the turn goes on', async (page, origin) => {
    const message = script(said('next', 'the next reply'));
    await begin(page, reply(150, 'abc ', 20));
    await write(page, message);
    await banner(page).filter({ hasText: 'Your message was not sent: a response is being written' }).waitFor();
    assert.equal(await page.inputValue('#input'), message);
    assert.equal(await page.locator('.user_message').count(), 1);
    assert.equal(await page.locator('#stop').isVisible(), true);
    assert.equal(await assistant(page).getAttribute('aria-busy'), 'true');
    await assertSettled(page, origin, ['user_message', 'assistant_message']);
    assert.equal((await assistant(page).innerText()).trim(), words(150));
    assert.equal(await page.locator('.stopped').count(), 0);
    await page.press('#input', 'Enter');
    await hear(page, 'the next reply');
    await assertSettled(page, origin, PAIRS);
    assert.equal(await banner(page).count(), 0);
  });

  scenario('rollback', 'takes the place of the one before', async (page, origin) => {
    await begin(page, said('done', 'already done'), reply(2000, 'abc ', 20));
    await until(page, () => document.querySelectorAll('.assistant_message').length === 2);
    await write(page, script(said('next', 'the next reply')));
    await hear(page, 'the next reply');
    await assertSettled(page, origin, ['user_message', 'assistant_message']);
    assert.equal(await page.locator('.stopped').count(), 0);
  });

  scenario('rollback', 'takes the place of one without a reply', async (page, origin) => {
    await write(page, script({ sleep_ms: 60_000 }));
    await page.locator('.user_message:not(.unconfirmed)').waitFor();
    await write(page, script(said('next', 'the next reply')));
    await hear(page, 'the next reply');
    await assertSettled(page, origin, ['user_message', 'assistant_message']);
    assert.equal(await page.locator('.stopped').count(), 0);
  });
});
