/** The page: composer, header, drawer, dialog, the address, and the conversation that is open. */
import { Chat } from './chat.js';
import { h, icon } from './dom.js';
import { ThreadList } from './threads.js';

const SUGGESTIONS = {
  help: 'What this server can show',
  stream: 'A reply, piece by piece',
  widget: 'A card with buttons',
  error: 'A failure, with Retry',
};
const $ = (id) => document.getElementById(id);
const [side, main, scroll, input] = ['side', 'main', 'scroll', 'input'].map($);
const phone = matchMedia('(max-width: 720px)');
const otherTabs = new BroadcastChannel('chatkit');

/** Conversations with a running reply; they go on while another one is shown. */
const running = new Set();
let chat;
let atEnd = true;

for (const slot of document.querySelectorAll('[data-icon]')) slot.replaceWith(icon(slot.dataset.icon));

/** What conversations and the list of threads may ask of the page. */
const host = {
  ask,
  open,
  /** Moves a focus that was lost with the button it stood on to the message box. */
  refocus() {
    if (document.activeElement === document.body && !phone.matches) input.focus();
  },
  toast(text) {
    const note = h('p', null, text);
    $('toasts').append(note);
    setTimeout(() => note.remove(), 5000);
  },
  /** Something that the header, the composer or the list shows has changed. */
  changed(which) {
    running[which.running ? 'add' : 'delete'](which);
    if (which.id && which.firstWords) threads.words(which.id, which.firstWords);
    threads.busy(which.id, !!which.running);
    if (which === chat) sync();
  },
  /** The thread of a conversation was read, created or changed. */
  seen(which) {
    threads.seen(which.thread);
    if (which === chat) {
      threads.mark(which.id);
      if (here() !== which.id) history.replaceState(null, '', address(which.id));
    }
    host.changed(which);
  },
  /** The server has taken up a turn that was asked for here. */
  started(which) {
    otherTabs.postMessage(which.id);
  },
  /** A stream has ended; `started`: of a turn that was asked for here. */
  finished(which, started) {
    host.changed(which);
    if (started) otherTabs.postMessage(which.id);
  },
  /** Reads a conversation anew, if it is still shown. */
  async load(which) {
    if (which === chat && which.id) await load(which);
  },
  unsent(which, text) {
    if (which === chat) setInput(input.value ? `${text}\n${input.value}` : text);
    else keepDraft(which.id, text);
  },
  resend(which, text) {
    if (which === chat && input.value.trim() === text) setInput('');
    which.send(text);
  },
  renamed(thread) {
    if (chat.id === thread.id) chat.thread = thread;
    threads.seen(thread);
    otherTabs.postMessage(thread.id);
    sync();
  },
  deleted(id) {
    for (const each of running) if (each.id === id) each.abort('Stopped');
    otherTabs.postMessage(id);
    if (chat.id === id) open(null);
  },
};
const threads = new ThreadList($('threads'), host);

/** Shows a thread, or the first screen of a new one. */
function open(id, { push = true } = {}) {
  drawer(false);
  chat?.leave();
  if (push && id !== here()) history.pushState(null, '', address(id));
  chat = [...running].find((each) => id && each.id === id) ?? new Chat(host, id);
  scroll.replaceChildren(chat.page.node);
  follow(true);
  setInput(sessionStorage.getItem(draftKey(id)) ?? '');
  threads.mark(id);
  if (!phone.matches) input.focus();
  if (id && !chat.running) load(chat);
}

/** Reads a conversation. A thread that cannot be read is said so in its place. */
async function load(which) {
  if (which.loading) {
    which.behind = true;
    return;
  }
  which.loading = true;
  which.page.node.querySelector('.unread')?.remove();
  try {
    do await which.refresh();
    while (which.behind && which.idle);
    which.missing = false;
  } catch (error) {
    which.missing = error.status === 404;
    const again = h(
      'button.button',
      { type: 'button', onclick: () => (which.missing ? open(null) : load(which)) },
      which.missing ? 'New chat' : 'Retry',
    );
    which.page.log.before(
      h(
        'div.banner.danger.unread',
        { role: 'alert' },
        icon('warning'),
        h(
          'div',
          null,
          which.missing ? 'This chat does not exist, or not any more.' : `The chat could not be read. ${error.message}`,
        ),
        again,
      ),
    );
  }
  which.loading = false;
  if (which === chat) sync();
}

/** Brings header and composer in line with the conversation. */
function sync() {
  const name = chat.id && (chat.thread || chat.missing) ? threads.title(chat.thread) : chat.id ? '' : 'New chat';
  $('title').textContent = name;
  document.title = chat.id && name ? `${name} – ChatKit` : 'ChatKit';
  const reason = chat.blocked ?? (chat.missing ? 'Start a new chat to go on.' : '');
  if ($('reason').textContent !== reason) $('reason').textContent = reason;
  input.disabled = !!reason;
  const text = input.value.trim();
  const held = chat.running?.allowCancel === false;
  const [stop, stopping] = [$('stop'), chat.stopping];
  stop.hidden = !stopping && !chat.stoppable;
  stop.ariaDisabled = String(stopping);
  stop.ariaLabel = stopping ? 'Stopping…' : 'Stop';
  stop.title = stopping ? 'Stopping…' : 'Stop (Esc)';
  $('send').hidden = !stop.hidden && !text;
  $('send').disabled = !!reason || held || !text;
  $('send').title = held ? 'This reply cannot be interrupted' : 'Send (Enter)';

  const welcome = chat.page.node.querySelector('.welcome');
  if (chat.id || chat.running || chat.page.log.firstChild) welcome?.remove();
  else if (!welcome) chat.page.node.prepend(firstScreen());
}

