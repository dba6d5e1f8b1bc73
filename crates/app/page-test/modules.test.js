/** Tests the page's modules on their own, in a real browser: the event parser and the Markdown renderer. */
import assert from 'node:assert/strict';
import { setUp } from './setup.js';

const { scenario } = setUp('playback');

scenario('events are found wherever the stream is cut', async ({ open }) => {
  const page = await open();
  const found = await page.evaluate(async () => {
    const { EventParser } = await import('/api.js');
    const text =
      ': ping\n\ndata: {"a":1}\n\nid: 4f.7\r\nevent: x\r\ndata:{"b":\r\ndata: 2}\r\n\r\ndata: {"c":"\u00e9\u{1f600}"}\r\r: end\n\n' +
      'data: 3\nid:4f.9\n\nid: 4f.10\n\nid: 4f.\0\ndata: 4\n\nid\ndata: 5\n\nid: 4f.12\ndata: unfinished';
    const bytes = new TextEncoder().encode(text);
    const results = new Set();
    for (let first = 0; first <= bytes.length; first += 1) {
      for (let second = first; second <= bytes.length; second += 1) {
        const decoder = new TextDecoder();
        const parser = new EventParser();
        const events = [
          [0, first],
          [first, second],
          [second, bytes.length],
        ].flatMap(([start, end]) => parser.push(decoder.decode(bytes.slice(start, end), { stream: true })));
        results.add(JSON.stringify(events));
      }
    }
    return [...results].map((each) => JSON.parse(each));
  });
  const events = [
    ['{"a":1}', ''],
    ['{"b":\n2}', '4f.7'],
    ['{"c":"\u00e9\u{1f600}"}', '4f.7'],
    ['3', '4f.9'],
    ['4', '4f.10'],
    ['5', ''],
  ];
  assert.deepEqual(found, [events.map(([data, id]) => ({ data, id }))]);
});

const EXAMPLES = [
  ['plain text', '<p>plain text</p>'],
  ['one\ntwo\n\nthree', '<p>one\ntwo</p><p>three</p>'],
  ['# Title\ntext', '<h3>Title</h3><p>text</p>'],
  ['a **b** *c* _d_ ~~e~~ `f*g*`', '<p>a <strong>b</strong> <em>c</em> <em>d</em> <del>e</del> <code>f*g*</code></p>'],
  ['**b *i* b** and ***both***', '<p><strong>b <em>i</em> b</strong> and <strong><em>both</em></strong></p>'],
  ['5 * 3 * 2, snake_case_name, **open', '<p>5 * 3 * 2, snake_case_name, **open</p>'],
  ['\\*no\\* 1 < 2 & <b>x</b>', '<p>*no* 1 &lt; 2 &amp; &lt;b&gt;x&lt;/b&gt;</p>'],
  ['- a\n- b\n  - c\n- d', '<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>'],
  ['3. a\n4. b\n\nafter', '<ol start="3"><li>a</li><li>b</li></ol><p>after</p>'],
  ['- a\n\n  more\n- b', '<ul><li>a<p>more</p></li><li>b</li></ul>'],
  ['> one\n> two\n\nafter', '<blockquote><p>one\ntwo</p></blockquote><p>after</p>'],
  ['a\n\n---\n\nb', '<p>a</p><hr><p>b</p>'],
  [
    '| a | b |\n|---|---|\n| 1 | **2** |',
    '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><strong>2</strong></td></tr></tbody></table>',
  ],
  ['```js\nlet a = "*x*";\n\n  b\n```\nafter', '<pre><code>let a = "*x*";\n\n  b</code></pre><p>after</p>'],
  ['```\nnot closed', '<pre><code>not closed</code></pre>'],
  [
    '[t](https://a.example/b_(c)) [x](javascript:alert(1)) [y]',
    '<p><a href="https://a.example/b_(c)">t</a> [x](javascript:alert(1)) [y]</p>',
  ],
  [
    'see https://a.example/x_y_z. And http://b.example, mailto [m](mailto:a@b.example)',
    '<p>see <a href="https://a.example/x_y_z">https://a.example/x_y_z</a>. And <a href="http://b.example">http://b.example</a>, mailto <a href="mailto:a@b.example">m</a></p>',
  ],
];

