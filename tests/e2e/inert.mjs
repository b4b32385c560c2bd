// inert.mjs - hostile texts in every field and by every channel, judged by a real browser whose Content-Security-Policy
// is switched off: nothing may run, ask another server or draw over the page, even if the policy were not there.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startBrowser, until } from './house.mjs';

const program = process.env.ZURUF;
const run = promisify(execFile);

// {{u:202E}}, {{n}}, {{t}} and {{x:9:a}} of the collection; {{{{ stands for {{
const unfold = (s) => s.replaceAll('{{{{', '\0').replaceAll('}}}}', '\x01')
  .replace(/\{\{u:([0-9A-F]+)\}\}/g, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
  .replaceAll('{{n}}', '\n').replaceAll('{{t}}', '\t')
  .replace(/\{\{x:(\d+):([^}]*)\}\}/g, (_, n, what) => what.repeat(Number(n)))
  .replaceAll('\0', '{{').replaceAll('\x01', '}}');
const vectors = (await readFile(join(process.env.ZURUF_SOURCE, 'tests/attack/vectors.tsv'), 'utf8')).split('\n')
  .filter((line) => line && !line.startsWith('#')).map((line) => line.split('\t'))
  // a repetition of a character is written with the braces inside one another
  .map(([sort, text]) => ({ sort, text: unfold(text.replace(/\{\{x:(\d+):\{\{u:([0-9A-F]+)\}\}\}\}/g,
    (_, n, hex) => `{{x:${n}:${String.fromCodePoint(parseInt(hex, 16))}}}`)) }));
const all = vectors.map((v) => v.text).filter((it) => it.length < 400).join('\n');

let folder, url, server, world, browser, feed;
const asked = []; // addresses of other servers that a page asked for

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zuruf-inert-'));
  const data = join(folder, 'data');
  world = JSON.parse(execFileSync(process.env.ATTACK_WORLD, [data], { stdio: ['ignore', 'pipe', 'ignore'] })).nordlicht;
  feed = createServer((_, answer) => {
    answer.writeHead(200, { 'Content-Type': 'application/rss+xml', 'Cache-Control': 'max-age=60' });
    const cdata = (s) => `<![CDATA[${s.replace(/\]\]>/g, '').replace(/[\0-\x08\x0b-\x1f]/g, '')}]]>`;
    answer.end(`<rss version="2.0"><channel><title>${cdata('<b onclick=hit()>Feed</b>')}</title>${vectors.map((v, n) =>
      `<item><guid>f${n}</guid><title>${cdata(v.text)}</title><author>${cdata(v.text)}</author>
       <link>${cdata(v.text)}</link><description>${cdata(`nordlicht Rechnung ist falsch! ${v.text}`)}</description></item>`
    ).join('')}</channel></rss>`);
  }).listen(0, '127.0.0.1');
  await new Promise((done) => feed.once('listening', done));
  server = spawn(program, ['serve', '--data', data, '--listen', '127.0.0.1:0'],
    { env: { ...process.env, ZURUF_UNDO: '3600', ZURUF_LOG: 'error' }, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) {
    url = / is at (http:\S+)/.exec(line)?.[1];
    break;
  }
  await run(program, ['channel', '--data', data, 'add', 'feed', 'hostile', '--brand', 'nordlicht', '--allow-private',
    '--name', '<b onclick=hit()>Feed', `url=http://127.0.0.1:${feed.address().port}/`]);
  await run(program, ['channel', '--data', data, 'add', 'mail', 'post', '--brand', 'nordlicht', '--allow-private',
    'imap_url=imaps://127.0.0.1:9', 'user=<img src=x onerror=hit()>', 'password=x', 'address=care@nordlicht.example']);
  await fillByPost();
  await fillByMail(data);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  feed?.close();
  server?.kill('SIGTERM');
  const code = await new Promise((done) => (server ? server.on('exit', done) : done(0)));
  await rm(folder, { recursive: true, force: true });
  assert.equal(code, 0, 'the server ends well');
});

// --- what is filled with hostile text ---

const csrf = (cookie) => createHmac('sha256', cookie).update('csrf').digest('base64url');

