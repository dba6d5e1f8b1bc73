/** One view per kind of thread item. */
import { h, icon, image, link } from './dom.js';
import { Markdown } from './markdown.js';
import { Widget } from './widgets.js';

/**
 * The view of an item, or null for kinds that show nothing. `chat` is what a view may ask for: `act`, `submitInput`,
 * `runTool` and `imageDomains`.
 *
 * A view has `node`, `item`, `apply(update)`, `set(item)`, `text()` for copying, `busy(on)` while it streams,
 * `note(text)` for why it is not whole, `stop(note)` for when the stream has left it unfinished, and `replay(item)` for
 * when it is streamed once more from its beginning: what is shown already stays.
 */
export function createView(item, chat) {
  if (!Object.hasOwn(KINDS, item.type)) return null;
  const body = KINDS[item.type](item, chat);
  const node = h(
    `article.item.${item.type}`,
    { dir: 'auto', 'aria-label': item.type === 'user_message' ? 'You' : 'Assistant' },
    body.node,
  );
  return {
    node,
    item,
    apply: (update) => body.apply?.(update),
    text: () => body.text?.() ?? '',
    set(next) {
      this.item = next;
      body.set(next);
    },
    replay(next) {
      if (body.replay) body.replay();
      else this.set(next);
    },
    busy(on) {
      node.setAttribute('aria-busy', String(on));
      if (on) this.note(null);
    },
    stop(note) {
      this.busy(false);
      body.end?.();
      this.note(note);
    },
    note(text) {
      if (node.lastChild.matches('.stopped')) node.lastChild.remove();
      if (text) node.append(h('p.stopped', null, icon('stop'), text));
    },
  };
}

/** A view that is built anew whenever its item changes. */
const rebuilt = (build, text) => (item, chat) => {
  const node = h('div');
  const set = (next) => {
    item = next;
    node.replaceChildren(...[build(item, chat)].flat().filter(Boolean));
  };
  set(item);
  return { node, set, text: () => text?.(item) };
};

const KINDS = {
  user_message: rebuilt((message) => [
    message.quoted_text && h('blockquote', null, message.quoted_text),
    message.attachments?.length > 0 &&
      h(
        'div.chips',
        null,
        message.attachments.map((file) =>
          h('span.chip', { title: file.mime_type }, icon(file.type === 'image' ? 'image' : 'document'), file.name),
        ),
      ),
    h(
      'div.bubble',
      null,
      (message.content ?? []).map((part) => (part.type === 'input_tag' ? h('span.chip', null, `@${part.text}`) : part.text)),
    ),
  ]),

  assistant_message: (item) => {
    const node = h('div');
    const parts = [];
    const part = (index) => {
      while (parts.length <= index) {
        // While a part is streamed once more, `again` is what has come of it.
        const next = { md: new Markdown(), sources: h('div'), annotations: [], again: null };
        parts.push(next);
        node.append(next.md.node, next.sources);
      }
      return parts[index];
    };
    const cite = (target, annotations) => {
      target.annotations = annotations;
      target.sources.replaceChildren(...sourceList(annotations.map((each) => each?.source)));
    };
    const fill = (index, content) => {
      const target = part(index);
      target.again = null;
      target.md.set(content?.text ?? '');
      cite(target, content?.annotations ?? []);
      return target.md;
    };
    const append = (target, text) => {
      if (target.again === null) return target.md.append(text);
      target.again += text;
      // Nothing to do before all that is shown has come again.
      if (target.again !== target.md.text && target.md.text.startsWith(target.again)) return;
      target.md.set(target.again);
      target.again = null;
    };
    const set = ({ content = [] }) => {
      for (const extra of parts.splice(content.length)) [extra.md.node, extra.sources].map((each) => each.remove());
      content.forEach((each, index) => fill(index, each).end());
    };
    set(item);
    return {
      node,
      set,
      replay: () => parts.forEach((each) => (each.again = '')),
      end: () => parts.forEach(({ md }) => md.end()),
      text: () => parts.map(({ md }) => md.text).join('\n\n'),
      apply({ type, content_index: index, ...update }) {
        if (!(index >= 0 && index < 1000)) return;
        const target = part(index);
        if (type === 'assistant_message.content_part.text_delta') append(target, update.delta);
        if (type === 'assistant_message.content_part.added') {
          if (target.again === null) fill(index, update.content);
          else append(target, update.content?.text ?? '');
        }
        if (type === 'assistant_message.content_part.done') fill(index, update.content).end();
        if (type === 'assistant_message.content_part.annotation_added') {
          target.annotations.splice(update.annotation_index, 0, update.annotation);
          cite(target, target.annotations);
        }
      },
    };
  },

  widget: (item, chat) => {
    const widget = new Widget(item.widget, (...action) => chat.act(item, ...action), chat.imageDomains);
    return {
      node: widget.node,
      apply: (update) => widget.apply(update),
      set(next) {
        item = next;
        widget.setRoot(next.widget);
      },
      text: () => item.copy_text,
    };
  },

  client_tool_call: rebuilt((tool, chat) => {
    const pending = tool.status === 'pending';
    return [
      h(
        'details.panel',
        null,
        h('summary', null, icon('code'), h('span', null, pending ? 'Running ' : 'Ran ', h('code', null, tool.name))),
        h('pre', { tabIndex: 0 }, JSON.stringify({ arguments: tool.arguments, output: tool.output }, null, 2)),
      ),
      pending &&
        tool.stale &&
        h('button.button', { type: 'button', onclick: () => chat.runTool(tool) }, icon('reload'), 'Run this tool now'),
    ];
  }),

  workflow: (item) => {
    const title = h('span');
    const lead = h('span.lead');
    const list = h('ol.tasks');
    const node = h('details.panel', { open: !!item.workflow?.expanded }, h('summary', null, lead, title), list);
    let tasks = [];
    const head = (summary) => {
      const current = tasks.findLast((task) => task.status_indicator === 'loading') ?? tasks.at(-1);
      const closing = summary?.title ?? (summary && `Worked for ${summary.duration} s`);
      title.textContent = closing ?? (taskTitle(current) || 'Working…');
      lead.replaceChildren(summary ? icon(summary.icon ?? 'sparkle') : h('span.spinner'));
    };
    const set = ({ workflow }) => {
      tasks = [...(workflow?.tasks ?? [])];
      list.replaceChildren(...tasks.map(taskRow));
      head(workflow?.summary);
    };
    set(item);
    return {
      node,
      end: () => head({ title: taskTitle(tasks.at(-1)) || 'Workflow' }),
      set(next) {
        node.open = !!next.workflow?.expanded;
        set(next);
        if (!next.workflow?.summary) this.end();
      },
      apply({ type, task, task_index: at }) {
        if (!task || !(at >= 0)) return;
        const index = Math.min(at, tasks.length);
        const added = type === 'workflow.task.added' || index === tasks.length;
        tasks.splice(index, added ? 0 : 1, task);
        const row = taskRow(task);
        if (added) list.insertBefore(row, list.children[index] ?? null);
        else list.children[index].replaceWith(row);
        head();
      },
    };
  },

  task: rebuilt((item) => h('ol.tasks.panel', null, taskRow(item.task ?? {}))),

  generated_image: (item, chat) => {
    const node = h('div');
    const show = (shown, progress) =>
      node.replaceChildren(
        ...[
          shown && image(shown.url, 'Generated image', chat.imageDomains),
          progress < 1 && h('progress', { value: progress, 'aria-label': 'Drawing the image' }),
          !shown && h('p.dim', null, 'Drawing an image…'),
        ].filter(Boolean),
      );
    show(item.image);
    return {
      node,
      set: (next) => show(next.image),
      apply: (update) => update.type === 'generated_image.updated' && show(update.image, update.progress ?? 1),
    };
  },

  structured_input: rebuilt((item, chat) =>
    item.status === 'pending'
      ? inputForm(item, chat)
      : h(
          'dl.panel',
          null,
          (item.inputs ?? [])
            .map((input) => [h('dt.dim', null, input.question), h('dd', null, input.answer?.values?.join(', ') || 'Skipped')])
            .flat(),
        ),
  ),
};

