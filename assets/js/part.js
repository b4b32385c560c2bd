// Pieces of a page that renew themselves: data-part is their address, data-on names the events at which they do, with
// an id for those that are of one thing only ("account:17", "account house").
import { piece } from './live.js';
import { listen, stumbled } from './stream.js';

const parts = () => document.querySelectorAll('[data-part]');

async function renew(part) {
  const now = (await piece(part.dataset.part))?.firstElementChild;
  if (!now || now.innerHTML === part.innerHTML || part.contains(document.activeElement)) return;
  part.replaceChildren(...now.childNodes);
}

function renewFor(name, id) {
  for (const part of parts())
    if (part.dataset.on.split(' ').some((on) => on === name || on === `${name}:${id}`)) renew(part).catch(stumbled);
}

export function startParts() {
  if (!parts().length) return;
  for (const name of ['account', 'house']) listen(name, (event) => renewFor(name, JSON.parse(event.data).id));
  listen('resync', () => setTimeout(() => parts().forEach((part) => renew(part).catch(stumbled)), Math.random() * 2000));
}
