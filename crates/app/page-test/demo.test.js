/** The demo responder, as the first screen offers it. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setUp } from './setup.js';
import { idle, operation, talk } from './steps.js';

const { scenario } = setUp('demo');

describe('the demo', () => {
  scenario('answers each suggestion', async ({ open }) => {
    const page = await open();
    const results = { help: '.assistant_message', stream: '.assistant_message', widget: '.widget', error: '.banner.error' };
    for (const [word, result] of Object.entries(results)) {
      await page.locator('#side .new').click();
      await page.locator('.suggestions button', { hasText: word }).first().click();
      await page.locator(result).first().waitFor();
      await idle(page);
      assert.match(await page.locator(result).first().innerText(), /\w/);
    }
  });

  scenario('has a widget whose buttons work', async ({ open }) => {
    const page = await open();
    await talk(page, 'widget');
    const acted = page.waitForResponse((response) => /custom_action/.test(operation(response.request())));
    await page.locator('.widget button').first().click();
    assert.equal((await acted).status(), 200);
    await idle(page);
    assert.equal(await page.locator('.banner.error').count(), 0);
  });

  scenario('plays every word that help names, to its end', async ({ open }) => {
    const first = await open();
    await talk(first, 'help');
    const named = await first.locator('.assistant_message code').allInnerTexts();
    const words = [...new Set(named)];
    assert.ok(words.length >= 4, `help names only ${words}`);

    const pages = [first, await open(), await open()];
    await Promise.all(
      pages.map(async (page) => {
        await agreeToDialogs(page);
        for (let word = words.shift(); word; word = words.shift()) {
          await page.locator('#side .new').click();
          await page.getByRole('heading', { name: 'Hello' }).waitFor();
          await talk(page, word);
          await page.locator('.client_tool_call', { hasText: 'Running' }).waitFor({ state: 'detached' });
          await idle(page);
          assert.ok((await page.locator('.item, .banner, .effect').count()) > 1, `nothing to see for ${word}`);
        }
      }),
    );
  });
});

/** Presses the main button of each dialog that opens. */
async function agreeToDialogs(page) {
  await page.evaluate(() => {
    new MutationObserver(() => document.querySelector('dialog[open] .primary')?.click()).observe(document.body, {
      attributes: true,
      subtree: true,
      attributeFilter: ['open'],
    });
  });
}
