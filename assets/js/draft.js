// A draft is never lost: 600 ms after the last letter it goes to the server; if that fails it stays in this browser
// and comes back with the page. The line below the text says which.
const WAIT = 600;

export function startDraft() {
  const form = document.querySelector('form[data-draft]');
  const text = form?.querySelector('textarea');
  if (!text) return;
  const line = form.querySelector('[data-do="saved"]');
  const place = `draft ${form.dataset.draft} ${form.dataset.way}`;
  let timer = 0;
  let kept = text.value;
  let sending = false;
  let request = null; // the save under way

  const body = () => new URLSearchParams({ text: text.value, way: form.dataset.way, csrf: form.csrf?.value ?? '' });
  const say = (word) => {
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' });
    line.textContent = `${word} ${time}`;
  };

  async function save() {
    if (sending || text.value === kept) return;
    const now = text.value;
    sending = true;
    request = new AbortController();
    try {
      const answer = await fetch(form.dataset.draft, {
        method: 'POST',
        signal: request.signal,
        body: body(),
        headers: { 'X-Requested-With': 'fetch' },
      });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      kept = now;
      localStorage.removeItem(place);
      say(line.dataset.saved);
    } catch {
      if (request.signal.aborted) return; // sent meanwhile
      keepHere(now);
    }
    sending = false;
    if (text.value !== now) later();
  }

  function keepHere(now) {
    try {
      localStorage.setItem(place, now);
      say(line.dataset.local);
    } catch {
      line.textContent = '';
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  }

  const here = localStorage.getItem(place);
  if (here !== null && here !== text.value) {
    text.value = here;
    text.dispatchEvent(new Event('input', { bubbles: true }));
    later();
  }
  text.addEventListener('input', later);
  form.addEventListener('submit', () => {
    clearTimeout(timer);
    request?.abort(); // it must not land behind the answer and keep what was sent
    localStorage.removeItem(place);
    kept = text.value;
  });
  addEventListener('online', save);
  addEventListener('pagehide', () => {
    if (text.value !== kept) navigator.sendBeacon(form.dataset.draft, body());
  });
}
