// The one event stream of a page. It begins where the page was made (data-events), and after an interruption where it
// ended, so nothing is lost in between: the server repeats it or says "resync". While there is no stream a line at the
// foot says since when, and when it is tried again.
const PROBE = '/desk/part/troubles'; // a small page: its answer says why there is no stream
const SHOWN_AFTER = 2; // tries; what heals at once needs no words
const FIRST = 2000;
const LONGEST = 30000;
const ANSWER = 15000; // for an answer to the probe

const heard = [];
const line = document.querySelector('[data-do="lost"]');
let stream = null;
let position = '';
let tries = 0;
let since = 0;
let next = 0;
let timer = 0;
let steady = 0;
let asking = false;

export function listen(name, fn) {
  heard.push([name, fn]);
}

function show() {
  clearTimeout(timer);
  const left = Math.max(0, Math.ceil((next - Date.now()) / 1000));
  if (line && tries >= SHOWN_AFTER) {
    const at = new Date(since).toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' });
    if (line.hidden) line.querySelector('[role="status"]').textContent = line.dataset.text.replace('{at}', at);
    line.querySelector('[data-do="next"]').textContent = line.dataset.next.replace('{n}', left);
    line.hidden = false;
  }
  timer = left ? setTimeout(show, Math.min(1000, next - Date.now())) : setTimeout(attempt, 0);
}

function again(seconds) {
  const wait = Math.min(FIRST * 2 ** Math.min(tries, 8), LONGEST);
  tries += 1;
  next = Date.now() + Math.max(wait * (0.75 + Math.random() / 2), seconds * 1000);
  show();
}

function lost() {
  clearTimeout(steady);
  stream?.close();
  stream = null;
  since ||= Date.now();
  again(0);
}

function open() {
  stream = new EventSource(position ? `/desk/events?from=${encodeURIComponent(position)}` : document.body.dataset.events);
  for (const [name, fn] of heard)
    stream.addEventListener(name, (event) => {
      position = event.lastEventId || position;
      fn(event);
    });
  stream.addEventListener('error', lost);
  stream.addEventListener('open', () => {
    since = 0;
    steady = setTimeout(() => (tries = 0), LONGEST); // what fails each time is asked for less and less often
    if (line) line.hidden = true;
  });
}

async function attempt() {
  clearTimeout(timer);
  if (asking || stream) return;
  asking = true;
  try {
    const answer = await fetch(PROBE, { headers: { 'X-Requested-With': 'fetch' }, signal: AbortSignal.timeout(ANSWER) });
    if (answer.redirected) location.reload(); // signed out meanwhile
    else if (answer.ok) open();
    else again(Number(answer.headers.get('Retry-After')) || 0);
  } catch {
    again(0);
  }
  asking = false;
}

// what could not be fetched is asked for again with the next stream
export function stumbled() {
  if (!stream) return;
  position = ''; // the page's: what came since is told again
  lost();
}

export function startStream() {
  if (!document.body.dataset.events || !heard.length) return;
  open();
  line?.querySelector('button').addEventListener('click', () => {
    next = 0;
    show();
  });
  const wake = () => {
    if (stream || document.hidden) return;
    next = 0;
    show();
  };
  addEventListener('online', wake);
  document.addEventListener('visibilitychange', wake);
}
