/**
 * A safe subset of Markdown, rendered while it arrives. Finished text is never looked at again: a delta costs its own
 * length plus, at most, a piece of unfinished inline markup of bounded length.
 */
import { copyButton, h, link } from './dom.js';

/** How much text an unclosed inline mark may hold open before it counts as plain text. */
const MAX_OPEN = 1500;
const SLICE = 500;

const waiting = new Set();

/** One piece of Markdown in `node`. */
export class Markdown {
  constructor(text = '', node = h('div.md')) {
    this.node = node;
    this.#reset();
    if (text) this.set(text).end();
  }

  /** Everything received so far, as source. */
  text;
  #pending;
  #held;
  #midLine;
  #blank;
  #lists;
  #leaf;
  /** Whether `end` has shown something that more text may turn out to be otherwise. */
  #settled;

  #reset() {
    this.node.replaceChildren();
    this.text = this.#pending = this.#held = '';
    this.#midLine = false;
    this.#blank = true;
    this.#lists = [];
    this.#leaf = null;
    this.#settled = false;
  }

  /** Adds text; it shows in the next frame. */
  append(delta) {
    if (this.#settled && delta) {
      const before = this.text;
      this.#reset();
      this.text = this.#pending = before;
      this.flush();
    }
    this.text += delta;
    this.#pending += delta;
    if (!waiting.size) {
      requestAnimationFrame(() => {
        for (const each of waiting) each.flush();
        waiting.clear();
      });
    }
    waiting.add(this);
  }

  /** Makes `text` the whole content; only the end is rendered if it continues the present content. */
  set(text) {
    if (!text.startsWith(this.text)) this.#reset();
    this.append(text.slice(this.text.length));
    return this;
  }

  /** Shows what is still held back: no more text is expected. */
  end() {
    this.flush();
    const held = this.#take();
    if (held) this.#startLine(held, true);
    const open = this.#leaf?.end();
    this.#settled ||= !!held || !!open;
  }

  /** Renders what has been added. */
  flush() {
    const text = this.#pending;
    this.#pending = '';
    for (let start = 0; start < text.length;) {
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      this.#feed(text.slice(start, end), newline >= 0);
      start = end + 1;
    }
  }

  #take() {
    const line = this.#held;
    this.#held = '';
    return line;
  }

  #feed(chunk, complete) {
    if (this.#midLine) {
      this.#leaf.write(chunk);
    } else {
      this.#held += chunk;
      if (!complete && this.#undecided(this.#held)) return;
      this.#startLine(this.#take(), complete);
    }
    this.#midLine = !complete;
    if (complete && this.#leaf?.oneLine) this.#close();
  }

  /** True while the start of a line does not yet tell what kind of block it belongs to. */
  #undecided(line) {
    const text = line.trimStart();
    if (this.#leaf instanceof Code) return /^[`~]*\s*$/.test(text);
    return /^(\d{1,9}[.)]?|#{1,6}|>\s*|`{1,2}|~{1,2}|[-*_+][-*_ ]*)?$/.test(text) || /^(```|~~~|\|)/.test(text);
  }

  #startLine(line, complete) {
    const text = line.trimStart();
    const indent = line.slice(0, line.length - text.length).replaceAll('\t', '    ').length;
    if (this.#leaf instanceof Code) {
      if (complete && this.#leaf.closedBy(text)) this.#close();
      else this.#leaf.line(line);
      return;
    }
    if (!text) {
      this.#blank = true;
      this.#close();
      return;
    }
    const afterBlank = this.#blank;
    this.#blank = false;

    const rule = complete && /^([-*_])(\s*\1){2,}\s*$/.test(text);
    const marker = !rule && /^([-*+]|(\d{1,9})[.)])(?:\s+|$)/.exec(text);
    if (marker) return this.#listItem(indent, marker, text.slice(marker[0].length));

    const fence = /^(`{3,}|~{3,})\s*([^`]*)$/.exec(text);
    const heading = /^(#{1,6})\s+(.*)$/s.exec(text);
    const quote = /^>\s?(.*)$/s.exec(text);
    const row = text[0] === '|';
    const starts = rule || fence || heading || quote || row;
    if (afterBlank || starts) this.#leaveLists((list) => indent > list.indent);

    if (rule) {
      this.#close();
      this.#box().append(h('hr'));
    } else if (fence) this.#open(new Code(fence[1], fence[2], indent));
    else if (heading) this.#open(new Inline(h(`h${Math.min(heading[1].length + 2, 6)}`), true), heading[2]);
    else if (quote) this.#quote(quote[1]);
    else if (row) {
      if (!(this.#leaf instanceof Table)) this.#open(new Table());
      this.#leaf.row(text);
    } else if (this.#leaf instanceof Inline) this.#leaf.write(`\n${text}`);
    else this.#open(new Inline(h('p')), text);
  }

  #box() {
    return this.#lists.at(-1)?.item ?? this.node;
  }

  #close() {
    this.#leaf?.end();
    this.#leaf = null;
  }

  #open(leaf, text = '', box = this.#box()) {
    this.#close();
    box.append(leaf.node);
    this.#leaf = leaf;
    leaf.write(text);
  }

  #leaveLists(stays) {
    while (this.#lists.length && !stays(this.#lists.at(-1))) {
      this.#close();
      this.#lists.pop();
    }
  }

  #listItem(indent, marker, text) {
    const ordered = marker[2] !== undefined;
    this.#leaveLists((list) => indent >= list.indent + 2 || (indent >= list.indent && list.ordered === ordered));
    this.#close();
    let list = this.#lists.at(-1);
    if (!list || indent >= list.indent + 2) {
      list = { node: h(ordered ? 'ol' : 'ul', ordered && { start: Number(marker[2]) }), indent, ordered };
      this.#box().append(list.node);
      this.#lists.push(list);
    }
    list.item = h('li');
    this.#open(new Inline(list.item), text, list.node);
  }

  #quote(text) {
    const present = this.#leaf?.quote;
    if (present && text) return this.#leaf.write(`\n${text}`);
    const quote = present ?? h('blockquote');
    if (!present) this.#box().append(quote);
    this.#open(new Inline(h('p')), text, quote);
    this.#leaf.quote = quote;
  }
}

