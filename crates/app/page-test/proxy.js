/** A network that can fail: a TCP proxy in front of a server. */
import { once } from 'node:events';
import net from 'node:net';

/** `origin` is the server's. All that goes through the proxy's own `origin` can be cut off or held up. */
export async function startProxy(origin) {
  const { hostname, port } = new URL(origin);
  const pairs = new Set();
  let down = false;

  const server = net.createServer((client) => {
    if (down) return client.resetAndDestroy();
    const upstream = net.connect(Number(port), hostname);
    const pair = { client, upstream, asked: '' };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    client.on('data', (chunk) => {
      pair.asked = chunk.toString('latin1');
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => client.write(chunk));
    for (const socket of [client, upstream]) socket.on('close', end).on('error', end);
  });
  const asking = (text) => [...pairs].filter(({ asked }) => asked.includes(text));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    /** Breaks all connections. */
    cut() {
      for (const { client } of pairs) client.resetAndDestroy();
    },
    /** Breaks all connections, and every new one until `up`. */
    fail() {
      down = true;
      this.cut();
    },
    up() {
      down = false;
    },
    /** Holds back what comes for the connections whose last request contains a text; the result lets it go. */
    hold(text) {
      const held = asking(text);
      for (const { upstream } of held) upstream.pause();
      return () => held.forEach(({ upstream }) => upstream.resume());
    },
    /** Ends the answers to requests that contain a text as if they were whole. */
    finish(text) {
      for (const { client, upstream } of asking(text)) {
        upstream.pause();
        client.end('0\r\n\r\n');
      }
    },
    async stop() {
      server.close();
      this.cut();
      await once(server, 'close');
    },
  };
}