async function act(role, path, fields) {
  const { cookie } = world[role];
  const answer = await fetch(url + path, {
    method: 'POST', redirect: 'manual', body: new URLSearchParams({ ...fields, csrf: csrf(cookie) }),
    headers: { Cookie: `zuruf=${cookie}` },
  });
  assert.ok([200, 204, 303].includes(answer.status), `${path}: ${answer.status}`);
  return answer.text();
}

async function post(items) {
  const answer = await fetch(`${url}/api/v1/posts`, {
    method: 'POST', body: items.map((it) => JSON.stringify(it)).join('\n'),
    headers: { Authorization: `Bearer ${world.api.token}`, 'Content-Type': 'application/x-ndjson' },
  });
  assert.equal(answer.status, 201);
  return (await answer.json()).results;
}

const needs = '@nordlicht meine Rechnung ist falsch, bitte melden Sie sich! ';
const hostile = (v, n, more) => ({
  id: `x${n}${more.id}`, text: needs + v.text, title: v.text, author: v.text, author_name: v.text, url: v.text,
  [v.text]: v.text, extra: { [v.text]: v.text }, ...more.with,
});
let thread, alone;

async function fillByPost() {
  [{ case: thread }] = await post([{ id: 'root', text: needs }]);
  await post(vectors.map((v, n) => hostile(v, n, { id: '-in-thread', with: { in_reply_to: 'root' } })));
  alone = (await post(vectors.map((v, n) => hostile(v, n, { id: '-alone' })))).filter((it) => it.case);
  assert.ok(alone.length > vectors.length / 2, `${alone.length} of ${vectors.length} became cases`);
  await fetch(`${url}/api/v1/posts`, { method: 'POST', body: `{"id":"<img src=x onerror=hit()>",${all}`,
    headers: { Authorization: `Bearer ${world.api.token}` } });
  const line = (s) => s.slice(0, 79);
  for (const [n, v] of vectors.entries()) {
    if (n % 12) continue; // one of each sort and more is enough where the same code shows it
    await act('lead', '/desk/routing/new', { name: line(v.text), 'field-1': 'words', 'value-1': v.text, tags: v.text.slice(0, 40), enabled: '1' })
      .catch(() => 0); // some words are refused as tags
    await act('lead', '/desk/teams/new', { name: `${n} ${line(v.text)}`.slice(0, 60), icon: 'users' }).catch(() => 0);
    await act('administrator', '/desk/agents/new', { name: line(v.text), initials: '<i>', email: `a${n}@e.example`, role: 'agent' });
  }
  await act('agent', `/desk/case/${thread}/note`, { text: all });
  await act('agent', `/desk/case/${thread}/draft`, { text: all });
  await act('agent', `/desk/case/${alone[0].case}/reply`, { text: all });
  await act('agent', '/desk/profile', { name: '<img src=x onerror=hit()>', initials: '"><i>' });
  await act('administrator', '/desk/brand/change', { name: '</title><script>hit()</script>', subtitle: '"><svg onload=hit()>',
    names: 'nordlicht\n@nordlicht\n<b>nord', language: 'de', timezone: 'Europe/Berlin', signature: 'initials', address: 'sie' });
}

// Mails go through the reader that mailboxes use, then the way of an import.
async function fillByMail(data) {
  const mails = vectors.filter((_, n) => n % 3 === 0).map((v, n) => {
    const head = v.text.replace(/[\r\n\0]/g, ' ').slice(0, 900);
    const raw = `From: "${head.replace(/["\\]/g, '\\$&')}" <m${n}@e.example>\nSubject: ${head}\nMIME-Version: 1.0\n` +
      `Content-Type: text/html; charset=utf-8\n\n<p>Meine Rechnung ist falsch, bitte melden Sie sich!</p>${v.text}<blockquote>${v.text}</blockquote>`;
    const m = JSON.parse(execFileSync(program, ['parse', 'mail'], { input: raw }));
    return { id: `m${n}`, author: `m${n}@e.example`, author_name: m.from?.[0]?.name ?? '', title: m.subject, text: m.text || '-', private: true };
  });
  await writeFile(join(folder, 'mails.jsonl'), mails.map((m) => JSON.stringify(m)).join('\n'));
  await run(program, ['import', '--data', data, '--account', 'nordlicht/post', join(folder, 'mails.jsonl')]);
}