/** A fenced code block: text goes straight into it. */
class Code {
  constructor(fence, info, indent) {
    Object.assign(this, { fence, indent, code: h('code') });
    this.node = h(
      'div.code',
      null,
      h(
        'div.code-head',
        null,
        h('span', null, info.trim().split(/\s/)[0]),
        copyButton(() => this.code.textContent),
      ),
      h('pre', { tabIndex: 0 }, this.code),
    );
  }

  closedBy(text) {
    return text.startsWith(this.fence) && text.trim().replaceAll(this.fence[0], '') === '';
  }

  line(line) {
    const spaces = line.length - line.trimStart().length;
    this.write((this.started ? '\n' : '') + line.slice(Math.min(this.indent, spaces)));
    this.started = true;
  }

  write(text) {
    appendText(this.code, text);
  }

  end() {}
}

class Table {
  body = h('tbody');
  node = h('div.table', { tabIndex: 0 }, h('table', null, this.body));

  row(text) {
    const cells = text
      .trim()
      .replace(/^\||\|$/g, '')
      .split(/(?<!\\)\|/);
    const first = this.body.firstChild;
    if (first && !first.nextSibling && cells.every((cell) => /^\s*:?-+:?\s*$/.test(cell))) {
      this.body.before(h('thead', null, first));
      for (const cell of [...first.children]) cell.replaceWith(h('th', { scope: 'col' }, ...cell.childNodes));
      return;
    }
    this.body.append(
      h(
        'tr',
        null,
        cells.map((cell) => {
          const leaf = new Inline(h('td'));
          leaf.write(cell.trim().replaceAll('\\|', '|'));
          leaf.end();
          return leaf.node;
        }),
      ),
    );
  }

  write() {}

  end() {}
}

