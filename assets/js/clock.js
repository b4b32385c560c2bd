// Clocks tick every 15 seconds, in the words of the server (src/page/format.c does the same). Says once, quietly,
// when one has run out.
const MINUTE = 60000;
const skew = Number(document.body.dataset.now || Date.now()) - Date.now();
const german = document.documentElement.lang === 'de';

export function duration(ms) {
  const whole = Math.abs(Math.trunc(ms / MINUTE));
  const sign = ms < 0 && whole ? '−' : '';
  const hour = german ? 'Std' : 'h';
  if (whole < 60) return `${sign}${whole}\u00a0min`;
  const hours = Math.trunc(whole / 60);
  if (whole < 1440) return `${sign}${hours}\u00a0${hour}` + (whole % 60 ? ` ${whole % 60}\u00a0min` : '');
  const days = Math.trunc(whole / 1440);
  const unit = german ? (days === 1 ? 'Tag' : 'Tage') : days === 1 ? 'day' : 'days';
  return `${sign}${days}\u00a0${unit}`;
}

function tick(clock, now) {
  const left = Number(clock.dataset.due) - now;
  const total = Number(clock.dataset.total) || 1;
  const state = left < 0 ? 'late' : left < Number(clock.dataset.soon) ? 'soon' : clock.dataset.state;
  const words = clock.querySelector('.left');
  const text = duration(left);
  if (words.textContent !== text) words.textContent = text;
  const share = left < 0 ? 100 : Math.min(100, Math.round((left / total) * 100));
  clock.querySelector('.fuse rect:last-child').setAttribute('width', share);
  const turned = state === 'late' && clock.dataset.state !== 'late';
  clock.dataset.state = state;
  return turned;
}

export function tickAll() {
  const now = Date.now() + skew;
  let turned = 0;
  for (const clock of document.querySelectorAll('.clock[data-due]')) {
    if (clock.dataset.due !== '0' && clock.dataset.state !== 'done') turned += tick(clock, now);
  }
  const say = document.querySelector('[data-do="say"]');
  if (turned && say) say.textContent = say.dataset.late;
}

export function startClocks() {
  tickAll();
  setInterval(tickAll, 15000);
  document.addEventListener('visibilitychange', () => document.hidden || tickAll());
}