const TASK_TITLES = { web_search: 'Searching', thought: 'Thinking', file: 'Reading files', image: 'Drawing' };
const TASK_ICONS = { web_search: 'search', thought: 'lightbulb', file: 'document', image: 'image' };

function taskTitle(task) {
  return task?.title ?? task?.title_query ?? TASK_TITLES[task?.type];
}

function taskRow(task) {
  const lead =
    task.status_indicator === 'loading'
      ? h('span.spinner', { role: 'img', 'aria-label': 'running' })
      : icon(task.status_indicator === 'complete' ? 'check' : (task.icon ?? TASK_ICONS[task.type]));
  return h(
    'li.task',
    null,
    h('span.lead', null, lead),
    h(
      'div',
      null,
      taskTitle(task),
      task.queries?.length > 0 &&
        h(
          'div.chips',
          null,
          task.queries.map((query) => h('span.chip', null, icon('search'), query)),
        ),
      task.content && new Markdown(task.content, h('div.md.dim')).node,
      sourceList(task.sources ?? []),
    ),
  );
}

/** A numbered list of sources, each named once. */
function sourceList(sources) {
  const known = new Map(
    sources.filter(Boolean).map((source) => [`${source.url ?? source.filename ?? source.id} ${source.title}`, source]),
  );
  if (!known.size) return [];
  return [
    h(
      'ol.sources',
      { 'aria-label': 'Sources' },
      [...known.values()].map((source) =>
        h(
          'li',
          { title: source.description },
          link(source.url, source.title || source.filename || source.url),
          h('small.dim', null, ` ${source.attribution ?? source.filename ?? ''}`),
        ),
      ),
    ),
  ];
}

function inputForm(item, chat) {
  const fields = (item.inputs ?? []).map((input, index) => {
    const name = `${item.id}-${index}`;
    const choice = ({ value }) =>
      h('label.choice', null, h('input', { type: input.multiple ? 'checkbox' : 'radio', name, value }), value);
    const own = h('input', {
      type: 'text',
      placeholder: input.options ? 'Another answer' : 'Your answer',
      'aria-label': `${input.question}: own answer`,
    });
    const node = h(
      'fieldset',
      null,
      h('legend', null, input.question),
      input.description && h('p.dim', null, input.description),
      (input.options ?? []).map(choice),
      own,
    );
    const read = () => {
      const chosen = [...node.querySelectorAll(':checked')].map((each) => each.value);
      const typed = own.value.trim();
      const values = !typed ? chosen : input.multiple ? [...chosen, typed] : [typed];
      return [input.id, { values, skipped: !values.length }];
    };
    return { node, read };
  });
  const send = (status) => {
    const answers = status === 'answered' ? Object.fromEntries(fields.map(({ read }) => read())) : {};
    chat.submitInput(item, { status, answers });
  };
  return h(
    'form.panel.inputs',
    {
      onsubmit: (event) => {
        event.preventDefault();
        send('answered');
      },
    },
    fields.map(({ node }) => node),
    h(
      'div.w-buttons',
      null,
      h('button.button', { type: 'button', onclick: () => send('skipped') }, 'Skip'),
      h('button.button.primary', { type: 'submit' }, 'Send'),
    ),
  );
}
