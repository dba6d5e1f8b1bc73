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
});
