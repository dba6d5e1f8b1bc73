/** A conversation: sending, streaming, stopping, scrolling, and the buttons under a reply. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setUp } from './setup.js';
import {
  assistant,
  card,
  event,
  hear,
  idle,
  operation,
  parametersOf,
  reply,
  said,
  script,
  talk,
  titled,
  until,
  write,
} from './steps.js';

const { scenario } = setUp('playback');

describe('a conversation', () => {
  scenario('begins with a greeting, four suggestions and the message box in focus', async ({ open }) => {
    const page = await open();
    await page.getByRole('heading', { name: 'Hello' }).waitFor();
    assert.equal(await page.locator('.suggestions button').count(), 4);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'input');
    assert.equal(await page.locator('#send').isDisabled(), true);
  });

  scenario('is served with a policy that forbids foreign and inline code', async ({ open }) => {
    const page = await open();
    const response = await page.request.get(page.url());
    assert.match(response.headers()['content-security-policy'], /default-src 'self'/);
    assert.doesNotMatch(response.headers()['content-security-policy'], /unsafe/);
  });

  scenario('streams a reply piece by piece, and shows it again after a reload', async ({ open }) => {
    const page = await open();
    await write(page, script(titled('Streaming'), reply(40, 'word ', 25)));
    const early = await until(page, () => document.querySelector('.assistant_message')?.textContent.match(/word/g)?.length);
    assert.ok(early < 40, `the first sight of the reply had ${early} words`);
    assert.equal(await assistant(page).getAttribute('aria-busy'), 'true');
    await idle(page);
    const whole = 'word '.repeat(40).trim();
    assert.equal((await assistant(page).innerText()).trim(), whole);
    assert.equal(await page.title(), 'Streaming – ChatKit');
    assert.match(page.url(), /\?thread=/);

    await page.reload();
    await until(page, (text) => document.querySelector('.assistant_message')?.innerText.trim() === text, whole);
    assert.match(await page.locator('.user_message').innerText(), /"deltas":40/);
    assert.equal(await page.title(), 'Streaming – ChatKit');
  });

  for (const [way, stop] of [
    ['the button', (page) => page.click('#stop')],
    ['Escape', (page) => page.keyboard.press('Escape')],
  ]) {
    scenario(`stops at ${way} and keeps what was said`, async ({ open }) => {
      const page = await open();
      await write(page, script(reply(400, 'abc ', 25)));
      await until(page, () => document.querySelector('.assistant_message')?.textContent.length > 20);
      await stop(page);
      await page.getByText('Stopped').waitFor();
      await idle(page);
      const kept = (await assistant(page).innerText()).trim();
      assert.match(kept, /^(abc ?){5,}/);
      assert.ok(kept.length < 1500);
      assert.equal(await page.evaluate(() => document.activeElement.id), 'input');

      await talk(page, script(said('after_stop', 'the next reply')));
      await hear(page, 'the next reply');
      await page.reload();
      await until(page, () => document.querySelectorAll('.assistant_message').length === 2);
      assert.match(await assistant(page).first().innerText(), /^(abc ?){5,}/);
    });
  }

  scenario('cannot be stopped while the server does not allow it', async ({ open }) => {
    const page = await open();
    await write(page, script(event('stream_options', { stream_options: { allow_cancel: false } }), reply(40, 'x ', 25)));
    await until(page, () => document.querySelector('.assistant_message')?.textContent.length > 4);
    await page.fill('#input', 'next');
    assert.equal(await page.locator('#stop').isVisible(), false);
    assert.equal(await page.locator('#send').isDisabled(), true);
    await idle(page);
    assert.equal(await page.locator('#send').isDisabled(), false);
  });

  scenario('is interrupted by the next message', async ({ open }) => {
    const page = await open();
    await write(page, script(reply(400, 'old ', 25)));
    await until(page, () => document.querySelector('.assistant_message')?.textContent.length > 8);
    await write(page, script(said('newer', 'new reply')));
    await hear(page, 'new reply');
    await idle(page);
    await page.getByText('Interrupted').waitFor();
    const order = await page.locator('.item').evaluateAll((items) => items.map((item) => item.classList[1]));
    assert.deepEqual(order, ['user_message', 'assistant_message', 'user_message', 'assistant_message']);
  });

  scenario('settles what became of a message that was interrupted before the server confirmed it', async ({ open }) => {
    const page = await open();
    await talk(page, script(said('first', 'first reply')));
    let received;
    const held = new Promise((resolve) => (received = resolve));
    await page.route('**/chatkit', async (route) => {
      // The server receives the first of the two messages, but its answer is held back.
      if (operation(route.request()) === 'threads.add_user_message' && route.request().postData().includes('held')) {
        await route.fetch();
        received();
      } else {
        await route.continue();
      }
    });
    await write(page, script(said('held', 'held reply')));
    await held;
    await write(page, script(said('last', 'last reply')));
    await hear(page, 'last reply');
    await until(page, () => document.querySelectorAll('.user_message:not(.unconfirmed)').length === 3);
    await idle(page);
    assert.equal(await page.locator('.unconfirmed').count(), 0);
    await page.reload();
    await until(page, () => document.querySelectorAll('.user_message').length === 3);
  });

  scenario('takes Shift+Enter as a new line and keeps a draft over a reload', async ({ open }) => {
    const page = await open();
    await page.locator('#input').pressSequentially('one');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('two');
    assert.equal(await page.inputValue('#input'), 'one\ntwo');
    await page.reload();
    await until(page, () => document.querySelector('#input').value === 'one\ntwo');
    await page.keyboard.press('Enter');
    await page.locator('.user_message', { hasText: 'two' }).waitFor();
    assert.equal(await page.inputValue('#input'), '');
    await idle(page);
  });

  scenario('follows the reply only while the reader is at its end', async ({ open }) => {
    const page = await open();
    await write(page, script(reply(150, 'line\n\n', 20)));
    const atEnd = () => {
      const box = document.querySelector('#scroll');
      return box.scrollHeight > box.clientHeight + 200 && box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    };
    await until(page, atEnd);
    await page.hover('#scroll');
    await page.mouse.wheel(0, -150);
    await page.locator('#latest').waitFor();
    const height = await page.evaluate(() => document.querySelector('#scroll').scrollHeight);
    await until(page, (before) => document.querySelector('#scroll').scrollHeight > before + 200, height);
    assert.equal(await page.evaluate(atEnd), false);
    await page.click('#latest');
    await until(page, atEnd);
    await idle(page);
    assert.equal(await page.evaluate(atEnd), true);
  });
});

