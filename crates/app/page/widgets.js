/** Widgets: a renderer for the common components. A component that is not known shows its children. */
import { h, icon, image } from './dom.js';
import { Markdown } from './markdown.js';

/** A widget in `node`. `act(config, values, trigger, node)` runs an action; `domains` are the hosts images may come from. */
export class Widget {
  #appenders = new Map();
  #rendered = new Map();

  constructor(root, act, domains) {
    this.act = act;
    this.domains = domains;
    this.node = h('div.w-root');
    this.setRoot(root);
  }

  setRoot(root) {
    if (this.root && JSON.stringify(this.root) === JSON.stringify(root)) return;
    this.root = root;
    this.#appenders.clear();
    this.#rendered.clear();
    this.node.replaceChildren(this.#render(root));
  }

  apply(update) {
    const id = update.component_id;
    if (update.type === 'widget.root.updated') {
      this.setRoot(update.widget);
    } else if (update.type === 'widget.streaming_text.value_delta') {
      this.#appenders.get(id)?.(update.delta, update.done);
    } else if (update.type === 'widget.component.updated' && this.#rendered.has(id)) {
      const { component, node } = this.#rendered.get(id);
      for (const key of Object.keys(component)) delete component[key];
      node.replaceWith(this.#render(Object.assign(component, update.component)));
    }
  }

  /** Says how streamed text is added to a component. */
  streams(component, append) {
    this.#appenders.set(component.id, (delta, done) => {
      component.value += delta;
      if (done) delete component.streaming;
      append(delta, done);
    });
  }

  children(component) {
    return [component.children ?? []].flat().map((child) => this.#render(child));
  }

  #render(component) {
    if (!component || typeof component !== 'object') return null;
    const build = Object.hasOwn(BUILDERS, component.type) ? BUILDERS[component.type] : BUILDERS.Basic;
    const node = build(component, this);
    layout(node, component);
    if (component.id) this.#rendered.set(component.id, { component, node });
    return node;
  }
}

const box = (direction) => (c, w) => h(`div.w-${c.direction ?? direction}`, null, w.children(c));

const text = (tag) => (c, w) => {
  if (c.editable?.name) return control(h('input', { value: c.value }), { ...c.editable, value: undefined }, w);
  const node = h(tag, null, c.value);
  w.streams(c, (delta) => node.append(delta));
  return node;
};

const field = (tag, props) => (c, w) => control(h(tag, { value: c.defaultValue ?? '', ...props?.(c) }), c, w);

