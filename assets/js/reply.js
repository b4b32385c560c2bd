// The reply box: Ctrl+Enter sends, a snippet goes in where the cursor stands, ":" at the start of a line opens them.
function insert(text, words) {
  text.setRangeText(words, text.selectionStart, text.selectionEnd, 'end');
  text.dispatchEvent(new Event('input', { bubbles: true }));
  text.focus();
}

export function startReply() {
  const form = document.querySelector('form[data-do="reply"]');
  const text = form?.querySelector('textarea');
  if (!text) return;
  form.addEventListener('click', (event) => {
    const snippet = event.target.closest('button[data-text]');
    if (!snippet) return;
    event.preventDefault();
    snippet.closest('details').open = false;
    insert(text, snippet.dataset.text);
  });
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      form.requestSubmit(form.querySelector('.send button[name="then"]'));
    } else if (event.key === ':' && /(^|\n)$/.test(text.value.slice(0, text.selectionStart))) {
      const snippets = form.querySelector('details.macros');
      if (!snippets?.getClientRects().length) return;
      event.preventDefault();
      snippets.open = true;
      snippets.querySelector('.item').focus();
    }
  });
  let sent = false;
  form.addEventListener('submit', (event) => {
    if (sent) event.preventDefault(); // a double click sends once; the server refuses the second, too
    sent = true;
  });
  addEventListener('pageshow', () => {
    sent = false;
  });
}
