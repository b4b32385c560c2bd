// pages.mjs - the pages in a real browser: accessible, within their policy, whole at 320 pixels, without
// JavaScript, and by keyboard. ZURUF_PREVIEW is the program that writes them.
import assert from 'node:assert/strict';
import { readFile, readdir, mkdtemp, rm } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { startSite } from './site.mjs';

const preview = process.env.ZURUF_PREVIEW;
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let folder, site, browser, names;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zuruf-pages-'));
  execFileSync(preview, [folder, 'de']);
  names = (await readdir(folder)).filter((name) => name.endsWith('.html'));
  site = await startSite(folder);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
});

after(async () => {
  await browser?.close();
  site?.stop();
  await rm(folder, { recursive: true, force: true });
});

// a page, and what went wrong on it
async function open(name, options = {}) {
  const context = await browser.newContext({ locale: 'de-DE', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (line) => line.type() === 'error' && !/503|404/.test(line.text()) && faults.push(line.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  if (name) await page.goto(`${site.url}/${name}`);
  return { page, faults, close: () => context.close() };
}

const wide = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

// Each page once in the same window, a few windows side by side: look gives what is wrong with it, as a list.
const WINDOWS = 3;
async function everyPage(options, look) {
  const left = [...names];
  const told = [];
  const walk = async () => {
    const { page, faults, close } = await open('', options);
    for (let name = left.pop(); name; name = left.pop()) {
      faults.length = 0;
      await page.goto(`${site.url}/${name}`);
      told.push(...[...await look(page), ...faults].map((it) => `${name}: ${it}`));
    }
    await close();
  };
  await Promise.all(Array.from({ length: WINDOWS }, walk));
  assert.deepEqual(told, []);
}

const ALL = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const COLOURS = ['color-contrast', 'link-in-text-block']; // what the time of day can change

async function violations(page, runOnly) {
  const found = await page.evaluate((only) => globalThis.axe.run({ runOnly: only, resultTypes: ['violations'] }), runOnly);
  return found.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(' ')).slice(0, 3)}`);
}

const tooWide = (page) => page.evaluate(() => (document.scrollingElement.scrollWidth <= innerWidth ? [] :
  [`wider than ${innerWidth}`, ...document.querySelectorAll('body *')].filter((it) => typeof it === 'string' ||
    it.getBoundingClientRect().right > innerWidth + 0.5).map((it) => it.className ?? it).slice(0, 6)));

test('every page is accessible by day and by night', () => everyPage({ ...wide, colorScheme: 'light' }, async (page) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.evaluate(axe);
  const day = await violations(page, ALL);
  await page.emulateMedia({ colorScheme: 'dark' });
  return [...day, ...(await violations(page, COLOURS)).map((it) => `by night: ${it}`)];
}));

test('every page is accessible on a phone, whole at 320 pixels, and in a window of 1440 at 200 %', () =>
  everyPage({ ...phone, deviceScaleFactor: 2, colorScheme: 'light' }, async (page) => {
    await page.setViewportSize(phone.viewport);
    await page.evaluate(axe);
    const told = await violations(page, ALL);
    for (const viewport of [{ width: 320, height: 640 }, { width: 720, height: 450 }]) {
      await page.setViewportSize(viewport);
      told.push(...await tooWide(page));
    }
    return told;
  }));

test('without JavaScript each button belongs to a form', () => everyPage({ ...wide, javaScriptEnabled: false },
  async (page) => {
    const told = [];
    if (await page.locator('button:visible:not(form button)').count()) told.push('a button without a form');
    if (await page.locator('form[method="post"]:not(:has(input[name="csrf"]))').count()) told.push('a form without csrf');
    return told;
  }));

test('letters act outside of text fields only', async () => {
  const { page, close } = await open('desk.html', wide);
  await page.keyboard.press('j');
  assert.equal(await page.evaluate(() => document.activeElement.closest('li').id), 'case-5');
  await page.keyboard.press('k');
  assert.equal(await page.evaluate(() => document.activeElement.closest('li').id), 'case-4');
  await page.keyboard.press('r');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'text');
  await page.keyboard.press('End');
  await page.keyboard.type('jk?');
  assert.match(await page.inputValue('#text'), /jk\?/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('a');
  await page.waitForSelector('dialog[open]');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  assert.match(await page.evaluate(() => document.activeElement.href), /assign$/, 'focus returns to the link');
  await close();
});

test('letters can be switched off', async () => {
  const { page, close } = await open('desk-quiet.html', wide);
  await page.keyboard.press('j');
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'BODY');
  await close();
});

test('a draft survives a server that is down', async () => {
  const { page, close } = await open('desk.html', wide);
  site.accepts = false;
  await page.fill('#text', 'Moin, wir kümmern uns 👩‍👩‍👧.');
  assert.equal(await page.textContent('[data-do="left"]'), String(500 - 24), 'a family is one character');
  await page.waitForFunction(() => /diesem Browser/.test(document.querySelector('[data-do="saved"]').textContent));
  site.accepts = true;
  site.drafts.length = 0;
  await page.reload();
  assert.match(await page.inputValue('#text'), /kümmern/);
  await page.waitForFunction(() => localStorage.length === 0);
  assert.match(await page.textContent('[data-do="saved"]'), /^gespeichert/);
  assert.match(site.drafts[0].get('text'), /kümmern/);
  assert.equal(site.drafts[0].get('csrf'), 'token');
  await close();
});

test('live updates move nothing and lose no text', async () => {
  const { page, close } = await open('desk.html', wide);
  await page.waitForFunction(() => document.querySelector('[data-do="list"]'));
  while (!site.streams.size) await new Promise((done) => setTimeout(done, 20));
  await page.fill('#text', 'angefangen');
  await page.hover('#case-6 .row');
  const place = await page.locator('#case-6').boundingBox();
  site.say('case', { id: '4', version: 99 });
  await page.waitForSelector('#case-4[data-version="99"]');
  assert.match(await page.textContent('#case-4'), /noch einmal geschrieben/);
  assert.equal(await page.getAttribute('#case-4 .row', 'aria-current'), 'true');
  await page.waitForFunction(() => /schreibt wieder/.test(document.querySelector('#case-title').textContent));
  assert.equal(await page.inputValue('#text'), 'angefangen');
  site.say('case', { id: '77', version: 1 });
  await page.waitForFunction(() => /1 neuen Fall/.test(document.querySelector('[data-do="fresh"]').textContent));
  assert.equal(await page.locator('#case-77').count(), 0);
  assert.deepEqual(await page.locator('#case-6').boundingBox(), place);
  await close();
});

test('without a stream the page says since when, and when it tries again', async () => {
  const { page, close } = await open('desk-quiet.html', wide);
  while (!site.streams.size) await new Promise((done) => setTimeout(done, 20));
  site.away = 600; // longer than this test: nothing is tried before somebody asks for it
  for (const stream of site.streams) stream.end();
  const line = page.locator('.lost'); // the first try, after about two seconds, goes unsaid
  await line.locator('text=/Seit \\d+:\\d+ keine Verbindung.* Nächster Versuch in (5|6)\\d\\d s/').waitFor();
  await page.evaluate(axe);
  assert.deepEqual(await violations(page, ALL), []);
  site.away = 0;
  await line.locator('button').click();
  await line.waitFor({ state: 'hidden' });
  assert.equal(site.streams.size, 1);
  await close();
});

test('on a phone a case opens at its newest post', async () => {
  const { page, close } = await open('case.html', { viewport: { width: 390, height: 500 }, hasTouch: true });
  const newest = () => page.locator('.strand > li').last().boundingBox();
  const head = await page.locator('.case-head').boundingBox();
  const { y } = await newest();
  assert.ok(y >= head.height - 1 && y < 500, `the newest post begins at ${y} of 500`);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'BODY', 'the focus stays');
  await page.evaluate(() => scrollTo(0, 0));
  await page.reload();
  assert.equal(await page.evaluate(() => scrollY), 0, 'who comes back finds the page as it was left');
  await close();
});

test('a phone shows one screen at a time', async () => {
  for (const [name, shown, hidden] of [
    ['desk.html', '.list', '.case'],
    ['case.html', '.case-head', '.list'],
    ['reply.html', '#text', '.case-head'],
    ['views.html', '.views', '.list'],
  ]) {
    const { page, close } = await open(name, phone);
    assert.ok(await page.locator(shown).first().isVisible(), `${name}: ${shown}`);
    assert.ok(!(await page.locator(hidden).first().isVisible()), `${name}: ${hidden}`);
    await close();
  }
});
