import { request } from 'node:http';
import type { RunTrace } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { echo } from '../gateway/support/segments.js';
import { withGateway } from '../gateway/support/with-gateway.js';
import { spec } from '../support/spec.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const valid = `00-${traceId}-${spanId}-01`;

/** Headers as lines: a name may come more than once. */
type Lines = readonly (readonly [name: string, value: string])[];

interface StartedRun {
  readonly trace_id: string;
  readonly trace?: RunTrace;
}

/** What is recorded of runs that are started with these headers, in turn. */
async function startedWith(requests: readonly Lines[]): Promise<StartedRun[]> {
  const runs: StartedRun[] = [];
  await withGateway(async ({ client, keys, port, runtime }) => {
    await (await client()).post('/api/v1/segments', echo);
    const { key } = await keys.create({ tenant_id: 'acme', role: 'admin', name: 'w3c', expires_at: null });
    for (const lines of requests) {
      const runId = await post(port, '/api/v1/segments/echo/runs', [['authorization', `Bearer ${key}`], ...lines]);
      const found = await runtime.runs.request({ tenant_id: 'acme', run_id: runId });
      assert.ok(found);
      runs.push(found);
    }
  });
  return runs;
}

function post(port: number, path: string, lines: Lines): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = ['host', `127.0.0.1:${port}`, 'content-length', '0', ...lines.flat()];
    const sent = request({ port, host: '127.0.0.1', method: 'POST', path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(String((JSON.parse(text) as { run_id: string }).run_id)));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** By the sections of W3C Trace Context, level 1. */
const malformed: Readonly<Record<string, readonly string[]>> = {
  version: [
    `ff-${traceId}-${spanId}-01`,
    `0-${traceId}-${spanId}-01`,
    `.0-${traceId}-${spanId}-01`,
    `FF-${traceId}-${spanId}-01`,
  ],
  'length, for version 00': [`${valid}-what-the-future-will-be-like`, `${valid}-`, `${valid}.`],
  'trace-id': [
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}0-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${'.'.repeat(32)}-${spanId}-01`,
  ],
  'parent-id': [
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId.slice(1)}-01`,
    `00-${traceId}-${spanId}0-01`,
    `00-${traceId}-${spanId.toUpperCase()}-01`,
  ],
  'trace-flags': [
    `00-${traceId}-${spanId}-0`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-.0`,
    `00-${traceId}-${spanId}`,
  ],
  'nothing at all': ['', 'null', '-', '00', `00-${traceId}`],
};

spec('W3C Trace Context of requests', (test) => {
  for (const [part, headers] of Object.entries(malformed)) {
    test(`a traceparent with a malformed ${part} begins a trace of its own`, async () => {
      const runs = await startedWith(headers.map((header) => [['traceparent', header]]));
      for (const [place, { trace_id, trace }] of runs.entries()) {
        assert.is.not(trace_id, traceId, headers[place]);
        assert.is(trace, undefined, headers[place]);
      }
    });
  }

  test('two traceparents are none', async () => {
    const other = `00-11111111111111111111111111111111-${spanId}-01`;
    const [run] = await startedWith([
      [
        ['traceparent', valid],
        ['traceparent', other],
      ],
    ]);
    assert.is(run?.trace, undefined);
  });

  test('a higher version is read as far as it is known', async () => {
    const runs = await startedWith([
      [['traceparent', `cc-${traceId}-${spanId}-01`]],
      [['traceparent', `cc-${traceId}-${spanId}-01-what-the-future-will-be-like`]],
      [['traceparent', `cc-${traceId}-${spanId}-01.what`]],
    ]);
    assert.equal(
      runs.map(({ trace_id }) => trace_id === traceId),
      [true, true, false],
    );
  });

  test('the flags say whether it is sampled; unknown ones mean nothing', async () => {
    const flags = ['00', '01', '02', '03', 'ff'];
    const runs = await startedWith(flags.map((flag) => [['traceparent', `00-${traceId}-${spanId}-${flag}`]]));
    assert.equal(
      runs.map(({ trace }) => trace?.sampled),
      [false, true, false, true, true],
    );
  });

  test('names of headers are not case-sensitive, and spaces around a value mean nothing', async () => {
    const [run] = await startedWith([
      [
        ['TraceParent', ` ${valid} `],
        ['TRACESTATE', ' foo=1 '],
      ],
    ]);
    assert.equal(run?.trace, { sampled: true, parent_span_id: spanId, state: 'foo=1' });
  });

  const states: readonly (readonly [lines: readonly string[], state: string | undefined])[] = [
    [['foo=1'], 'foo=1'],
    [['foo=1', 'bar=2'], 'foo=1,bar=2'],
    [['foo=1 \t , \t bar=2, \t baz=3'], 'foo=1,bar=2,baz=3'],
    [['foo=1,,,bar=2'], 'foo=1,bar=2'],
    [[''], undefined],
    [[',,'], undefined],
    [['foo@=1,bar=2'], 'bar=2'],
    [['@foo=1,bar=2'], 'bar=2'],
    [['foo@@bar=1,bar=2'], 'bar=2'],
    [['foo@bar@baz=1,bar=2'], 'bar=2'],
    [['FOO=1'], undefined],
    [['foo =1'], undefined],
    [['foo.bar=1'], undefined],
    [['foo'], undefined],
    [['foo=bar=baz'], undefined],
    [['t0123456789@v0123=1'], 't0123456789@v0123=1'],
    [[`${'z'.repeat(256)}=1`], `${'z'.repeat(256)}=1`],
    [[`${'z'.repeat(257)}=1`], undefined],
    [[`foo=${'z'.repeat(257)}`], undefined],
    [[Array.from({ length: 33 }, (_, place) => `k${place}=1`).join(',')], 'the first 32'],
  ];
  test('tracestate is carried as far as it is well-formed', async () => {
    const runs = await startedWith(
      states.map(([lines]) => [['traceparent', valid], ...lines.map((line) => ['tracestate', line] as const)]),
    );
    for (const [place, { trace }] of runs.entries()) {
      const [lines, state] = states[place] ?? [[], undefined];
      assert.is(trace?.sampled, true);
      if (state === 'the first 32') assert.ok((trace?.state?.split(',').length ?? 0) <= 32);
      else assert.is(trace?.state, state, lines.join(' | '));
    }
  });

  test('a tracestate without a valid traceparent means nothing', async () => {
    const runs = await startedWith([
      [['tracestate', 'foo=1']],
      [
        ['traceparent', 'wrong'],
        ['tracestate', 'foo=1'],
      ],
    ]);
    assert.equal(
      runs.map(({ trace }) => trace),
      [undefined, undefined],
    );
  });

  test('one that is too long is cut between members', async () => {
    const long = Array.from({ length: 4 }, (_, place) => `k${place}=${'v'.repeat(200)}`).join(',');
    const [run] = await startedWith([
      [
        ['traceparent', valid],
        ['tracestate', long],
      ],
    ]);
    assert.is(run?.trace?.state, long.split(',').slice(0, 2).join(','));
  });
});
