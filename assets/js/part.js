// Pieces of a page that renew themselves when the account that they show changes.
import { piece } from './live.js';

async function renew(part) {
  const now = (await piece(part.dataset.part))?.firstElementChild;
  if (now && now.innerHTML !== part.innerHTML) part.replaceChildren(...now.childNodes);
}

export function startParts() {
  const parts = [...document.querySelectorAll('[data-part]')];
  if (!parts.length) return;
  const stream = new EventSource('/desk/events');
  const all = () => parts.forEach((part) => renew(part).catch(() => {})); // the next event brings it
  stream.addEventListener('account', (event) => {
    const { id } = JSON.parse(event.data);
    for (const part of parts) if (['0', id].includes(part.dataset.id)) renew(part).catch(() => {});
  });
  stream.addEventListener('resync', () => setTimeout(all, Math.random() * 2000));
  stream.addEventListener('open', all); // what changed before
}
