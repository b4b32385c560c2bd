// The seconds in which an answer can be taken back. The list brings its toast along whenever it is read anew.
const ends = new WeakMap();

function tick() {
  const left = document.querySelector('[data-do="undo"] time[data-left]');
  if (!left) return;
  if (!ends.has(left)) ends.set(left, Date.now() + Number(left.dataset.left) * 1000);
  const seconds = Math.max(Math.ceil((ends.get(left) - Date.now()) / 1000), 0);
  if (left.textContent !== String(seconds)) left.textContent = seconds;
  if (seconds) return;
  const toast = left.closest('.toast');
  if (!toast.contains(document.activeElement)) toast.remove();
  else toast.querySelector('button').disabled = true;
}

export function startUndo() {
  tick();
  setInterval(tick, 250);
}
