// Day and night: the system decides until a person does. The choice is kept in the profile.
export function startTheme() {
  const button = document.querySelector('[data-do="theme"]');
  if (!button) return;
  button.hidden = false;
  document.addEventListener('click', (event) => {
    if (!event.target.closest('[data-do="theme"]')) return;
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    const csrf = document.querySelector('input[name="csrf"]')?.value ?? '';
    const body = new URLSearchParams({ theme: root.dataset.theme, csrf });
    fetch('/desk/profile/theme', { method: 'POST', body, headers: { 'X-Requested-With': 'fetch' } }).catch(() => {});
  });
}
