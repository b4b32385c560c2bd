// What is left of the channel's limit, counted as people see characters. The server has the last word.
const segmenter = globalThis.Intl?.Segmenter ? new Intl.Segmenter() : null;

export function graphemes(text) {
  if (!segmenter) return [...text].length;
  let n = 0;
  for (const _ of segmenter.segment(text)) n++;
  return n;
}

export function startCount() {
  const text = document.querySelector('textarea[data-limit]');
  const shown = document.querySelector('[data-do="left"]');
  const limit = Number(text?.dataset.limit);
  if (!limit || !shown) return;
  const meter = document.querySelector('.limit meter');
  const box = shown.closest('.limit');
  const show = () => {
    const used = graphemes(text.value);
    shown.textContent = limit - used;
    meter.value = Math.min(used, limit);
    box.toggleAttribute('data-over', used > limit);
  };
  text.addEventListener('input', show);
  show();
}
