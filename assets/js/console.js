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

// the newest post is what one came for
export function toEnd() {
  const thread = document.querySelector('[data-do="end"]');
  if (thread) thread.scrollTop = thread.scrollHeight;
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
