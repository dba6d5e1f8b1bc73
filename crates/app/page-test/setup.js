/** What each test file starts and ends: one browser and one server. */
import { after, before, test } from 'node:test';
import { openProfile, startBrowser } from './browser.js';
import { startProxy } from './proxy.js';
import { startServer } from './server.js';

/**
 * Starts a browser and a server with a responder for the tests of a file, and with `network` a network between the two
 * that can fail (proxy.js). `scenario` is a test with a browser profile of its own, which must end without faults except
 * those that `expected` matches; its other options are the profile's.
 */
export function setUp(responder, { network = false } = {}) {
  const current = {};
  before(async () => {
    [current.browser, current.server] = await Promise.all([startBrowser(), startServer(responder)]);
    if (network) current.network = await startProxy(current.server.origin);
    current.origin = (current.network ?? current.server).origin;
  });
  after(async () => {
    await Promise.all([current.browser?.close(), current.network?.stop(), current.server?.stop()]);
  });

  function scenario(name, run, { expected, ...options } = {}) {
    test(name, async () => {
      const profile = await openProfile(current.browser, current.origin, options);
      current.network?.up();
      await run(profile);
      await profile.check(expected);
    });
  }
  return { current, scenario };
}
