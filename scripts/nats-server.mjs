/**
 * Purpose: provides a nats-server for tests and development, without Docker and without installing anything.
 *
 *   node scripts/nats-server.mjs                     provides one per suite and prints which
 *   node scripts/nats-server.mjs --suite trixie      for this suite only: `testing` (new) or `trixie` (old); may be repeated
 *   node scripts/nats-server.mjs --print             prints the path of the one for `testing`, or for --suite
 *   --cache FOLDER, --apt FOLDER                     where downloads are kept, and apt's configuration (default /etc/apt)
 *   NATS_SERVER_BIN=/path/to/nats-server             use this one; NATS_SERVER_BIN_TRIXIE and NATS_SERVER_BIN_TESTING set it per suite
 *
 * If no server is available it prints one line that says what to do, and exits with 1.
 */
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NoServer, provideServer, suites } from './nats/provide-server.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const { values } = parseArgs({
  options: {
    suite: { type: 'string', multiple: true },
    print: { type: 'boolean', default: false },
    cache: { type: 'string', default: join(root, 'node_modules/.cache/nats-server') },
    apt: { type: 'string', default: '/etc/apt' },
  },
});

function wantedSuites() {
  if (values.suite === undefined) return values.print ? suites.slice(0, 1) : suites;
  const unknown = values.suite.find((suite) => !suites.includes(suite));
  if (unknown !== undefined) throw new NoServer(`unknown suite '${unknown}'; expected ${suites.join(' or ')}`);
  return values.suite;
}

function describe({ path, version }, suite) {
  const shown = relative(root, path);
  return `nats-server ${version} (${suite}): ${shown.startsWith('..') ? path : shown}`;
}

try {
  for (const suite of wantedSuites()) {
    const server = provideServer(suite, { env: process.env, cache: resolve(values.cache), apt: resolve(values.apt) });
    console.log(values.print ? server.path : describe(server, suite));
  }
} catch (error) {
  if (!(error instanceof NoServer)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
