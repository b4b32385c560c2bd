// desk.mjs - what else agents do at the desk, each in a window of their own, and what they see of one another.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { linkOf, makeServer, makeSteps, signIn, startBrowser } from './house.mjs';

const step = makeSteps(() => [aylin, jonas, katja]);
let server, browser, aylin, jonas, katja, token, caseId, casePath;

before(async () => {
  server = await makeServer({ ZURUF_UNDO: '1' });
  browser = await startBrowser();
  aylin = await signIn(browser, await linkOf(server, 'aylin.brandt'));
  jonas = await signIn(browser, await linkOf(server, 'jonas.feddersen'));
  katja = await signIn(browser, await linkOf(server, 'katja.wieben'));
  const made = await server.command('channel', 'add', 'api', 'probe', '--brand', 'nordwerk', '--name', 'Probe');
  token = made.split('\n')[1];
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

// a post of a stranger, as another program hands it in
async function post(id, text, author = 'Fiete Hansen') {
  const answer = await fetch(`${server.url}/api/v1/posts`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ id, text, author, title: '' }),
  });
  const told = await answer.json();
  assert.ok(answer.ok, JSON.stringify(told));
  return told;
}

const view = () => `${server.url}/desk?kind=complaint`;
const row = (page) => page.locator(`#case-${caseId}`);
const pane = (page) => page.locator('section.case');
const onIt = (page, name) => row(page).locator(`.on :is([alt="${name}"], [aria-label="${name}"])`);

// from a link of the toolbar to the dialog over the page
async function ask(page, act) {
  await pane(page).locator(`.tools a[href$="/${act}"]`).click();
  await page.locator('dialog[open] form').waitFor();
  return page.locator('dialog[open]');
}

async function reply(dialog) {
  await dialog.locator('button[type="submit"]').click();
  await dialog.waitFor({ state: 'detached' });
}

const logOf = async (page) => (await page.request.get(`${server.url}/desk/part/case/${caseId}?tab=log`)).text();

step('two agents see the same post arrive', async () => {
  await Promise.all([aylin, jonas].map((page) => page.goto(view())));
  await post('probe-1', 'Frechheit! Seit Wochen ist meine Rechnung falsch und niemand antwortet. Wann passiert da endlich etwas?');
  const found = aylin.locator('li[data-case]', { hasText: 'Fiete Hansen' });
  await found.waitFor();
  caseId = await found.getAttribute('data-case');
  casePath = `${server.url}/desk/case/${caseId}`;
  await row(jonas).waitFor();
});

step('what changes between a page and its stream is shown', async () => {
  let open;
  const opened = new Promise((done) => (open = done));
  const asked = new Promise((done) =>
    jonas.route('**/desk/events*', async (route) => {
      done();
      await opened;
      await route.continue();
    }));
  await jonas.mouse.move(0, 0);
  await jonas.goto(view());
  await asked; // the page is there, its stream is not
  await post('probe-gap', 'Frechheit! Die Abbuchung ist falsch, und niemand antwortet mir. Wann passiert endlich etwas?', 'Levke Boysen');
  await aylin.locator('li[data-case]', { hasText: 'Levke Boysen' }).waitFor(); // told to everybody who listens
  assert.equal(await jonas.locator('li[data-case]', { hasText: 'Levke Boysen' }).count(), 0);
  open();
  await jonas.locator('li[data-case]', { hasText: 'Levke Boysen' }).waitFor();
  await jonas.unroute('**/desk/events*');
});

step('one sees that the other has taken it, and cannot take it as well', async () => {
  await Promise.all([aylin, jonas].map((page) => page.goto(casePath)));
  await pane(aylin).locator('form[action$="/take"] button').click();
  await pane(aylin).locator('form[action$="/release"]').waitFor();
  await pane(jonas).locator('.notice', { hasText: 'Aylin Brandt' }).waitFor();
  await onIt(jonas, 'Aylin Brandt').waitFor();
  await pane(jonas).locator('form[action$="/take"] button').click();
  await jonas.getByText(/Aylin Brandt is on it already/).waitFor();
  jonas.faults.length = 0; // the browser logs the refusal
  await jonas.goto(casePath);
});