// --- the judge ---

async function open(role, options = {}) {
  const context = await browser.newContext({ bypassCSP: true, locale: 'de-DE', viewport: { width: 1280, height: 900 }, ...options });
  if (role) await context.addCookies([{ name: 'zuruf', value: world[role].cookie, url }]);
  await context.addInitScript(() => {
    window.hits = [];
    window.hit = () => window.hits.push(location.href);
  });
  const page = await context.newPage();
  page.on('request', (it) => !it.url().startsWith(url) && !/^(data|about):/.test(it.url()) && asked.push(it.url()));
  page.on('dialog', (it) => { asked.push(`a dialog: ${it.message()}`); it.dismiss(); });
  return page;
}

// What a page must not hold, as a list of words; [] when it is inert.
const look = (page) => page.evaluate((own) => {
  const wrong = [...window.hits.map((it) => `ran at ${it}`)];
  for (const e of document.querySelectorAll('details')) e.open = true;
  for (const e of document.querySelectorAll('*')) {
    for (const a of e.attributes) {
      if (/^on/i.test(a.name)) wrong.push(`handler ${a.name} at <${e.localName}>`);
      if (a.name === 'style' || a.name === 'srcdoc' || a.name === 'formaction') wrong.push(`${a.name} at <${e.localName}>`);
      if (/^(href|src|action|xlink:href|data)$/i.test(a.name)) {
        const to = new URL(a.value || '#', document.baseURI);
        const link = e.localName === 'a' && /^(https?|mailto):$/.test(to.protocol);
        if (to.origin !== own && !link && to.protocol !== 'data:') wrong.push(`<${e.localName} ${a.name}=${a.value.slice(0, 80)}>`);
      }
    }
    if (e.localName === 'script' && (!e.src.startsWith(own) || e.textContent)) wrong.push(`script ${e.outerHTML.slice(0, 80)}`);
    if (/^(iframe|frame|frameset|object|embed|applet|base|style|marquee|portal|math|font|template|xmp|plaintext|video|audio|isindex)$/.test(e.localName))
      wrong.push(`<${e.localName}>`);
    if (e.localName === 'meta' && e.httpEquiv) wrong.push(e.outerHTML);
    if (e.closest('.said') && (getComputedStyle(e).position === 'fixed' || getComputedStyle(e).position === 'absolute'))
      wrong.push(`<${e.localName}> in a text leaves its place`);
    if (e.localName === 'img' && !e.src.startsWith(own)) wrong.push(`image ${e.src.slice(0, 80)}`);
  }
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width)
    wrong.push(`scrolls sideways by ${[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > width + 1)
      .map((e) => `${e.localName}.${e.className}`).slice(0, 5)}`);
  if (/\p{M}{12}/u.test(document.body.textContent)) wrong.push('a tower of marks on a letter');
  return wrong;
}, new URL(url).origin);

async function inert(page, paths) {
  const wrong = [];
  for (const path of paths) {
    await page.goto(url + path);
    wrong.push(...(await look(page)).map((it) => `${path}: ${it}`));
  }
  wrong.push(...asked.splice(0).map((it) => `asked for ${it}`));
  assert.deepEqual([...new Set(wrong)].slice(0, 30), []);
}

test('the judge sees what runs', async () => {
  const page = await open('reader');
  const seen = new Set();
  for (const text of ['<img src=x onerror=hit()>', '<p style="position:fixed">x', '<iframe src=about:blank></iframe>',
    '<a href="javascript:hit()">x</a>', '<form action=//evil.example/>', 'Z' + '\u0301'.repeat(20)]) {
    await page.goto(`${url}/desk/keys`);
    await page.evaluate((html) => { document.querySelector('main').innerHTML = html; }, text);
    await page.waitForTimeout(50);
    if ((await look(page)).length) seen.add(text);
  }
  assert.equal(seen.size, 6);
  asked.length = 0;
});

