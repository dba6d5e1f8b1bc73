/** The buttons under the last turn. */
import { call } from './api.js';
import { copyButton, h, iconButton } from './dom.js';

/** `turn` holds the views of the reply; `retry` asks for another one, or is null if that is not possible. */
export function replyBar(turn, { threadId, host, unanswered, retry }) {
  const text = () =>
    turn
      .map((view) => view.text())
      .filter(Boolean)
      .join('\n\n');
  const rate = (kind, label) => {
    const button = iconButton('thumb', label, async () => {
      try {
        await call('items.feedback', { thread_id: threadId, item_ids: turn.map((view) => view.item.id), kind });
        for (const each of rates) each.ariaPressed = String(each === button);
        host.toast('Thank you for the feedback.');
      } catch (error) {
        host.toast(error.message);
      }
    });
    button.ariaPressed = 'false';
    button.classList.add(kind);
    return button;
  };
  const rates = turn.length ? [rate('positive', 'Good reply'), rate('negative', 'Bad reply')] : [];
  return [
    text() && copyButton(text),
    ...rates,
    unanswered && h('span.dim', null, 'There is no reply to this message yet.'),
    retry && iconButton('reload', 'Retry this reply', () => retry()),
  ].filter(Boolean);
}