step('a case is given to a colleague and a team', async () => {
  const dialog = await ask(aylin, 'assign');
  await dialog.locator('label', { hasText: 'Jonas Feddersen' }).click();
  await dialog.locator('select[name="team"]').selectOption({ label: 'Rechnung' });
  await reply(dialog);
  await onIt(aylin, 'Jonas Feddersen').waitFor();
  await pane(jonas).locator('form[action$="/release"]').waitFor();
  assert.match(await row(jonas).innerText(), /Rechnung/);
});

step('a note stays inside and is seen by the other', async () => {
  await pane(aylin).locator('.reply nav a[data-key="n"]').click();
  await aylin.fill('#text', 'Der Zähler wurde im Mai getauscht.');
  await pane(aylin).locator('button[value="note"]').click();
  await pane(aylin).locator('.is-note', { hasText: 'im Mai getauscht' }).waitFor();
  await pane(jonas).locator('.is-note', { hasText: 'im Mai getauscht' }).waitFor();
  await pane(jonas).locator('.sent, .trouble').waitFor({ state: 'detached' });
});

step('the priority changes the clock and is in the log', async () => {
  const due = () => row(aylin).locator('.clock').getAttribute('data-due');
  const before = await due();
  const dialog = await ask(aylin, 'priority');
  await dialog.locator('input[value="high"]').check();
  await reply(dialog);
  assert.ok(Number(await due()) < Number(before));
  assert.match(await logOf(aylin), /den Vorrang|Vorrang/);
});

step('a correction counts at once and is kept', async () => {
  const facts = pane(aylin).locator('.facts').first();
  await facts.locator('[data-dialog="correct"]').click();
  const dialog = aylin.locator('dialog[open]');
  await dialog.locator('select[name="kind"]').selectOption('question');
  await reply(dialog);
  const kind = pane(aylin).locator('.facts dl > div').first();
  assert.match(await kind.innerText(), /Frage[\s\S]*(korrigiert|berichtigt)/);
  assert.match(await logOf(aylin), /berichtigt|korrigiert/);
  await aylin.goto(view());
  assert.equal(await row(aylin).count(), 0, 'no complaint any more');
});

step('a case is put off, closed and opened again', async () => {
  await aylin.goto(casePath);
  await reply(await ask(aylin, 'snooze'));
  await pane(aylin).locator('.due', { hasText: 'zurückgestellt bis' }).waitFor();
  await aylin.goto(`${server.url}/desk?view=snoozed`);
  await row(aylin).locator('a').click();
  await pane(aylin).locator('form[action$="/close"] button').click();
  await pane(aylin).locator('.due', { hasText: 'geschlossen' }).waitFor();
  await pane(aylin).locator('form[action$="/reopen"] button').click();
  await pane(aylin).locator('form[action$="/close"]').waitFor();
  await aylin.goto(`${server.url}/desk?kind=question`);
  await row(aylin).waitFor();
});

step('the log says why it came here', async () => {
  await aylin.goto(`${casePath}?tab=log`);
  const log = await pane(aylin).locator('.log').innerText();
  for (const words of [/Wegweiser|Regel/, /Aylin Brandt/, /nahm|genommen|übernommen/, /Notiz/])
    assert.match(log, words);
});

step('who reads along has nothing to press', async () => {
  await katja.goto(casePath);
  assert.equal(await pane(katja).locator('button, form, textarea, .tools, .facts a').count(), 0);
  await pane(katja).locator('.said').first().waitFor();
  const status = await katja.evaluate(async (path) => {
    const csrf = document.querySelector('input[name="csrf"]').value;
    const answer = await fetch(`${path}/take`, { method: 'POST', body: new URLSearchParams({ csrf }) });
    return answer.status;
  }, casePath);
  assert.equal(status, 403);
  katja.faults.length = 0; // the browser logs the refusal
});

