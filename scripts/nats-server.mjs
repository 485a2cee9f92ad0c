/**
 * Purpose: a nats-server for tests and development, without Docker and without installing anything.
 *
 *   node scripts/nats-server.mjs                     makes sure of one per suite and says which
 *   node scripts/nats-server.mjs --suite trixie      only of the one of this suite: `testing` (new) or `trixie` (old); may be repeated
 *   node scripts/nats-server.mjs --print             prints the path of the one of `testing`, or of --suite
 *   --cache FOLDER, --apt FOLDER                     where downloads are kept, and apt's configuration (default /etc/apt)
 *   NATS_SERVER_BIN=/path/of/nats-server             use this one; NATS_SERVER_BIN_TRIXIE and NATS_SERVER_BIN_TESTING for one suite
 *
 * Where no server is to be had it says so in one line and ends with 1.
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
  if (unknown !== undefined)
    throw new NoServer(`there is no suite '${unknown}'; the suites are ${suites.join(' and ')}`);
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
