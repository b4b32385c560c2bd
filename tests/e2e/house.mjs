// house.mjs - what the tests of the whole product need: the program as a process of its own, people who sign in to it
// with a real browser, and a real mail system beside it. ZURUF is the program, ZURUF_SOURCE the source tree; with
// ZURUF_TEST_PG (tests/with-pg) the data are on PostgreSQL.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const program = process.env.ZURUF;
const source = process.env.ZURUF_SOURCE;
const database = process.env.ZURUF_TEST_PG ?? '';
const run = promisify(execFile);

export const PATIENCE = 60000; // for what happens at once on a quick machine

// Tests that build on one another: what follows a failed one fails at once instead of waiting in vain. pages() are the
// open ones; what they showed when a step failed is told.
export function makeSteps(pages) {
  let failed = null;
  return (name, fn) => test(name, async (t) => {
    if (failed) throw new Error(`not tried, because this failed: ${failed}`);
    try {
      await fn(t);
    } catch (error) {
      failed = name;
      for (const page of pages().filter((it) => it))
        t.diagnostic(`${page.url()}: ${await page.evaluate(() => document.body.innerText).catch(String)}`);
      throw error;
    }
  });
}

// --- the server ---

// A data directory and the server on it; start and stop as often as wanted, always on the same port.
export async function makeServer(settings = {}) {
  const data = await mkdtemp(join(tmpdir(), 'zuruf-e2e-'));
  const server = { data, url: 'http://127.0.0.1:0', link: '', log: '' };
  let child = null;
  let ended;

  server.start = async () => {
    const listen = server.url.slice('http://'.length);
    child = spawn(program, ['serve', '--demo', '--data', data, '--listen', listen], {
      env: { ...process.env, ZURUF_DB: database, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    ended = new Promise((done) => child.on('exit', (code, signal) => done(code ?? signal)));
    child.stderr.on('data', (text) => (server.log += text));
    const said = (async () => {
      for await (const line of createInterface({ input: child.stdout })) {
        server.url = / is at (http:\S+)/.exec(line)?.[1] ?? server.url;
        server.link = /(http:\S+\/signin\/link\/\S+)/.exec(line)?.[1] ?? server.link;
        if (/\/signin\/link\//.test(line)) return;
      }
    })();
    const early = await Promise.race([said, ended.then((code) => `ended with ${code}: ${server.log}`)]);
    assert.equal(early, undefined, 'the server starts and prints a link');
  };
  server.stop = async () => {
    if (!child) return;
    child.kill('SIGTERM');
    const code = await ended;
    child = null;
    assert.equal(code, 0, `the server stops by itself: ${server.log.slice(-2000)}`);
  };
  server.command = async (...words) =>
    (await run(program, [words[0], '--data', data, ...words.slice(1)], {
      env: { ...process.env, ZURUF_DB: database },
    })).stdout.trim();
  server.remove = async () => {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  };
  await server.start();
  return server;
}

// --- people ---

export const startBrowser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
      '--no-first-run'],
  });

// A window of its own, signed in by a link; everything that goes wrong in it is kept in page.faults.
export async function signIn(browser, link, options = {}) {
  const context = await browser.newContext({
    locale: 'de-DE', reducedMotion: 'reduce', viewport: { width: 1440, height: 900 }, ...options,
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.faults = [];
  page.on('console', (line) => line.type() === 'error' && page.faults.push(line.text()));
  page.on('pageerror', (error) => page.faults.push(String(error)));
  await page.goto(link);
  await page.waitForURL('**/desk');
  return page;
}

export const linkOf = async (server, name) => {
  const said = await server.command('user', 'link', `${name}@nordwerk.example`);
  return server.url + new URL(said).pathname;
};

// --- mail ---

export async function startMail() {
  const dir = await mkdtemp('/tmp/zuruf-mail.'); // short: sockets live below
  const script = join(source, 'tests/channels/mail-server');
  const reader = join(source, 'tests/e2e/mail.py');
  await run(script, ['start', dir]);
  const ports = Object.fromEntries(
    (await readFile(join(dir, 'ports'), 'utf8')).trim().split('\n').map((line) => line.split('=')));
  const mail = { ca: join(dir, 'cert.pem'), ports };
  mail.send = async (from, to, headers, text) => {
    const lines = [`From: ${from}`, `To: ${to}`, `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
      'MIME-Version: 1.0', ...headers];
    if (!headers.some((line) => /^Content-Type/.test(line))) lines.push('Content-Type: text/plain; charset=utf-8');
    const sender = /<(.*)>/.exec(from)?.[1] ?? from;
    const job = run('python3', [reader, 'send', ports.smtp, sender, to]);
    job.child.stdin.end(`${lines.join('\r\n')}\r\n\r\n${text.replaceAll('\n', '\r\n')}\r\n`);
    await job;
  };
  mail.inbox = async (user) =>
    JSON.parse((await run('python3', [reader, 'read', ports.imaps, mail.ca, `${user}@zuruf.test`])).stdout);
  mail.stop = async () => {
    await run(script, ['stop', dir]);
    await rm(dir, { recursive: true, force: true });
  };
  return mail;
}

// Asks until the answer is true; for what has no event to wait for.
export async function until(what, ask, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) assert.fail(`waited ${patience / 1000} s in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
