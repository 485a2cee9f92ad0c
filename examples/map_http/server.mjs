/**
 * The pages that map_http fetches: `node server.mjs [port]`, by default the port of ../llmteam.config.json.
 * Answers 503 to the first request for /pages/green, so that the retry policy has something to do.
 */
import { createServer } from 'node:http';

const titles = new Map([
  ['oolong', 'Oolong: half way'],
  ['green', 'Green: as picked'],
  ['black', 'Black: all the way'],
]);
const busy = new Set(['green']);

function answer(page) {
  if (busy.delete(page)) return { status: 503, body: { error: 'busy' } };
  const title = titles.get(page);
  return title === undefined ? { status: 404, body: { error: 'no such page' } } : { status: 200, body: { title } };
}

const server = createServer((request, response) => {
  const { status, body } = answer((request.url ?? '').replace('/pages/', ''));
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
server.listen(Number(process.argv[2] ?? 8099), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
