/**
 * A plugin that does everything a plugin should not do: one step type, whose config says what. Plugin and type are named for the folder, so
 * that copies of it can be loaded side by side.
 */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { cycle, fickle, odd, poisoned, results, strange } from './odd-values.js';

const name = basename(dirname(fileURLToPath(import.meta.url)));
const brand = Symbol.for('llmteam.error');

function raise(thrown) {
  throw thrown;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function busyFor(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Every place that a value can go to. */
const sinks = {
  result: (_context, odd) => ({ output: odd }),
  details: (_context, odd) => {
    raise({ [brand]: true, name: 'Odd', code: 'ODD', message: 'odd details', details: { odd } });
  },
  payload: (context, odd) => context.record({ event_type: 'data.produced', payload: { key: 'odd', value: odd } }),
  usage: (context, odd) => context.addUsage(odd),
  progress: (context, odd) => context.heartbeat({ odd }),
  memo: async (context, odd) => ({ output: await context.memo('odd', async () => odd) }),
  store: (context, odd) => context.store('kept').set('odd', odd),
  log: (context, odd) => context.log.warn({ odd }, 'odd'),
  token: (context, odd) => context.emitToken(odd),
  span: (context, odd) => void context.span.setAttribute('odd', odd),
};

const kept = [];

const acts = {
  calm: async (_context, { ms = 0 }, input) => {
    if (ms > 0) await pause(ms);
    return { output: input };
  },
  throws: async (_context, { what }) => {
    throw odd[what]();
  },
  throws_at_once: (_context, { what }) => {
    throw odd[what]();
  },
  returns: async (_context, { what }) => {
    if (what === 'proxy') return poisoned();
    return what === 'fickle' ? { output: fickle() } : results[what];
  },
  sends: async (context, { to, what }) => (await sinks[to](context, strange[what]())) ?? { output: 'sent' },
  returns_at_once: (_context, _config, input) => ({ output: input }),
  records: async (context, { what }) => {
    if (what === 'type') context.record({ event_type: 'step.completed', payload: {} });
    if (what === 'payload') context.record({ event_type: 'data.produced', payload: { odd: 10n } });
    if (what === 'usage') context.addUsage({ input_tokens: -1, output_tokens: Number.NaN });
    if (what === 'progress') context.heartbeat(cycle());
    if (what === 'memo') await context.memo('odd', async () => 10n);
    if (what === 'store') await context.store('kept').set('odd', 10n);
    return { output: 1 };
  },
  poses: async (_context, { code }) => {
    raise({ [brand]: true, name: 'LlmteamError', code, message: 'posing', recoverable: false });
  },
  exits: async () => process.exit(3),
  strays: async (_context, { ms }) => {
    setTimeout(() => {
      throw new Error('stray');
    }, 5);
    if (ms > 0) await pause(ms);
    return { output: 'done' };
  },
  rejects: async (_context, { ms }) => {
    setTimeout(() => Promise.reject(new Error('stray')), 5);
    if (ms > 0) await pause(ms);
    return { output: 'done' };
  },
  loops_later: async (_context, { ms }) => {
    setTimeout(() => busyFor(600_000), ms);
    return { output: 1 };
  },
  exits_later: async (_context, { ms }) => {
    setTimeout(() => process.exit(3), ms);
    return { output: 1 };
  },
  grows_later: async () => {
    setInterval(() => kept.push(Buffer.alloc(10_000_000, 1)), 20);
    return { output: 1 };
  },
  loops: async () => {
    for (;;);
  },
  never: () => new Promise(() => undefined),
  late: async (_context, { ms }) => {
    busyFor(ms);
    return { output: 'late' };
  },
  fills_heap: async () => {
    const all = [];
    for (;;) all.push(new Array(100_000).fill(Math.random()));
  },
  fills_buffers: async () => {
    const all = [];
    for (;;) {
      all.push(Buffer.alloc(10_000_000, 1));
      await pause(1);
    }
  },
  leaks: async () => {
    kept.push(new Array(25_000).fill(Math.random()));
    return { output: kept.length };
  },
  patches: async () => {
    Object.prototype.toJSON = () => 'patched';
    Array.prototype.map = () => ['patched'];
    Reflect.set(Promise.prototype, 'then', () => undefined);
    JSON.stringify = () => '"patched"';
    return { output: 1 };
  },
  mutates: async (_context, config, input) => {
    config.act = 'changed';
    input.list.push('changed');
    input.more = 'changed';
    return { output: 1 };
  },
  patches_to_json: async () => {
    Object.prototype.toJSON = () => 10n;
    return { output: 1 };
  },
  environment: async () => ({ output: Object.keys(process.env) }),
  // It opens for writing and never writes: a test that finds a hole must not do harm.
  files: async (_context, { path }) => ({
    output: [tried(() => fs.readFileSync(path).length), tried(() => fs.closeSync(fs.openSync(path, 'r+')))],
  }),
  reads: async (_context, { path }) => ({ output: await fs.promises.readFile(path, 'utf8') }),
  reads_wrapped: async (_context, { path }) => {
    try {
      return { output: fs.readFileSync(path, 'utf8') };
    } catch (cause) {
      throw new Error('the template is missing', { cause });
    }
  },
  system: async () => {
    const ways = [
      () => os.setPriority(process.ppid, os.getPriority(process.ppid)),
      () => v8.setFlagsFromString('--stack-size=900'),
      () => v8.writeHeapSnapshot(),
      () => process.report.writeReport(),
      () => process.umask(0),
      () => process.setuid?.(0) ?? raise(Object.assign(new Error('not in threads'), { code: 'PERMISSION_DENIED' })),
    ];
    return { output: ways.map(tried) };
  },
  processes: async () => {
    const { spawnSync } = await import('node:child_process');
    return { output: [tried(() => spawnSync('true').status), tried(() => process.kill(process.ppid, 0))] };
  },
  network: async (context, { port }) => {
    const ways = {
      fetch: () => fetch(`http://127.0.0.1:${port}/`),
      socket: () => net.connect(port, '127.0.0.1'),
      server: () => net.createServer().listen(0),
      undeclared: () => context.fetch('http://elsewhere.example.com/'),
      ungranted: () => context.fetch('http://api.example.com/'),
    };
    const told = {};
    for (const [way, go] of Object.entries(ways)) told[way] = await triedLater(go);
    return { output: told };
  },
  secrets: async (context, { what }) => {
    const key = context.secret('key');
    if (what === 'ungranted') return { output: context.secret('other_key') };
    context.log.error({ key }, `logged ${key}`);
    process.stderr.write(`written ${key}\n`);
    context.heartbeat({ key });
    const error = new Error(`thrown ${key}`);
    error.name = `Named${key}`;
    throw what === 'stray'
      ? setTimeout(() => {
          throw error;
        }) && (await pause(50))
      : error;
  },
  tells: async (context, { what }) => {
    const key = context.secret('key');
    const header = context.client('guarded').headers.authorization;
    const both = `${key} and ${header}`;
    context.log.error({ key, header }, `logged ${both}`);
    process.stdout.write(`written ${both}\n`);
    // What code of this process writes there is its own affair.
    if (Object.keys(process.env).length === 0) process.stderr.write(`written ${both}\n`);
    context.heartbeat({ key, header });
    context.record({ event_type: 'data.produced', payload: { key: 'told', value: both } });
    context.emitToken(`token ${both}`);
    await context.memo('told', async () => both);
    return leaks[what](both);
  },
  floods: async (_context, { bytes }) => {
    const line = `${'o'.repeat(999_999)}\n`;
    for (let sent = 0; sent < bytes; sent += line.length) fs.writeSync(1, line);
    return { output: 1 };
  },
  prints: async (_context, { bytes }) => {
    const line = `${'p'.repeat(999)}\n`;
    for (let sent = 0; sent < bytes; sent += line.length) process.stdout.write(line);
    return { output: 1 };
  },
  pours: async (_context, { bytes }) => {
    const lines = `${'p'.repeat(999)}\n`.repeat(1_000);
    for (let sent = 0; sent < bytes; sent += lines.length) {
      if (!process.stdout.write(lines)) await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
    return { output: 1 };
  },
  forges: async (context) => {
    const forged = { level: 'fatal', time: 1, run_id: 'forged', tenant_id: 'other', own: 1 };
    context.log.error(forged, 'forged line');
    context.log.child({ run_id: 'forged' }).error({}, 'forged line');
    context.log.error({ large: 'f'.repeat(1_000_000) }, `large line ${'m'.repeat(1_000_000)}`);
    return { output: 1 };
  },
  log_flood: async () => {
    const line = (size) => JSON.stringify({ tell: 'log', level: 'info', fields: {}, message: 'f'.repeat(size) });
    for (let at = 0; at < 20; at++) say(line(10_000_000));
    say(line(100_000));
    await pause(10);
    return { output: 1 };
  },
  logs: async (context, { count }) => {
    for (let at = 0; at < count; at++) context.log.info({ at }, 'l'.repeat(200));
    return { output: 1 };
  },
  deaf: async (context) => {
    await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
    busyFor(600_000);
    return { output: 1 };
  },
  lingers: async (context, { ms }) => {
    setTimeout(() => {
      context.addUsage({ input_tokens: 1_000, output_tokens: 1_000 });
      context.record({ event_type: 'step.completed', payload: {} });
      context
        .store('kept')
        .set('owner', context.run_id)
        .catch(() => undefined);
    }, ms);
    return { output: 1 };
  },
  keeps: async (context, { ms }) => {
    await pause(ms);
    return { output: (await context.store('kept').get('owner')) ?? null };
  },
  aborts: async () => process.abort(),
  addons: async () => ({ output: tried(() => process.dlopen({ exports: {} }, '/nowhere.node')) }),
  connects: (_context, { host, port }) =>
    new Promise((resolve, reject) => {
      const socket = net.connect(port, host);
      socket.on('error', reject);
      socket.on('data', (data) => resolve({ output: String(data) }));
    }),
  handles: async () => ({ output: tried(() => new childProcess.ChildProcess()) }),
  says: async (_context, { texts }) => {
    for (const text of texts) say(text);
    await pause(300);
    return { output: 1 };
  },
  bomb: async () => {
    say(`[${'{},'.repeat(1_500_000)}1]`);
    await pause(5_000);
    return { output: 1 };
  },
  ignores: async (context) => {
    await context.store('kept').set('large', 'l'.repeat(500_000));
    for (let asked = 0; asked < 1_000; asked++)
      context
        .store('kept')
        .get('large')
        .catch(() => undefined);
    await pause(1);
    busyFor(600_000);
    return { output: 1 };
  },
  streams: async (context) => {
    const text = 't'.repeat(100_000);
    for (;;) context.emitToken(text);
  },
  reaches: async (context) => ({ output: reachable(context) }),
};

const leaks = {
  thrown: (both) => {
    const error = new Error(`thrown ${both}`, { cause: new Error(`because of ${both}`) });
    error.name = `Named${both}`;
    throw error;
  },
  coded: (both) => {
    raise({
      [brand]: true,
      name: both,
      code: both.slice(0, 16),
      message: `coded ${both}`,
      details: { [both]: both },
    });
  },
  strayed: async (both) => {
    setTimeout(() => {
      throw new Error(`strayed ${both}`);
    }, 1);
    await pause(5_000);
  },
  late: async (both) => {
    setTimeout(() => Promise.reject(new Error(`late ${both}`)), 1);
    return { output: 'done' };
  },
  returned: (both) => ({ output: { [both]: [both] } }),
  port: (both) => ({ [both]: both }),
  text: (both) => {
    throw both;
  },
};

/** What only the runtime inside should say to the host. */
function say(text) {
  if (parentPort !== null) return parentPort.postMessage(text);
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  writeAll(Buffer.concat([head, bytes]));
}

/** The pipe does not block, so it may be full. */
function writeAll(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(3, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

function tried(act) {
  try {
    return String(act());
  } catch (error) {
    return String(error.code);
  }
}

async function triedLater(act) {
  try {
    return String(await act());
  } catch (error) {
    return `${error.code}: ${error.message}`;
  }
}

/** Every name that can be reached from the context, by value or by prototype. */
function reachable(context) {
  const names = new Set();
  for (let at = context; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) names.add(String(key));
  }
  return [...names].sort();
}

const hostile = {
  kind: 'task',
  metadata: {
    type_id: name.replaceAll('-', '_'),
    display_name: 'Hostile',
    description: 'Does what its config says.',
    category: 'utility',
    icon: 'x',
    color: '#000000',
    config_schema: { type: 'object', properties: { act: { type: 'string' } }, required: ['act'] },
    input_ports: [{ name: 'input', type: 'any', description: '', required: false }],
    output_ports: [{ name: 'output', type: 'any', description: '', required: true }],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: '',
    examples: [{ act: 'calm' }],
  },
  run: (context, config, input) => acts[config.act](context, config, input),
};

const usage = { input_tokens: 2, output_tokens: 3 };
const answer = { text: 'an answer', model: 'odd-1', finish_reason: 'stop', usage };

const answers = {
  right: async () => answer,
  nothing: async () => undefined,
  list: async () => [],
  no_text: async () => ({ ...answer, text: undefined }),
  number: async () => ({ ...answer, text: 3 }),
  no_model: async () => ({ ...answer, model: {} }),
  reasoning: async () => ({ ...answer, reasoning: 3 }),
  calls: async () => ({ ...answer, tool_calls: {} }),
  call: async () => ({ ...answer, tool_calls: [{ call_id: '1', name: 'search', arguments: {} }] }),
  no_call: async () => ({ ...answer, tool_calls: [null] }),
  bigint: async () => ({ ...answer, provider_metadata: { odd: 10n } }),
  cycle: async () => ({ ...answer, provider_metadata: cycle() }),
  large: async () => ({ ...answer, text: 'z'.repeat(20_000_000) }),
  usage: async () => ({ ...answer, usage: { input_tokens: -1, output_tokens: Number.NaN } }),
  proxy: async () => poisoned(),
  throws: async (_request, _context, { what }) => {
    throw odd[what]();
  },
  throws_at_once: () => {
    throw new Error('an ordinary error');
  },
  tokens: async ({ onToken }) => {
    for (const token of [1, null, cycle(), 'told']) onToken(token);
    return { ...answer, text: 'told' };
  },
  fetches: async ({ signal }, { fetch }, { url }) => {
    const response = await fetch(url, { method: 'POST', body: 'asked', signal });
    return { ...answer, text: await response.text() };
  },
  exits: async () => process.exit(3),
  never: () => new Promise(() => undefined),
  loops: async () => {
    for (;;);
  },
};

const models = {
  providerId: name === 'hostile' ? 'odd' : `odd-${name}`,
  description: 'Answers what its config says.',
  config_schema: { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] },
  create: (config, context) => {
    if (config.answer === 'uncreated') throw odd.proxy();
    if (config.answer === 'unmade') return {};
    return { provider: 'odd', model: 'odd-1', generate: (request) => answers[config.answer](request, context, config) };
  },
};

export default { name, api: 1, stepTypes: [hostile], modelProviders: [models] };