const BUILDERS = {
  Basic: box('col'),
  Box: box('col'),
  Col: box('col'),
  Row: box('row'),
  Transition: box('col'),
  Spacer: () => h('div.w-spacer'),
  Divider: () => h('hr'),
  Text: text('p'),
  Title: text('h3'),
  Caption: text('small'),
  Icon: (c) => h('span', { title: c.name }, icon(c.name)),
  Badge: (c) => h(`span.badge.tone-${TOKENS[c.color] ?? 'dim'}`, null, c.label),
  Image: (c, w) => image(c.src, c.alt ?? '', w.domains),
  Markdown: (c, w) => {
    const md = new Markdown();
    md.set(c.value ?? '').flush();
    if (!c.streaming) md.end();
    w.streams(c, (delta, done) => {
      md.append(delta);
      if (done) md.end();
    });
    return md.node;
  },
  Card: (c, w) => {
    const buttons = ['cancel', 'confirm']
      .filter((kind) => c[kind])
      .map((kind) => {
        const submits = kind === 'confirm' && c.asForm;
        return h(
          `button.button${kind === 'confirm' ? '.primary' : ''}`,
          {
            type: submits ? 'submit' : 'button',
            onclick: submits ? null : ({ currentTarget }) => w.act(c[kind].action, {}, currentTarget, w.node),
          },
          c[kind].label,
        );
      });
    const node = c.asForm ? form(c.confirm?.action, w) : h('div');
    node.className = `w-card w-${c.size}`;
    node.append(...status(c, w), h('div.w-col', null, w.children(c)));
    if (buttons.length) node.append(h('div.w-buttons', null, buttons));
    return node;
  },
  ListView: (c, w) => {
    const rows = w.children(c);
    const rest = rows.slice(Number(c.limit) || rows.length);
    for (const row of rest) row.hidden = true;
    const more = h('button.button', { type: 'button', hidden: !rest.length }, `Show ${rest.length} more`);
    more.onclick = () => {
      for (const each of [more, ...rest]) each.hidden = !each.hidden;
      rest[0].focus();
    };
    return h('div.w-card.w-list', null, status(c, w), rows, more);
  },
  ListViewItem: (c, w) => pressable(h(`${c.onClickAction ? 'button' : 'div'}.w-row.w-item`, null, w.children(c)), c, w),
  Button: (c, w) => {
    const primary = c.style === 'primary' || c.color === 'primary' || c.submit ? '.primary' : '';
    const label = c.label ?? c.iconStart ?? c.iconEnd ?? 'Button';
    return pressable(
      h(
        `button.button${primary}${c.block ? '.block' : ''}${c.color === 'danger' ? '.danger' : ''}`,
        {
          type: c.submit && !c.onClickAction ? 'submit' : 'button',
          disabled: !!c.disabled,
          'aria-label': label,
        },
        c.iconStart && icon(c.iconStart),
        c.label,
        c.iconEnd && icon(c.iconEnd),
      ),
      c,
      w,
    );
  },
  Form: (c, w) => {
    const node = form(c.onSubmitAction, w);
    node.className = `w-${c.direction ?? 'col'}`;
    node.append(...w.children(c).filter(Boolean));
    return node;
  },
  Label: (c, w) =>
    h(
      'label',
      {
        onclick: () => w.node.querySelector(`[name="${CSS.escape(c.fieldName)}"]`)?.focus(),
      },
      c.value,
    ),
  Input: field('input', (c) => ({ type: c.inputType ?? 'text' })),
  DatePicker: field('input', (c) => ({ type: 'date', value: c.defaultValue?.slice(0, 10) })),
  Textarea: field('textarea', (c) => ({ rows: c.rows ?? 3 })),
  Select: (c, w) => {
    const options = [{ value: '', label: c.placeholder ?? '' }, ...(c.options ?? [])];
    const node = h(
      'select',
      null,
      options.map((o) => h('option', { value: o.value, disabled: !!o.disabled }, o.label)),
    );
    node.value = c.defaultValue ?? '';
    return control(node, c, w);
  },
  Checkbox: (c, w) =>
    h('label.choice', null, control(h('input', { type: 'checkbox', checked: !!c.defaultChecked }), c, w), c.label),
  RadioGroup: (c, w) =>
    h(
      `div.w-${c.direction ?? 'col'}`,
      { role: 'radiogroup', 'aria-label': c.ariaLabel ?? c.name },
      (c.options ?? []).map((o) =>
        h(
          'label.choice',
          null,
          control(
            h('input', {
              type: 'radio',
              value: o.value,
              checked: o.value === c.defaultValue,
            }),
            { ...c, label: o.label, disabled: c.disabled || o.disabled },
            w,
          ),
          o.label,
        ),
      ),
    ),
  Chart: (c) => {
    const axis = c.xAxis?.dataKey ?? c.xAxis;
    const series = c.series ?? [];
    const row = (cell, values) =>
      h(
        'tr',
        null,
        values.map((value) => h(cell, null, String(value ?? ''))),
      );
    return h(
      'div.table',
      { tabIndex: 0 },
      h(
        'table',
        null,
        h('thead', null, row('th', [axis, ...series.map((s) => s.label ?? s.dataKey)])),
        h(
          'tbody',
          null,
          (c.data ?? []).map((d) => row('td', [c.xAxis?.labels?.[d[axis]] ?? d[axis], ...series.map((s) => d[s.dataKey])])),
        ),
      ),
    );
  },
};

function status({ status: shown }, w) {
  if (!shown?.text) return [];
  const lead = shown.favicon ? image(shown.favicon, '', w.domains) : shown.icon && icon(shown.icon);
  return [h('div.w-status', null, lead, shown.text)];
}

function pressable(node, c, w) {
  if (c.onClickAction)
    node.onclick = () => w.act(c.onClickAction, c.submit && node.form ? formValues(node.form) : {}, node, w.node);
  return node;
}

function control(node, c, w) {
  Object.assign(node, { name: c.name ?? '', disabled: !!c.disabled, required: !!c.required });
  if (c.placeholder && 'placeholder' in node) node.placeholder = c.placeholder;
  if (!c.label) node.setAttribute('aria-label', c.placeholder ?? c.name);
  if (c.onChangeAction) node.onchange = () => w.act(c.onChangeAction, nest([[node.name, fieldValue(node)]]), node, w.node);
  return node;
}

function form(action, w) {
  const node = h('form');
  node.onsubmit = (event) => {
    event.preventDefault();
    if (action) w.act(action, formValues(node), event.submitter ?? w.node, w.node);
  };
  return node;
}

function fieldValue(node) {
  return node.type === 'checkbox' ? node.checked : node.value;
}

function formValues(node) {
  // Not `elements`: a field of that name would hide it.
  const fields = [...node.querySelectorAll('[name]')].filter((each) => each.name && (each.type !== 'radio' || each.checked));
  return nest(fields.map((each) => [each.name, fieldValue(each)]));
}

