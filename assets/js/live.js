// Live updates. The stream carries ids only; what changed is fetched as a piece of the page. Nothing moves under the
// pointer or the cursor: a row is changed in its place, new ones wait in the line at the top.
import { tickAll } from './clock.js';
import { listen, stumbled } from './stream.js';

const fresh = new Set();
const pending = new Map(); // case -> timer
const list = () => document.querySelector('[data-do="list"]');
const pane = () => document.querySelector('[data-do="case"]');
const rowOf = (id) => document.getElementById(`case-${id}`);

export async function piece(path) {
  const answer = await fetch(path, { headers: { 'X-Requested-With': 'fetch' } });
  if (answer.redirected) location.reload(); // signed out meanwhile
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(answer.status);
  const holder = document.createElement('template');
  holder.innerHTML = await answer.text();
  return holder.content;
}

// with the query of the view that the list shows
function part(name) {
  const here = new URL(list()?.dataset.here ?? location.pathname, location.origin);
  return `/desk/part/${name}${here.search}`;
}

function touched() {
  const it = list();
  return it.scrollTop > 0 || it.matches(':hover') || it.contains(document.activeElement);
}

function showFresh() {
  const line = document.querySelector('[data-do="fresh"]');
  if (!line || !fresh.size) return;
  const words = (fresh.size === 1 ? line.dataset.one : line.dataset.many).replace('{n}', fresh.size);
  line.querySelector('span').textContent = words;
  line.hidden = false;
  document.querySelector('[data-do="say"]').textContent = words;
}

function mark(row) {
  const chosen = pane()?.dataset.case === row.dataset.case;
  row.querySelector('.row').toggleAttribute('aria-current', false);
  if (chosen) row.querySelector('.row').setAttribute('aria-current', 'true');
}

function replaceRow(old, now) {
  const focused = old.contains(document.activeElement);
  mark(now);
  old.replaceWith(now);
  if (focused) now.querySelector('.row').focus({ preventScroll: true });
}

async function updateRow(id) {
  const old = rowOf(id);
  const now = (await piece(part(`row/${encodeURIComponent(id)}`)))?.querySelector('li') ?? null;
  if (now && old) replaceRow(old, now);
  else if (now && touched()) {
    fresh.add(id);
    showFresh();
  } else if (now) await updateList();
  else if (old && touched()) old.dataset.gone = 'yes';
  else old?.remove();
}

async function updateList() {
  const content = await piece(part('list'));
  const section = document.querySelector('#list');
  if (!content || !section) return;
  const at = list().scrollTop;
  section.replaceChildren(...section.querySelectorAll(':scope > .troubles'), content);
  for (const row of section.querySelectorAll('li[data-case]')) mark(row);
  list().scrollTop = at;
  fresh.clear();
}

// All of the case but the reply box: what is being written stays as it is.
async function updatePane(id) {
  const old = pane();
  const thread = old.querySelector('.thread');
  const atEnd = thread.scrollTop + thread.clientHeight > thread.scrollHeight - 40;
  const at = thread.scrollTop;
  const now = (await piece(`/desk/part/case/${encodeURIComponent(id)}${location.search}`))?.querySelector('.case');
  if (!now || pane() !== old || old.querySelector('.thread').contains(document.activeElement.closest('form'))) return;
  for (const name of ['.case-head', '.notice', '.tabs', '.thread']) {
    const before = old.querySelector(`:scope > ${name}`);
    const after = now.querySelector(`:scope > ${name}`);
    if (before && after) before.replaceWith(after);
    else if (before) before.remove();
    else if (after) old.querySelector(':scope > .case-head').after(after);
  }
  old.dataset.version = now.dataset.version;
  const shown = old.querySelector('.thread');
  shown.scrollTop = atEnd ? shown.scrollHeight : at;
}

async function updateRail() {
  const content = await piece(part('rail'));
  const rail = document.querySelector('[data-do="rail"]');
  if (content && rail && !rail.contains(document.activeElement)) rail.replaceChildren(content);
}

// version 0: the server does not say, so what is shown may be old
async function changed(id, version) {
  const old = (it) => !version || Number(it.dataset.version) < version;
  pending.delete(id);
  try {
    const row = rowOf(id);
    if (!row || old(row)) await updateRow(id);
    if (pane()?.dataset.case === id && old(pane())) await updatePane(id);
    tickAll();
  } catch {
    stumbled();
  }
}

// A list that must not move: its rows change in their place, what it does not have yet waits in the line.
async function updateRows() {
  for (const row of document.querySelectorAll('li[data-case]')) await updateRow(row.dataset.case);
  const now = await piece(part('list'));
  for (const row of now?.querySelectorAll('li[data-case]') ?? []) if (!rowOf(row.dataset.case)) fresh.add(row.dataset.case);
  showFresh();
}

async function everything() {
  try {
    if (touched()) await updateRows();
    else await updateList();
    if (pane()) await updatePane(pane().dataset.case);
    await updateRail();
  } catch {
    stumbled();
  }
}

const jitter = (most) => Math.random() * most;

export function startLive() {
  if (!list()) return;
  let railTimer = 0;
  let paneTimer = 0;
  const railSoon = () => {
    clearTimeout(railTimer);
    railTimer = setTimeout(() => updateRail().catch(stumbled), 1000 + jitter(1000));
  };
  listen('case', (event) => {
    const { id, version } = JSON.parse(event.data);
    clearTimeout(pending.get(id));
    pending.set(id, setTimeout(changed, 150, id, version));
    railSoon();
  });
  listen('message', () => {
    clearTimeout(paneTimer);
    if (pane()) paneTimer = setTimeout(() => updatePane(pane().dataset.case).catch(stumbled), 300);
  });
  listen('account', railSoon);
  listen('brand', () => setTimeout(everything, jitter(2000))); // names of teams stand in the rows, too
  listen('resync', () => setTimeout(everything, jitter(2000)));
  document.addEventListener('click', (event) => {
    if (!event.target.closest('[data-do="fresh"]')) return;
    event.preventDefault();
    updateList().then(() => list().scrollTo(0, 0), () => location.reload());
  });
  list().addEventListener('mouseleave', () => {
    for (const row of document.querySelectorAll('li[data-gone]')) row.remove();
  });
}
