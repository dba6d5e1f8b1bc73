/** Failures on the way: nothing typed or read is lost. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openProfile } from './browser.js';
import { setUp } from './setup.js';
import { startServer } from './server.js';
import { assistant, banner, hear, idle, operation, reply, said, script, until, write } from './steps.js';

const { current, scenario } = setUp('playback');

describe('failures on the way', () => {
  const provoked = /Failed to load resource|net::ERR/;

  scenario(
    'a message that could not be sent is given back, and Retry sends it',
    async ({ open }) => {
      const page = await open();
      const message = script(said('arrived', 'it arrived'));
      await page.route('**/chatkit', (route) =>
        operation(route.request()) === 'threads.create' ? route.abort() : route.continue(),
      );
      await write(page, message);
      await banner(page).filter({ hasText: 'could not be reached' }).waitFor();
      assert.equal(await page.inputValue('#input'), message);
      assert.equal(await page.locator('.user_message').count(), 0);

      await page.unroute('**/chatkit');
      await page.route('**/chatkit', (route) =>
        operation(route.request()) === 'threads.create'
          ? route.fulfill({ status: 503, json: { message: 'Busy.' } })
          : route.continue(),
      );
      await page.getByRole('button', { name: 'Retry', exact: true }).click();
      await banner(page).filter({ hasText: 'Busy.' }).waitFor();
      assert.equal(await page.inputValue('#input'), message);

      await page.unroute('**/chatkit');
      await page.route('**/chatkit', (route) =>
        operation(route.request()) === 'threads.create'
          ? route.fulfill({ contentType: 'text/event-stream', body: ': nothing\n\n' })
          : route.continue(),
      );
      await page.getByRole('button', { name: 'Retry', exact: true }).click();
      await banner(page).filter({ hasText: 'The connection was lost. Your message was not sent.' }).waitFor();
      assert.equal(await page.inputValue('#input'), message);
      assert.equal(await page.locator('.user_message').count(), 0);

      await page.unroute('**/chatkit');
      await page.getByRole('button', { name: 'Retry', exact: true }).click();
      await hear(page, 'it arrived');
      await idle(page);
      assert.equal(await page.inputValue('#input'), '');
      assert.equal(await banner(page).count(), 0);
      assert.equal(await page.locator('.user_message').count(), 1);
    },
    { expected: provoked },
  );

  test('a server that dies leaves the text and says so', async () => {
    const server = await startServer('playback');
    try {
      const profile = await openProfile(current.browser, server.origin);
      const page = await profile.open();
      await page.clock.install();
      await write(page, script(reply(1000, 'abc ', 20)));
      await until(page, () => document.querySelector('.assistant_message')?.textContent.length > 20);
      await server.kill();
      await page.getByText('Reconnecting…').waitFor();
      await page.clock.fastForward('01:01');
      await banner(page).filter({ hasText: 'The connection was lost.' }).getByRole('button', { name: 'Retry' }).waitFor();
      await idle(page);
      assert.match(await assistant(page).innerText(), /^(abc ?){5,}/);
      await write(page, 'typed meanwhile');
      await banner(page).filter({ hasText: 'could not be reached' }).waitFor();
      assert.equal(await page.inputValue('#input'), 'typed meanwhile');
      await profile.check(provoked);
    } finally {
      await server.stop();
    }
  });

  scenario(
    'a thread that does not exist is named',
    async ({ open }) => {
      const page = await open('/?thread=thr_nothing');
      await banner(page).filter({ hasText: 'does not exist' }).waitFor();
      assert.equal(await page.locator('#input').isDisabled(), true);
      await banner(page).getByRole('button', { name: 'New chat' }).click();
      await page.getByRole('heading', { name: 'Hello' }).waitFor();
      assert.equal(await page.locator('#input').isDisabled(), false);
    },
    { expected: provoked },
  );
});