// What the page itself says, without what customers, colleagues and the brand say.
const wordsOfThePage = (page) => page.evaluate(() => {
  const content = '.line, .said, .who, .team, .subject, .because, .clip, #case-title, .brand, .quoted, .views ul + h2 + ul, ' +
    '[lang]:not(html), .person h3, .hits, tbody th a, .rules, option, kbd, .where, .label + ul, .log b, script, style';
  const said = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (!walk.currentNode.parentElement.closest(content)) said.push(walk.currentNode.data.trim());
  for (const element of document.querySelectorAll('button, nav, section, form, a, input, textarea'))
    if (!element.closest(content)) said.push(element.title, element.ariaLabel ?? '', element.placeholder ?? '');
  return said.filter((words) => words);
});

async function catalogue() {
  const text = await readFile(join(process.env.ZURUF_SOURCE, 'po/de.po'), 'utf8');
  const german = new Set();
  const english = new Set();
  for (const [, id, own] of text.matchAll(/msgid "(.+)"\nmsgstr "(.+)"/g)) english.add(id) && german.add(own);
  return { de: german, en: english };
}

step('the pages speak one language at a time', async () => {
  const words = await catalogue();
  const pages = ['/desk', new URL(casePath).pathname, `${new URL(casePath).pathname}?tab=log`, '/desk/search', '/desk/keys',
    '/desk/profile', '/desk/channels'];
  const common = { de: /\b(der|die|das|und|nicht|mit|ist|wartet)\b/i, en: /\b(the|and|not|with|is|waits)\b/i };
  for (const [own, other] of [['en', 'de'], ['de', 'en']]) {
    await aylin.goto(`${server.url}/desk/profile`);
    await aylin.locator('select[name="language"]').selectOption(own);
    await aylin.locator('main form button[type="submit"]').first().click();
    await aylin.waitForFunction((it) => document.documentElement.lang === it, own);
    const wrong = [];
    for (const path of pages) {
      await aylin.goto(server.url + path);
      for (const said of await wordsOfThePage(aylin))
        if ((words[other].has(said) && !words[own].has(said)) || common[other].test(said)) wrong.push(`${path}: ${said}`);
    }
    assert.deepEqual(wrong, [], `only ${own}`);
  }
});

step('two windows find the server again and show what came meanwhile', async () => {
  const windows = [aylin, await aylin.context().newPage()];
  for (const page of windows) {
    await page.goto(view());
    await page.evaluate(() => (globalThis.stayed = true));
  }
  await windows[0].mouse.move(0, 0);
  await windows[1].locator('li[data-case] .row').first().hover(); // this list must not move
  await server.stop();
  await windows[0].locator('.lost', { hasText: /Seit \d\d:\d\d keine Verbindung.*Nächster Versuch in \d+ s/ }).waitFor();
  await server.start();
  for (const page of windows) await page.evaluate(() => dispatchEvent(new Event('online'))); // not only when its time comes
  await post('probe-2', 'Frechheit! Meine Rechnung ist schon wieder falsch, und niemand ruft zurück. Wann endlich?', 'Wiebke Thiel');
  await windows[0].locator('li[data-case]', { hasText: 'Wiebke Thiel' }).waitFor();
  await windows[1].locator('[data-do="fresh"]:not([hidden])').click();
  await windows[1].locator('li[data-case]', { hasText: 'Wiebke Thiel' }).waitFor();
  for (const page of windows) assert.ok(await page.evaluate(() => globalThis.stayed === true));
  await windows[0].locator('.lost').waitFor({ state: 'hidden' });
  for (const page of [aylin, jonas, katja]) page.faults.length = 0; // browsers log that the server was away
});

step('nothing went wrong in the browsers', () => {
  for (const page of [aylin, jonas, katja]) assert.deepEqual(page.faults, []);
});
