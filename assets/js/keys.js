// Single letters, outside of text fields only; the profile can switch them off (WCAG 2.1.4). An element says which
// letter it answers to by data-key; "g" and a letter lead to a view.
import { openDialog } from './dialog.js';

const rows = () => [...document.querySelectorAll('.list .row')];

function walk(step) {
  const all = rows();
  const at = all.indexOf(document.activeElement);
  const from = at >= 0 ? at : all.findIndex((row) => row.hasAttribute('aria-current'));
  const to = from < 0 ? 0 : Math.min(Math.max(from + step, 0), all.length - 1);
  all[to]?.focus();
}

const last = (what) => [...document.querySelectorAll(what)].at(-1);
const visible = (element) => element && element.getClientRects().length > 0;

const letters = {
  j: () => walk(1),
  k: () => walk(-1),
  o: () => document.activeElement.matches?.('.row') && document.activeElement.click(),
  r: () => {
    const text = document.querySelector('#text');
    if (visible(text)) text.focus();
    else last('.case [data-key="r"]')?.click();
  },
  n: () => last('.case [data-key="n"]')?.click(),
  '/': () => document.querySelector('[data-key-search]')?.click(),
  '?': () => openDialog(document.querySelector('a[data-dialog="keys"]')),
};

let waiting = 0; // until when a letter behind "g" counts

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.matches?.('input, textarea, select, [contenteditable]')) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  const key = event.key;
  let act = letters[key];
  if (Date.now() < waiting) {
    waiting = 0;
    const entry = document.querySelector(`.views [data-key="${CSS.escape(key)}"]`);
    act = entry ? () => entry.click() : null;
  } else if (key === 'g') {
    waiting = Date.now() + 1500;
    return;
  } else if (!act && /^[tasepc]$/.test(key)) {
    const element = last(`.case [data-key="${key}"]`);
    act = element ? () => element.click() : null;
  }
  if (!act) return;
  event.preventDefault();
  act();
}

export function startKeys() {
  if (document.body.dataset.keys === 'on') document.addEventListener('keydown', press);
}
