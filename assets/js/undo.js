// The seconds in which an answer can be taken back.
export function startUndo() {
  const left = document.querySelector('[data-do="undo"] time[data-left]');
  if (!left) return;
  const end = Date.now() + Number(left.dataset.left) * 1000;
  const timer = setInterval(() => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    left.textContent = Math.max(seconds, 0);
    if (seconds > 0) return;
    clearInterval(timer);
    const toast = left.closest('.toast');
    if (!toast.contains(document.activeElement)) toast.remove();
    else toast.querySelector('button').disabled = true;
  }, 250);
}
