/** Starts `chatkit serve` for a test. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const STARTUP_LIMIT_MS = 30_000;

/**
 * A server on a free port of 127.0.0.1, with a database of its own; `options` are more of its options. `stop()` ends it and
 * removes the database.
 */
export async function startServer(responder, ...options) {
  const program = process.env.CHATKIT_BIN;
  if (!program) throw new Error('CHATKIT_BIN must name the chatkit program');
  const folder = await mkdtemp(join(tmpdir(), 'chatkit-page-'));
  const child = spawn(program, [
    'serve',
    '--listen',
    '127.0.0.1:0',
    '--database',
    `sqlite:${join(folder, 'chat.db')}`,
    '--responder',
    responder,
    ...options,
  ]);
  const exited = new Promise((resolve) => child.on('exit', resolve));

  let output = '';
  const origin = await new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`the server named no address:\n${output}`)), STARTUP_LIMIT_MS);
    const read = (chunk) => {
      output += chunk;
      const port = /127\.0\.0\.1:([1-9]\d*)/.exec(output)?.[1];
      if (!port) return;
      clearTimeout(limit);
      resolve(`http://127.0.0.1:${port}`);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', reject);
    exited.then((code) => reject(new Error(`the server ended with ${code}:\n${output}`)));
  });

  return {
    origin,
    /** Ends the server at once, as a crash would. */
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(limit);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
