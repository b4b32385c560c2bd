// Questions about a case open over the page. The link leads to the same form as a page of its own; if fetching it
// fails, the link is followed.
let open = null;

function close() {
  open?.close();
}

export async function openDialog(link) {
  const address = new URL(link.href);
  address.searchParams.set('part', 'dialog');
  const dialog = document.createElement('dialog');
  try {
    const answer = await fetch(address, { headers: { 'X-Requested-With': 'fetch' } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    dialog.innerHTML = await answer.text();
  } catch {
    location.assign(link.href);
    return;
  }
  close();
  dialog.setAttribute('aria-labelledby', 'dialog-title');
  document.body.append(dialog);
  open = dialog;
  dialog.addEventListener('close', () => {
    dialog.remove();
    open = null;
    link.focus();
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog || event.target.closest('[data-do="cancel"]')) {
      event.preventDefault();
      dialog.close();
    }
  });
  dialog.showModal();
}

export function startDialogs() {
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-dialog]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    openDialog(link);
  });
  document.addEventListener('submit', (event) => {
    if (event.target.dataset.do !== 'sure') return;
    const words = [...event.target.querySelectorAll('button, .soft')].map((part) => part.textContent.trim());
    if (!confirm(words.join('\n\n'))) event.preventDefault();
  });
}