/** Field names with dots make nested objects: `todo.title` becomes `{todo: {title}}`. */
function nest(entries) {
  const result = {};
  for (const [name, value] of entries) {
    const path = name.split('.');
    if (path.some((step) => step in Object.prototype)) continue;
    const last = path.pop();
    let target = result;
    for (const step of path) target = target[step] = Object(target[step]);
    target[last] = value;
  }
  return result;
}

const FONT = { '2xs': 0.7, xs: 0.75, sm: 0.875, md: 1, lg: 1.125, xl: 1.25, '2xl': 1.5, '3xl': 1.875, '4xl': 2.25, '5xl': 2.75 };
const RADIUS = {
  none: 0,
  '2xs': 2,
  xs: 4,
  sm: 6,
  md: 8,
  lg: 10,
  xl: 12,
  '2xl': 16,
  '3xl': 20,
  '4xl': 24,
  full: 999,
  '100%': 999,
};
const WEIGHT = { normal: 400, medium: 500, semibold: 600, bold: 700 };
const TOKENS = {
  prose: 'fg',
  primary: 'fg',
  emphasis: 'fg',
  secondary: 'dim',
  tertiary: 'dim',
  success: 'ok',
  warning: 'warn',
  danger: 'bad',
  info: 'accent',
  discovery: 'accent',
  surface: 'bg',
  'surface-secondary': 'soft',
  'surface-tertiary': 'soft',
};

/** Applies the layout properties. Each value is checked: nothing but the named property can come of it, and no request. */
function layout(node, c) {
  const word = (value = '') => (/^[a-z-]+$/.test(value) ? value : '');
  const flex = (value) =>
    word(value)
      .replace(/^(between|around|evenly)$/, 'space-$1')
      .replace(/^(start|end)$/, 'flex-$1');
  const size = (value = '', unit = 1) =>
    typeof value === 'number' ? `${value * unit}px` : /^[\d.]+(px|r?em|%|v[hw]|ch)?$|^auto$/.test(value) ? value : '';
  const edges = (value) =>
    Object(value) !== value
      ? size(value, 4)
      : ['top y', 'right x', 'bottom y', 'left x']
          .map((side) => {
            const [one, axis] = side.split(' ');
            return size(value[one] ?? value[axis] ?? 0, 4) || '0';
          })
          .join(' ');
  const color = (value = '') => {
    if (Object(value) === value) return `light-dark(${color(value.light) || 'inherit'}, ${color(value.dark) || 'inherit'})`;
    if (Object.hasOwn(TOKENS, value)) return `var(--${TOKENS[value]})`;
    return /^(#[\da-f]{3,8}|(rgb|hsl)a?\([\d\s.,%/]+\)|[a-z]+)$/i.test(value) ? value : '';
  };
  const text = ['Text', 'Title', 'Caption', 'Label', 'Icon'].includes(c.type);
  const border = typeof c.border === 'number' ? { size: c.border } : c.border;
  const styles = {
    width: size(c.width),
    height: size(c.height),
    minWidth: size(c.minWidth),
    maxWidth: size(c.maxWidth),
    gap: size(c.gap, 4),
    padding: edges(c.padding),
    margin: edges(c.margin),
    background: color(c.background),
    borderRadius: Object.hasOwn(RADIUS, c.radius) && `${RADIUS[c.radius]}px`,
    border: border?.size && `${Number(border.size)}px solid ${color(border.color) || 'var(--line)'}`,
    alignItems: flex(c.align),
    justifyContent: flex(c.justify),
    flexWrap: word(c.wrap),
    objectFit: word(c.fit),
    flex: /^[\d. a-z%]+$/.test(c.flex ?? '') && String(c.flex),
    ...(text
      ? {
          fontSize: FONT[c.size] && `${FONT[c.size]}rem`,
          fontWeight: WEIGHT[c.weight],
          color: color(c.color),
          textAlign: word(c.textAlign),
          fontStyle: c.italic && 'italic',
          textDecoration: c.lineThrough && 'line-through',
          webkitLineClamp: c.maxLines > 0 && String(c.maxLines),
        }
      : { aspectRatio: size(c.aspectRatio) }),
  };
  if (!text && c.type !== 'Card' && c.type !== 'Button')
    Object.assign(styles, c.size ? { width: size(c.size), height: size(c.size) } : {});
  for (const [name, value] of Object.entries(styles)) if (value) node.style[name] = value;
  if (text && c.truncate) node.classList.add('truncate');
  if (text && c.maxLines > 0) node.classList.add('clamp');
  if (c.theme === 'light' || c.theme === 'dark') node.classList.add(`theme-${c.theme}`);
}
