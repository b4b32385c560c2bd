// pictures.mjs FOLDER - takes the pictures of docs/pictures from the demo. ZURUF and ZURUF_SOURCE as for the tests;
// ImageMagick makes them small.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { linkOf, makeServer, signIn, startBrowser } from './house.mjs';

const folder = process.argv[2];
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const server = await makeServer();
const browser = await startBrowser();

async function take(page, name) {
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

async function openCase(page) {
  await page.goto(`${server.url}/desk`);
  await page.locator('li[data-case]', { hasText: 'Hauke Petersen' }).first().locator('a').click();
  await page.waitForURL('**/desk/case/*');
}

const shrink = (name) =>
  execFileSync('convert', [join(folder, `${name}.png`), '-strip', '+dither', '-colors', '64', '-define', 'png:compression-level=9',
    join(folder, `${name}.png`)]);

try {
  const desk = await signIn(browser, await linkOf(server, 'jonas.feddersen'));
  await openCase(desk);
  await desk.fill('#text', 'Moin Herr Petersen, die Mahnung ist zurückgenommen, die Gebühr auch. Um die Leitung kümmern sich');
  await take(desk, 'desk');
  await desk.emulateMedia({ colorScheme: 'dark' });
  await take(desk, 'desk-dark');
  const lead = await signIn(browser, await linkOf(server, 'bea.lorenzen'));
  for (const name of ['routing', 'search']) {
    await lead.goto(`${server.url}/desk/${name}?q=Mahnungen`);
    await take(lead, name);
  }
  const small = await signIn(browser, await linkOf(server, 'aylin.brandt'), phone);
  await take(small, 'phone-1');
  await openCase(small);
  await take(small, 'phone-2');
  await small.locator('.to-reply a').click();
  await small.fill('#text', 'Moin Herr Petersen, die Mahnung ist zurückgenommen.');
  await take(small, 'phone-3');
  const parts = [1, 2, 3].map((n) => join(folder, `phone-${n}.png`));
  execFileSync('convert', [...parts, '-bordercolor', '#9aa0a0', '-border', '1', '+append', join(folder, 'phone.png')]);
  execFileSync('rm', parts);
  ['desk', 'desk-dark', 'routing', 'search', 'phone'].forEach(shrink);
} finally {
  await browser.close();
  await server.remove();
}