const PLAIN = /^[^\\`*_[~:]*$/;
const LINK_START = /\bh(t(t(ps?)?)?)?$/;

/** A run of inline text. What cannot change any more is committed; the rest is rendered again when more arrives. */
class Inline {
  #open = '';
  #shown = [];
  #previous = '';

  constructor(node, oneLine = false) {
    this.node = node;
    this.oneLine = oneLine;
  }

  write(text) {
    for (let start = 0; start < text.length; start += SLICE) {
      const slice = text.slice(start, start + SLICE);
      if (!this.#open && PLAIN.test(slice) && !LINK_START.test(slice)) {
        appendText(this.node, slice);
        this.#previous = slice.at(-1);
      } else {
        this.#open += slice;
        this.#render(this.#open.length > MAX_OPEN);
      }
    }
  }

  /** Shows what is unfinished as it stands; says whether there was any. */
  end() {
    const open = !!this.#open;
    if (open) this.#render(true);
    return open;
  }

  #render(final) {
    for (const node of this.#shown) node.remove();
    const { nodes, settled, from } = parseInline(this.#open, this.#previous, final);
    for (const node of nodes.slice(0, settled)) {
      if (node instanceof Text) appendText(this.node, node.data);
      else this.node.append(node);
    }
    this.#shown = nodes.slice(settled);
    this.node.append(...this.#shown);
    if (from) this.#previous = this.#open[from - 1];
    this.#open = this.#open.slice(from);
  }
}

function appendText(node, text) {
  if (node.lastChild instanceof Text && node.lastChild.length < 4096) node.lastChild.appendData(text);
  else if (text) node.append(text);
}

const CODE = /(`+)(?!`)(.*?[^`])\1(?!`)/sy;
const STRONG = /(\*\*|__)(?=\S)(.*?\S)\1(?!\*)/sy;
const EMPHASIS = /\*(?![\s*])(.*?[^\s*])\*(?!\*)/sy;
const UNDERSCORE = /_(?![\s_])(.*?[^\s_])_(?![\p{L}\p{N}])/suy;
const STRUCK = /~~(?=\S)(.*?\S)~~/sy;
const BRACKETS = String.raw`\[((?:[^[\]\\]|\\.|\[[^[\]]*\])*)\]`;
const LINK = new RegExp(
  BRACKETS + String.raw`\(\s*<?((?:https?:|mailto:)[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\s*\)`,
  'isy',
);
const NO_LINK = new RegExp(BRACKETS + '[^(]', 'sy');
const BARE = /https?:\/\/[^\s<>"`*]*[^\s<>"`*.,;:!?)\]}'_]/y;
const MARK = /[\\`*_[~]|\bh(?=t|$)/g;

/**
 * Turns inline source into nodes. The first `settled` of them, from the source before `from`, stay as they are whatever
 * follows; with `final` that is all of them.
 */
function parseInline(source, previous, final) {
  const nodes = [];
  let settled = -1;
  let from = source.length;
  let plain = '';
  const match = (pattern, at) => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  const push = (node) => {
    if (plain) nodes.push(document.createTextNode(plain));
    if (node) nodes.push(node);
    plain = '';
  };

  for (let at = 0; at < source.length;) {
    const next = match(MARK, at)?.index ?? source.length;
    plain += source.slice(at, next);
    if (next === source.length) break;
    at = next;
    // What ends at the very end may still change: `**a**` can become `**a***`.
    const { node, length = 1, text, open = !!node && at + length === source.length } = mark(at);
    if (open && !final && settled < 0) {
      push();
      settled = nodes.length;
      from = at;
    }
    if (node) push(node);
    else plain += text ?? source.slice(at, at + length);
    at += length;
  }
  push();
  return { nodes, settled: settled < 0 ? nodes.length : settled, from };

  /** What stands at a mark: a node or plain text, and whether text yet to come may change that (`open`). */
  function mark(at) {
    const rest = source.slice(at, at + 9);
    const nested = (found, make, text) => found && { node: make(parseInline(text, '', true).nodes), length: found[0].length };
    const element = (tag) => (children) => h(tag, null, children);
    const afterWord = /[\p{L}\p{N}_]/u.test(at ? source[at - 1] : previous);
    let found;
    switch (rest[0]) {
      case '\\':
        return /^\\[!-/:-@[-`{-~]/.test(rest) ? { length: 2, text: rest[1] } : { open: rest.length < 2 };
      case '`':
        found = match(CODE, at);
        if (found) return { node: h('code', null, found[2].replace(/^ (.*\S.*) $/s, '$1')), length: found[0].length };
        return { length: match(/`+/y, at)[0].length, open: true };
      case '~':
        found = match(STRUCK, at);
        return nested(found, element('del'), found?.[1]) ?? { open: /^~(~|$)/.test(rest) };
      case '[':
        found = match(LINK, at);
        return nested(found, (children) => link(found[2], children), found?.[1] || found?.[2]) ?? { open: !match(NO_LINK, at) };
      case 'h':
        found = !afterWord && match(BARE, at);
        // An address that touches the end may go on.
        if (found && (final || at + found[0].length + 1 < source.length))
          return { node: link(found[0], found[0]), length: found[0].length };
        return { open: !!found || 'https://'.startsWith(rest) || 'http://'.startsWith(rest) };
      default:
        if (rest[0] === '_' && afterWord) return {};
        found = match(STRONG, at);
        if (found) return nested(found, element('strong'), found[2]);
        found = match(rest[0] === '*' ? EMPHASIS : UNDERSCORE, at);
        return nested(found, element('em'), found?.[1]) ?? { length: match(/\*+|_+/y, at)[0].length, open: !/^.\s/.test(rest) };
    }
  }
}