describe('the buttons under a reply', () => {
  scenario('copy, rate and retry', async ({ open, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await open();
    await talk(page, script(said('rated', 'A **good** reply')));
    const rated = parametersOf(page, 'items.feedback');
    await page.getByRole('button', { name: 'Good reply' }).click();
    const { kind, item_ids } = await rated;
    assert.deepEqual([kind, item_ids], ['positive', ['rated']]);
    await until(page, () => document.querySelector('.bar .positive').getAttribute('aria-pressed') === 'true');
    await page.locator('.bar').getByRole('button', { name: 'Copy' }).click();
    await until(page, async () => (await navigator.clipboard.readText()) === 'A **good** reply');
    await page.getByRole('button', { name: 'Retry this reply' }).click();
    await idle(page);
    await until(page, () => document.querySelectorAll('.assistant_message').length === 1);
  });
});

describe('for assistive technology', () => {
  scenario('every control has a name', async ({ open }) => {
    const page = await open();
    await talk(
      page,
      script(
        titled('Names'),
        said('n', '```js\nx\n```'),
        card(
          { type: 'Button', iconStart: 'search' },
          { type: 'Input', name: 'field' },
          { type: 'Select', name: 'choice', options: [] },
        ),
      ),
    );
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('button, a, input, textarea, select')]
        .filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim() || node.labels?.length))
        .map((node) => node.outerHTML),
    );
    assert.deepEqual(nameless, []);
    assert.equal(await page.locator('[role=log]').count(), 1);
  });
});

describe('on a phone', () => {
  scenario(
    'the list is a drawer, and nothing is wider than the screen',
    async ({ open }) => {
      const page = await open();
      assert.equal(await page.locator('#side').isVisible(), false);
      await page.getByRole('button', { name: 'Show the list of chats' }).click();
      await page.locator('#side').waitFor();
      assert.equal(await page.evaluate(() => document.activeElement.id), 'close');
      await page.keyboard.press('Escape');
      await page.locator('#side').waitFor({ state: 'hidden' });
      assert.equal(await page.evaluate(() => document.activeElement.id), 'menu');
      await talk(
        page,
        script(
          said('wide', `${'wide'.repeat(60)}\n\n\`\`\`\n${'code '.repeat(60)}\n\`\`\``),
          card({ type: 'Row', children: [{ type: 'Text', value: 'long '.repeat(40) }] }),
        ),
      );
      const overflow = await page.evaluate(() =>
        [document.documentElement, document.querySelector('#scroll')].map((box) => box.scrollWidth - box.clientWidth),
      );
      assert.deepEqual(overflow, [0, 0]);
    },
    { viewport: { width: 375, height: 700 }, hasTouch: true, isMobile: true },
  );
});