test('case 21: hostile texts in every field and by every channel are inert', async () => {
  const page = await open('agent');
  await until('the feed is read', async () =>
    /hostile\t.*\t(\d+) posts/.exec((await run(program, ['channel', '--data', join(folder, 'data'), 'list', '--brand', 'nordlicht'])).stdout)?.[1] > 100);
  const paths = [`/desk/case/${thread}`, '/desk', '/desk?view=closed', '/desk/search?q=Rechnung', '/desk/search?q=script+hit'];
  for (const it of alone.filter((_, n) => n % 12 === 0)) paths.push(`/desk/case/${it.case}`);
  for (let next = '/desk?older=0', n = 0; next && n < 4; n++) { // list after list
    await page.goto(url + (n ? next : '/desk'));
    next = await page.evaluate(() => document.querySelector('.older a')?.getAttribute('href'));
    if (next) paths.push(next);
  }
  await inert(page, paths);
  const shown = await page.goto(`${url}/desk/case/${thread}`).then(() => page.evaluate(() => document.body.innerText));
  assert.ok(shown.includes('<img src=x onerror=hit()>'), 'they are shown as what they are');
});

test('case 22: Markdown and HTML that are rendered are inert', async () => {
  const page = await open();
  const wrong = [];
  await page.goto(`${url}/signin`);
  for (const kind of ['markdown', 'html']) {
    const done = vectors.filter((v) => kind === 'html' || /markdown|scheme|element/.test(v.sort))
      .map((v) => execFileSync(program, ['render', kind], { input: v.text, encoding: 'utf8' }));
    for (let n = 0; n < done.length; n += 12) { // in small heaps: what is open in one must not hide another
      await page.evaluate((it) => { document.body.innerHTML = it; }, done.slice(n, n + 12).join('\n'));
      const told = (await look(page)).filter((it) => !/sideways/.test(it) && !/tower/.test(it));
      wrong.push(...told.map((it) => `${kind}: ${it} in ${done.slice(n, n + 12)}`.slice(0, 900)));
    }
    await page.setContent(done.join('\n')); // as a document of its own, where scripts would run
    await page.waitForTimeout(200);
    wrong.push(...(await page.evaluate(() => window.hits ?? [])));
  }
  wrong.push(...asked.splice(0));
  assert.deepEqual(wrong.slice(0, 20), []);
});

test('case 23: names, titles and file names are text that turns nothing around', async () => {
  const page = await open('agent');
  for (const path of [`/desk/case/${thread}`, '/desk', '/desk/search?q=Rechnung']) {
    await page.goto(url + path);
    const turned = await page.evaluate(() => [...document.querySelectorAll('h1, h2, title, .by, .row, .subject, .hit, .file, .clip, summary')]
      .map((e) => e.textContent).filter((it) => /[\u202a-\u202e\u2066-\u2069\u200e\u200f]/.test(it)));
    assert.deepEqual(turned, [], path);
  }
});