function firstScreen() {
  return h(
    'div.welcome',
    null,
    h('h2', null, 'Hello. What shall we talk about?'),
    h('p.dim', null, 'Write a message below, or try one of the words that the demo knows.'),
    h(
      'div.suggestions',
      null,
      Object.entries(SUGGESTIONS).map(([word, text]) =>
        h('button', { type: 'button', onclick: () => send(word) }, h('strong', null, word), h('span.dim', null, text)),
      ),
    ),
  );
}

function send(text) {
  if (!text || input.disabled || chat.running?.allowCancel === false) return;
  setInput('');
  follow(true);
  chat.send(text);
}

function setInput(text) {
  input.value = text;
  input.dispatchEvent(new Event('input'));
}

function draftKey(id) {
  return `chatkit draft ${id ?? ''}`;
}

function keepDraft(id, text) {
  if (text) sessionStorage.setItem(draftKey(id), text);
  else sessionStorage.removeItem(draftKey(id));
}

function address(id) {
  return id ? `?thread=${encodeURIComponent(id)}` : location.pathname;
}

function here() {
  return new URLSearchParams(location.search).get('thread');
}

function drawer(shown) {
  const leaving = phone.matches && side.contains(document.activeElement);
  side.classList.toggle('open', shown);
  $('shade').hidden = !shown;
  $('menu').ariaExpanded = String(shown);
  main.inert = shown;
  if (shown) $('close').focus();
  else if (leaving) $('menu').focus();
}

/** Asks in a dialog. Resolves to the text entered ('' if there was none to enter), or to null if it was dismissed. */
function ask({ title, text, label, value, ok, danger }) {
  const field = label && h('input', { value, 'aria-label': label, required: true, maxLength: 200 });
  const yes = h(`button.button.primary${danger ? '.danger' : ''}`, { value: 'ok' }, ok);
  const no = h('button.button', { type: 'button', onclick: () => dialog.close() }, 'Cancel');
  const dialog = h(
    'dialog',
    { 'aria-label': title },
    h('form', { method: 'dialog' }, h('h2', null, title), text && h('p', null, text), field, h('div.w-buttons', null, no, yes)),
  );
  document.body.append(dialog);
  dialog.showModal();
  (field ?? yes).focus();
  field?.select();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      dialog.remove();
      resolve(dialog.returnValue === 'ok' ? (field?.value ?? '') : null);
    };
  });
}

/** Keeps the end of the conversation in view, or stops doing so. */
function follow(end) {
  atEnd = end;
  $('latest').hidden = end;
  if (end) scroll.scrollTop = scroll.scrollHeight;
}

input.addEventListener('input', () => {
  input.style.height = 'auto';
  input.style.height = `${input.scrollHeight}px`;
  keepDraft(chat.id, input.value);
  sync();
});
input.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send(input.value.trim());
});
$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  send(input.value.trim());
});
$('stop').addEventListener('click', () => {
  chat.stop();
  if (!phone.matches) input.focus();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]')) return;
  if (side.classList.contains('open')) drawer(false);
  else chat.stop();
});
for (const link of document.querySelectorAll('.new')) {
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(null);
  });
}
$('menu').addEventListener('click', () => drawer(true));
for (const id of ['close', 'shade']) $(id).addEventListener('click', () => drawer(false));
phone.addEventListener('change', () => drawer(false));
addEventListener('popstate', () => open(here(), { push: false }));
$('latest').addEventListener('click', () => follow(true));

// The view follows the reply only while the reader is at its end: scrolling up leaves it, scrolling to the end returns.
let top = 0;
scroll.addEventListener(
  'scroll',
  () => {
    const end = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
    if (end !== atEnd && (end || scroll.scrollTop < top)) follow(end);
    top = scroll.scrollTop;
  },
  { passive: true },
);
const resized = new ResizeObserver(() => atEnd && follow(true));
resized.observe(scroll);
new MutationObserver(() => resized.observe(scroll.firstChild)).observe(scroll, { childList: true });

// Other tabs show what this one did, and the other way round. What is running here may end for it.
otherTabs.addEventListener('message', ({ data }) => {
  threads.refresh();
  if (!chat.id || chat.id !== data) return;
  if (chat.running) chat.behind = true;
  else load(chat);
});
// While the page was away or without a network, anything may have happened.
function catchUp() {
  threads.refresh();
  if (chat.id && !chat.running) load(chat);
}
document.addEventListener('visibilitychange', () => document.hidden || catchUp());
addEventListener('pageshow', ({ persisted }) => persisted && catchUp());
addEventListener('online', catchUp);

threads.refresh();
open(here(), { push: false });
fetch('healthz')
  .then((response) => response.json())
  .then(({ version }) => {
    if (version) $('about').textContent = `chatkit ${version}`;
  })
  .catch(() => {});
