/** A browser whose pages report everything that must not happen. */
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function startBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/**
 * Opens pages of `origin` in one browser profile. `check()` fails if any of them logged an error, broke the content
 * policy, asked another origin for something or ran foreign script; `expected` matches messages a test provokes itself.
 */
export async function openProfile(browser, origin, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, ...options });
  context.setDefaultTimeout(15_000);
  const faults = [];
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error('policy', event.violatedDirective, event.blockedURI),
    );
  });

  return {
    context,
    async open(path = '/') {
      const page = await context.newPage();
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`);
      });
      page.on('pageerror', (error) => faults.push(`exception: ${error.stack}`));
      page.on('dialog', async (dialog) => {
        faults.push(`dialog: ${dialog.message()}`);
        await dialog.dismiss();
      });
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.origin !== origin && url.protocol !== 'data:') faults.push(`request: ${url}`);
      });
      await page.goto(origin + path);
      return page;
    },
    async check(expected = /^$/) {
      for (const page of context.pages()) {
        if (await page.evaluate(() => 'injected' in window)) faults.push('foreign script ran');
      }
      assert.deepEqual(
        faults.filter((fault) => !expected.test(fault)),
        [],
      );
      await context.close();
    },
  };
}
