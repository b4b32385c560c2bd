// Menus are <details>; a click elsewhere or Escape closes them, arrow keys walk toolbars.
const menus = 'details.brand-menu, details.macros, details.split-more';

function closeAll(but) {
  for (const menu of document.querySelectorAll(menus)) if (menu !== but) menu.open = false;
}

function arrows(event) {
  const bar = event.target.closest?.('[role="toolbar"]');
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!bar || !step) return;
  const items = [...bar.querySelectorAll('a, button')];
  items[(items.indexOf(event.target) + step + items.length) % items.length]?.focus();
  event.preventDefault();
}

export function startMenus() {
  document.addEventListener('click', (event) => closeAll(event.target.closest(menus)));
  document.addEventListener('keydown', (event) => {
    const menu = event.key === 'Escape' && document.activeElement.closest(menus);
    if (menu) {
      menu.open = false;
      menu.querySelector('summary').focus();
    }
    arrows(event);
  });
}
