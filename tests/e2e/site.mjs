// site.mjs - serves what tests/preview wrote, under the policy headers of the real server, and an event stream the
// test can speak into. Everything else answers as a server that is down would.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const types = { css: 'text/css', html: 'text/html; charset=utf-8', js: 'text/javascript', svg: 'image/svg+xml', woff2: 'font/woff2' };

const routes = [
  [/^\/desk\/case\/4\/assign$/, (query) => (query.get('part') === 'dialog' ? 'part/dialog.html' : 'dialog.html')],
  [/^\/desk\/part\/row\/(\d+)$/, (_, id) => `part/row-${id}.html`],
  [/^\/desk\/part\/case\/(\d+)$/, (_, id) => `part/case-${id}.html`],
  [/^\/desk\/part\/troubles$/, () => 'part/rail.html'], // any answer says that the server is there
  [/^\/desk\/part\/(list|rail)$/, (_, name) => `part/${name}.html`],
  [/^\/desk$/, () => 'desk.html'],
];

export async function startSite(folder) {
  const site = { drafts: [], streams: new Set(), accepts: false, away: 0 }; // away: seconds of a Retry-After
  const file = (url) => {
    for (const [pattern, to] of routes) {
      const found = pattern.exec(url.pathname);
      if (found) return to(url.searchParams, found[1]);
    }
    return normalize(url.pathname).slice(1);
  };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    response.setHeader('Content-Security-Policy', policy);
    if (site.away) {
      response.writeHead(503, { 'Retry-After': site.away }).end();
      return;
    }
    if (url.pathname === '/desk/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('retry: 100\n\n');
      site.streams.add(response);
      response.on('close', () => site.streams.delete(response));
      return;
    }
    if (request.method === 'POST') {
      let body = '';
      for await (const piece of request) body += piece;
      site.drafts.push(new URLSearchParams(body));
      response.writeHead(site.accepts ? 204 : 503).end();
      return;
    }
    try {
      const bytes = await readFile(join(folder, file(url)));
      if (url.pathname.startsWith('/assets/')) response.setHeader('Cache-Control', 'max-age=3600, immutable');
      response.setHeader('Content-Type', types[file(url).split('.').at(-1)] ?? 'text/plain');
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  site.url = `http://127.0.0.1:${server.address().port}`;
  site.say = (event, data) => {
    for (const stream of site.streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  site.stop = () => {
    for (const stream of site.streams) stream.end();
    server.closeAllConnections();
    server.close();
  };
  return site;
}
