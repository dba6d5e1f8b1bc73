/** DOM helpers. Everything is built from nodes, so text from outside can never become markup. */

const RING = 'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16';
const ICONS = {
  bolt: 'M13 3L6 13h5l-1 8 8-11h-6z',
  calendar: 'M5 6h14v14H5zM5 10h14M9 4v4M15 4v4',
  chart: 'M5 4v16h15M9 16v-5M13 16V8M17 16v-3',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clock: RING + 'M12 8v4l3 2',
  close: 'M6 6l12 12M18 6L6 18',
  code: 'M9 7l-5 5 5 5M15 7l5 5-5 5',
  copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  cube: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12L4 7.5M12 12v9',
  document: 'M7 3h7l4 4v14H7zM14 3v4h4',
  dot: 'M12 11a1 1 0 1 0 0 2a1 1 0 1 0 0-2',
  down: 'M12 5v14M6 13l6 6 6-6',
  edit: 'M5 19l1-4L16 5l3 3L9 18z',
  globe: RING + 'M4 12h16M12 4c3 4 3 12 0 16c-3-4-3-12 0-16',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9v.01',
  info: RING + 'M12 11v5M12 8v.01',
  lightbulb: 'M9 18h6M10 21h4M9 15a6 6 0 1 1 6 0v1H9z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  plus: 'M12 5v14M5 12h14',
  reload: 'M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5',
  search: 'M11 5a6 6 0 1 0 0 12a6 6 0 1 0 0-12M15.5 15.5L20 20',
  send: 'M12 19V5M6 11l6-6 6 6',
  sparkle: 'M12 4l1.8 6.2L20 12l-6.2 1.8L12 20l-1.8-6.2L4 12l6.2-1.8z',
  star: 'M12 4l2.4 5.2 5.6.7-4.1 3.9 1 5.6-4.9-2.7-4.9 2.7 1-5.6L4 9.9l5.6-.7z',
  stop: 'M8 8h8v8H8z',
  thumb: 'M7 11v9H4v-9zM7 11l4-7c1.6 0 2.4 1 2 3l-.5 3H18a2 2 0 0 1 2 2.4l-1.2 6a2 2 0 0 1-2 1.6H7',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  upload: 'M12 16V4M7 9l5-5 5 5M5 20h14',
  user: 'M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8M5 20c0-4 3-6 7-6s7 2 7 6',
  warning: 'M12 4l9 16H3zM12 10v4M12 17v.01',
};

/**
 * `h('button.plain', {type: 'button', onclick}, 'text', node)`. Children that are null or false are left out. There is no
 * way to pass markup; styles are set on the style object, by code that has checked the values (widgets.js).
 */
export function h(spec, props, ...children) {
  const [tag, ...classes] = spec.split('.');
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(' ');
  for (const [key, value] of Object.entries(props || {})) {
    if (value == null) continue;
    if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

/** A drawing for an icon name. Variants ("check-circle") show the base drawing, unknown names a dot. */
export function icon(name) {
  const words = String(name)
    .replace(/^(vendor|lucide):|^square-/, '')
    .replace(/^write/, 'edit')
    .split('-');
  const key = words.find((word) => Object.hasOwn(ICONS, word)) ?? 'dot';
  const draw = (tag, attributes) => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [each, value] of Object.entries(attributes)) node.setAttribute(each, value);
    return node;
  };
  const svg = draw('svg', { viewBox: '0 0 24 24', class: `icon icon-${key}`, 'aria-hidden': 'true' });
  svg.append(draw('path', { d: ICONS[key] }));
  return svg;
}

/** A button that shows only an icon; `label` is its name and its tooltip. */
export function iconButton(name, label, onclick) {
  return h('button.icon-button', { type: 'button', title: label, 'aria-label': label, onclick }, icon(name));
}

/** A button that copies what `read` returns. */
export function copyButton(read) {
  return iconButton('copy', 'Copy', async ({ currentTarget: button }) => {
    const done = await copy(read());
    button.replaceChildren(icon(done ? 'check' : 'warning'));
    setTimeout(() => button.replaceChildren(icon('copy')), 1500);
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // The asynchronous clipboard is missing on plain http.
    const field = h('textarea.visually-hidden', { value: text });
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}

/** A link that opens outside the page, or only its text if the address is not one that a link may have. */
export function link(address, ...children) {
  const safe = /^(https?:|mailto:)/i.test(address) && URL.canParse(address);
  return safe
    ? h('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, ...children)
    : h('span', null, ...children);
}

/**
 * An image from this server, from inline data, or by https from one of `domains` (any, if there is no such list).
 * Another address is not requested: its name is shown instead.
 */
export function image(address, alt, domains) {
  const url = URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI) : null;
  const listed = !domains || domains.some((name) => url?.hostname === name || url?.hostname.endsWith(`.${name}`));
  const safe =
    url && (url.origin === location.origin || (url.protocol === 'https:' && listed) || /^data:image\//i.test(url.href));
  return safe ? h('img', { src: url.href, alt, referrerPolicy: 'no-referrer' }) : link(address, alt || 'Image');
}
