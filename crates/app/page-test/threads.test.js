/** The list of threads, and two tabs. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setUp } from './setup.js';
import { assistant, banner, hear, idle, reply, row, said, script, talk, titled, until, write } from './steps.js';

const { scenario } = setUp('playback');

describe('the list of threads', () => {
  scenario('renames and deletes', async ({ open }) => {
    const page = await open();
    await talk(page, script(titled('Rename me'), said('r', 'text')));
    await row(page, 'Rename me').getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('textbox', { name: 'Title' }).fill('Renamed');
    await page.keyboard.press('Enter');
    await row(page, 'Renamed').waitFor();
    assert.equal(await page.locator('h1').innerText(), 'Renamed');
    await page.reload();
    await row(page, 'Renamed').waitFor();

    await row(page, 'Renamed').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await row(page, 'Renamed').count(), 1);
    await row(page, 'Renamed').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row(page, 'Renamed').waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Hello' }).waitFor();
    await page.reload();
    await page.locator('#threads li').first().waitFor({ state: 'attached' });
    assert.equal(await row(page, 'Renamed').count(), 0);
  });

  scenario('opens threads, and goes back and forward', async ({ open }) => {
    const page = await open();
    await talk(page, script(titled('Left one'), said('a1', 'the left text')));
    await page.locator('#side .new').click();
    await talk(page, script(titled('Right one'), said('a2', 'the right text')));
    await row(page, 'Left one').getByRole('link').click();
    await hear(page, 'the left text');
    assert.equal(await row(page, 'Left one').getByRole('link').getAttribute('aria-current'), 'page');
    await page.goBack();
    await hear(page, 'the right text');
    await page.goForward();
    await hear(page, 'the left text');
  });

  scenario('lets a reply go on while another thread is shown', async ({ open }) => {
    const page = await open();
    await talk(page, script(titled('Elsewhere'), said('b1', 'quiet here')));
    await page.locator('#side .new').click();
    await write(page, script(titled('Talkative'), reply(80, 'talk ', 20)));
    await until(page, () => document.querySelector('.assistant_message')?.textContent.length > 10);
    await row(page, 'Elsewhere').getByRole('link').click();
    await hear(page, 'quiet here');
    assert.equal(await page.locator('#stop').isVisible(), false);
    await page.locator('#threads .streaming').waitFor();
    await row(page, 'Talkative').getByRole('link').click();
    await page.locator('#stop').waitFor();
    await idle(page);
    assert.equal((await assistant(page).innerText()).trim(), 'talk '.repeat(80).trim());
  });

  scenario('reads every page of a long list and of a long thread', async ({ open }) => {
    const page = await open();
    await page.evaluate(
      async (text) => {
        for (let index = 0; index < 120; index += 1) {
          const input = {
            content: [{ type: 'input_text', text: text.replace('Number N', `Number ${index}`) }],
            attachments: [],
            inference_options: {},
          };
          const response = await fetch('/chatkit', {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ type: 'threads.create', params: { input } }),
          });
          await response.text();
        }
      },
      script(titled('Number N')),
    );
    await page.reload();
    await row(page, 'Number 119').waitFor();
    assert.ok((await page.locator('#threads li').count()) < 110);
    await page.hover('#threads');
    for (let pages = 0; pages < 10 && !(await row(page, /^Number 0$/).count()); pages += 1) {
      const before = await page.locator('#threads li').count();
      await page.evaluate(() => document.querySelector('#threads .end').scrollIntoView());
      await until(page, (count) => document.querySelectorAll('#threads li').length > count, before);
    }
    assert.equal(await row(page, /^Number \d+$/).count(), 120);

    await row(page, 'Number 119').getByRole('link').click();
    await talk(page, script(...Array.from({ length: 70 }, (_, index) => said(`m${index}`, `message ${index}`))));
    await page.reload();
    await until(page, () => document.querySelectorAll('.assistant_message').length === 70);
    assert.deepEqual(
      (await assistant(page).allInnerTexts()).map((text) => text.trim()),
      Array.from({ length: 70 }, (_, index) => `message ${index}`),
    );
  });

  scenario('names a thread without a title by its first words', async ({ open }) => {
    const page = await open();
    await talk(page, 'no script, only words');
    await row(page, 'no script, only words').waitFor();
    await page.reload();
    await row(page, 'no script, only words').waitFor();
    await until(page, () => document.querySelector('h1').textContent === 'no script, only words');
  });
});

describe('two tabs', () => {
  scenario(
    'see what the other has done',
    async ({ open }) => {
      const [one, two] = [await open(), await open()];
      await talk(one, script(titled('Shared'), said('s1', 'from the first tab')));
      await row(two, 'Shared').getByRole('link').click();
      await hear(two, 'from the first tab');
      await talk(two, script(said('s2', 'from the second tab')));
      await hear(one, 'from the second tab');

      await row(one, 'Shared').getByRole('button', { name: 'Rename' }).click();
      await one.getByRole('textbox', { name: 'Title' }).fill('Shared by two');
      await one.keyboard.press('Enter');
      await until(two, () => document.querySelector('h1').textContent === 'Shared by two');
      await row(two, 'Shared by two').getByRole('button', { name: 'Delete' }).click();
      await two.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await row(one, 'Shared by two').waitFor({ state: 'detached' });
      await banner(one).filter({ hasText: 'does not exist' }).waitFor();
    },
    { expected: /404/ },
  );

  scenario('stream at the same time without mixing', async ({ open }) => {
    const [one, two] = [await open(), await open()];
    await write(one, script(reply(60, 'one ', 20)));
    await write(two, script(reply(60, 'two ', 20)));
    await Promise.all([
      until(one, () => document.querySelector('.assistant_message')?.textContent.length > 8),
      until(two, () => document.querySelector('.assistant_message')?.textContent.length > 8),
    ]);
    await Promise.all([idle(one), idle(two)]);
    assert.equal((await assistant(one).innerText()).trim(), 'one '.repeat(60).trim());
    assert.equal((await assistant(two).innerText()).trim(), 'two '.repeat(60).trim());
  });
});