test('case 24: what staff alone sees is inert: editor, notes, settings, logs, refused lines, live updates', async () => {
  const page = await open('administrator');
  await page.goto(`${url}/desk/channels/${world.api.id}`);
  const refused = await page.evaluate(() => [...document.querySelectorAll('a[href*="/refused/"]')].map((e) => e.getAttribute('href')));
  assert.ok(refused.length > 1, 'lines that were refused');
  const ids = async (path, part) => {
    await page.goto(url + path);
    return page.evaluate((it) => [...document.querySelectorAll(`a[href^="${it}"]`)].map((e) => e.getAttribute('href')), part);
  };
  const found = [...(await ids('/desk/agents', '/desk/agents/')).slice(0, 12), ...(await ids('/desk/teams', '/desk/teams/')).slice(0, 12),
    ...(await ids('/desk/routing', '/desk/routing/')).slice(0, 12), ...(await ids('/desk/channels', '/desk/channels/'))];
  for (const path of refused) {
    const answer = await fetch(url + path, { headers: { Cookie: `zuruf=${world.administrator.cookie}` } });
    assert.match(answer.headers.get('content-disposition'), /^attachment;/, path);
    assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  }
  await inert(page, [`/desk/channels/${world.api.id}`, '/desk/audit', '/desk/agents', '/desk/teams', '/desk/routing', '/desk/brand',
    '/desk/channels', '/desk/profile', '/desk/calendar', ...found]);
  const agent = await open('agent', { userAgent: '<img src=x onerror=hit()>"\'' });
  await inert(agent, [`/desk/case/${thread}/reply`, `/desk/case/${thread}/reply?way=note`, `/desk/case/${thread}/assign`,
    `/desk/case/${thread}?tab=log`, '/desk/profile', '/desk/views']);
  // what comes while the case is open is put in by a script
  const number = vectors.findIndex((_, n) => alone[1].id === `x${n}-alone`);
  await agent.goto(`${url}/desk/case/${alone[1].case}`);
  await post(vectors.slice(0, 90).map((v, n) => hostile(v, n, { id: '-live', with: { in_reply_to: `x${number}-alone` } })));
  await until('the posts are shown', () => agent.evaluate(() => document.querySelectorAll('.thread .said').length > 90));
  assert.deepEqual(await look(agent), []);
  assert.deepEqual(asked.splice(0), []);
});

test('case 26: no page holds a script block that a text could end', async () => {
  const page = await open('administrator');
  for (const path of ['/desk', `/desk/case/${thread}`, '/desk/routing', '/desk/brand']) {
    await page.goto(url + path);
    assert.deepEqual(await page.evaluate(() => [...document.scripts].filter((e) => e.textContent.trim()).map((e) => e.outerHTML)), []);
  }
  const strict = await open('reader', { bypassCSP: false });
  await strict.goto(`${url}/desk`);
  await strict.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'hit()';
    document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=hit()><p style="position:fixed" id=probe>x</p>');
  });
  await strict.waitForTimeout(200);
  assert.deepEqual(await strict.evaluate(() => [window.hits.length, getComputedStyle(document.querySelector('#probe')).position]), [0, 'static'],
    'the policy holds if everything else fails');
});

test('case 27: a link tells the host it leads to', async () => {
  const page = await open('agent');
  const links = ['https://good.example@evil.example/', 'https://\u0430pple.example/x', 'https://xn--pple-43d.example/',
    'https://good.example.evil.example/good.example', `https://evil.example/${'a'.repeat(600)}?https://good.example`, 'https://evil.example\\@good.example/'];
  const [{ case: number }] = await post([{ id: 'links', text: needs }, { id: 'more', in_reply_to: 'links', ours: true,
    text: `Siehe\n${links.join('\n')}`, url: 'https://good.example.evil.example/x' }]);
  await page.goto(`${url}/desk/case/${number}`);
  const found = await page.evaluate(() => [...document.querySelectorAll('.said a, .by a')].map((e) => {
    const host = new URL(e.href).host;
    const after = e.nextSibling?.textContent ?? '';
    const box = e.getBoundingClientRect();
    const shown = e.scrollWidth <= e.clientWidth || getComputedStyle(e).overflow === 'visible';
    return { host, told: e.textContent.includes(host) || after.startsWith(` (${host})`), shown: shown && box.right <= innerWidth,
      rel: e.rel, href: e.href };
  }));
  assert.ok(found.length >= 4, JSON.stringify(found));
  for (const it of found) {
    assert.ok(it.told && it.shown, `${it.href} is told as another: ${JSON.stringify(it)}`);
    assert.match(it.rel, /noopener/);
  }
  assert.ok(!found.some((it) => new URL(it.href).username), 'no link with a user name');
});

test('case 31: texts stay in their box', async () => {
  const page = await open('agent', { viewport: { width: 400, height: 800 } });
  await page.goto(`${url}/desk/case/${thread}`);
  assert.deepEqual(await look(page), []);
  const large = await page.evaluate(() => [...document.querySelectorAll('.said')].filter((e) => {
    const box = e.closest('li').getBoundingClientRect();
    return [...e.getClientRects()].some((it) => it.right > box.right + 1 || it.left < box.left - 1);
  }).length);
  assert.equal(large, 0);
});
