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
  await page.goto(`${site.url}/${name}`);
  return { page, faults, close: () => context.close() };
}

const wide = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

for (const [word, options] of [
  ['by day', { ...wide, colorScheme: 'light' }],
  ['by night', { ...wide, colorScheme: 'dark' }],
  ['on a phone', { ...phone, colorScheme: 'light' }],
]) {
  test(`every page is accessible ${word}`, async () => {
    const told = [];
    for (const name of names) {
      const { page, faults, close } = await open(name, options);
      await page.evaluate(axe);
      const found = await page.evaluate(() =>
        globalThis.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
      );
      for (const it of found.violations)
        told.push(`${name}: ${it.id}: ${it.nodes.map((node) => node.target.join(' ')).slice(0, 3)}`);
      told.push(...faults.map((fault) => `${name}: ${fault}`));
      await close();
    }
    assert.deepEqual(told, []);
  });
}

test('no page scrolls sideways at 320 pixels', async () => {
  const told = [];
  for (const name of names) {
    const { page, close } = await open(name, { viewport: { width: 320, height: 640 } });
    const over = await page.evaluate(() =>
      document.scrollingElement.scrollWidth <= innerWidth ? null : [...document.querySelectorAll('body *')]
        .filter((it) => it.getBoundingClientRect().right > innerWidth + 0.5)
        .map((it) => it.className || it.tagName),
    );
    if (over) told.push(`${name}: ${over.slice(0, 6)}`);
    await close();
  }
  assert.deepEqual(told, []);
});

test('a window of 1440 at 200 % keeps everything in reach', async () => {
  for (const name of names) {
    const { page, close } = await open(name, { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 });
    const width = await page.evaluate(() => document.scrollingElement.scrollWidth);
    assert.ok(width <= 720, `${name} is ${width} wide`);
    await close();
  }
});

test('without JavaScript each button belongs to a form', async () => {
  for (const name of names) {
    const { page, close } = await open(name, { ...wide, javaScriptEnabled: false });
    assert.equal(await page.locator('button:visible:not(form button)').count(), 0, name);
    assert.equal(await page.locator('form[method="post"]:not(:has(input[name="csrf"]))').count(), 0, name);
    await close();
  }
});

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