scenario('Markdown gives the same nodes at once and in any pieces', async ({ open }) => {
  const page = await open();
  const results = await page.evaluate(async (examples) => {
    const { Markdown } = await import('/markdown.js');
    const simple = (node) => {
      const copy = node.cloneNode(true);
      for (const each of copy.querySelectorAll('.code-head')) each.remove();
      for (const each of copy.querySelectorAll('div')) each.replaceWith(...each.childNodes);
      for (const each of copy.querySelectorAll('*')) {
        for (const name of each.getAttributeNames()) if (!['href', 'start'].includes(name)) each.removeAttribute(name);
      }
      copy.normalize();
      return copy.innerHTML;
    };
    const whole = (text) => simple(new Markdown(text).node);
    const inPieces = (text, nextLength) => {
      const md = new Markdown();
      for (let at = 0; at < text.length;) {
        const length = nextLength();
        md.append(text.slice(at, at + length));
        md.flush();
        at += length;
      }
      md.end();
      return simple(md.node);
    };
    let seed = 7;
    const random = () => {
      seed = (seed * 48271) % 2147483647;
      return 1 + (seed % 9);
    };
    return examples.map(([text, wanted]) => {
      const others = [1, 2, 3, 5]
        .map((length) => inPieces(text, () => length))
        .concat(Array.from({ length: 40 }, () => inPieces(text, random)));
      return [whole(text), wanted, others.filter((each) => each !== wanted)];
    });
  }, EXAMPLES);
  for (const [found, wanted, different] of results) {
    assert.equal(found, wanted);
    assert.deepEqual(different, []);
  }
});

scenario('Markdown that has ended can go on', async ({ open }) => {
  const page = await open();
  const results = await page.evaluate(async (texts) => {
    const { Markdown } = await import('/markdown.js');
    const inner = ({ node }) => {
      const copy = node.cloneNode(true);
      copy.normalize();
      return copy.innerHTML;
    };
    return texts.flatMap((text) =>
      [...text].map((_, at) => {
        const md = new Markdown(text.slice(0, at));
        md.append(text.slice(at));
        md.end();
        return [inner(md), inner(new Markdown(text))];
      }),
    );
  }, EXAMPLES.map(([text]) => text));
  for (const [found, wanted] of results) assert.equal(found, wanted);
});

scenario('a message that is streamed once more stays as it is until there is more of it', async ({ open }) => {
  const page = await open();
  const sights = await page.evaluate(async () => {
    const { createView } = await import('/items.js');
    const content = (text) => [{ type: 'output_text', text, annotations: [] }];
    const update = (type, fields) => ({ type: `assistant_message.content_part.${type}`, content_index: 0, ...fields });
    const item = { type: 'assistant_message', id: 'm', content: content('one **two') };
    const view = createView(item, {});
    const sights = [];
    const step = async (act) => {
      act();
      await new Promise(requestAnimationFrame);
      sights.push(view.node.textContent);
    };
    await step(() => view.replay({ ...item, content: [] }));
    await step(() => view.apply(update('added', { content: content('')[0] })));
    for (const delta of ['one', ' **t', 'wo', ' three', '** four']) await step(() => view.apply(update('text_delta', { delta })));
    await step(() => view.apply(update('done', { content: content('one **two three** four')[0] })));
    view.replay({ ...item, content: [] });
    await step(() => view.apply(update('text_delta', { delta: 'other' })));
    return sights;
  });
  const before = Array(5).fill('one **two');
  assert.deepEqual(sights, [...before, 'one **two three', 'one two three four', 'one two three four', 'other']);
});

scenario('a delta touches only the end of a long reply', async ({ open }) => {
  const page = await open();
  const { touched, kept, text } = await page.evaluate(async () => {
    const { Markdown } = await import('/markdown.js');
    const md = new Markdown();
    const paragraph = `${'A sentence with **bold** text and `code`. '.repeat(20)}\n\n`;
    for (let count = 0; count < 50; count += 1) md.append(paragraph);
    md.flush();
    const before = [...md.node.children];
    const observer = new MutationObserver(() => {});
    observer.observe(md.node, { childList: true, characterData: true, subtree: true });
    let touched = 0;
    for (let count = 0; count < 2000; count += 1) {
      md.append(' token');
      md.flush();
      touched = Math.max(touched, observer.takeRecords().length);
    }
    return {
      touched,
      kept: before.every((node, index) => md.node.children[index] === node),
      text: md.node.lastChild.textContent.length,
    };
  });
  assert.ok(touched <= 4, `one delta changed ${touched} nodes`);
  assert.equal(kept, true);
  assert.equal(text, 2000 * ' token'.length - 1);
});

scenario('text full of unclosed marks is rendered in bounded time', async ({ open }) => {
  const page = await open();
  const took = await page.evaluate(async () => {
    const { Markdown } = await import('/markdown.js');
    const start = performance.now();
    for (const mark of ['*a ', '[', '`a ``b ', '_a ', '**a *b ', '~~x', '[a](', 'https://', '\\'])
      new Markdown(mark.repeat(30_000 / mark.length));
    return performance.now() - start;
  });
  assert.ok(took < 10_000, `${took} ms`);
});
