// What runs on the pages of the desk. Every page is whole without it.
import { startClocks } from './clock.js';
import { startCount } from './count.js';
import { startDialogs } from './dialog.js';
import { startDraft } from './draft.js';
import { startKeys } from './keys.js';
import { startLive } from './live.js';
import { startMenus } from './menu.js';
import { startParts } from './part.js';
import { startReply } from './reply.js';
import { startStream } from './stream.js';
import { startTheme } from './theme.js';
import { startUndo } from './undo.js';

// The newest post is what one came for: the thread's end, or, where the whole page scrolls, that post below the head of
// the case. Who comes back to the page finds it as it was left.
export function toEnd() {
  const thread = document.querySelector('[data-do="end"]');
  if (!thread) return;
  thread.scrollTop = thread.scrollHeight;
  const newest = thread.querySelector('.strand > li:last-child');
  const fresh = performance.getEntriesByType('navigation')[0]?.type === 'navigate' && !location.hash;
  if (!newest || !fresh || document.body.dataset.screen !== 'case' || getComputedStyle(thread).overflowY !== 'visible') return;
  const head = document.querySelector('.case-head').offsetHeight;
  scrollTo(0, newest.getBoundingClientRect().top + scrollY - head);
}

toEnd();
startTheme();
startMenus();
startDialogs();
startUndo();
startClocks();
startReply();
startCount();
startDraft();
startKeys();
startLive();
startParts();
startStream();
