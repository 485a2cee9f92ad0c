/** Generates malformed requests and some valid ones from a seed. */
import type { Route } from '@llmteam/gateway';
import { type SampleIds, sampleBody, samplePath } from './sample-requests.js';

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string | Buffer | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** A seeded generator of numbers in [0, 1): mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const oddTexts = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '%00',
  'a%2Fb',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  '-1',
  '0',
  '1e309',
  '9007199254740993',
  "'; DROP TABLE run_row; --",
  '${7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '\u0000',
  '\ud800',
  '😀',
  'a'.repeat(300),
  'a'.repeat(5_000),
  ':',
  'a:b',
  'run:step/[0]',
  'true',
];
const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  -1e308,
  Number.MAX_SAFE_INTEGER + 2,
  '',
  [],
  {},
  [[[[[]]]]],
  { a: { b: { c: null } } },
  ...oddTexts,
];
const oddHeaders: Readonly<Record<string, readonly string[]>> = {
  'Content-Type': ['text/plain', 'application/xml', 'application/json;charset=latin1', 'multipart/form-data'],
  'Content-Encoding': ['gzip', 'br', 'identity'],
  Accept: ['*/*', 'text/html', 'application/json', 'x', ''],
  'Accept-Encoding': ['gzip', 'identity;q=0', '*;q=0', 'br'],
  'If-Match': ['*', '"1"', 'W/"1"', '1', '"', '"1", "2"', ','],
  'If-None-Match': ['*', '"1"', '""'],
  'Idempotency-Key': ['a', 'b', 'key with spaces', 'k'.repeat(300)],
  'Last-Event-ID': ['0', '-1', '1e9', 'x:1', '999999999999999'],
  Origin: ['null', 'https://evil.test', 'file://'],
  'X-Request-Id': ['x', '../', 'a'.repeat(200)],
  'X-Forwarded-For': ['127.0.0.1'],
  'X-HTTP-Method-Override': ['DELETE'],
  Range: ['bytes=0-1'],
  Expect: ['100-continue'],
};
const brokenBodies: readonly (string | Buffer)[] = [
  '',
  '{',
  '[',
  '"',
  '{"a":1,}',
  '{"a":1 "b":2}',
  '{"input_data":1,"input_data":2}',
  '{"__proto__":{"admin":true}}',
  '{"input_data":{"constructor":{"prototype":{}}}}',
  '{"input_data":1e999}',
  '{"input_data":-}',
  '{"input_data":"\\ud800"}',
  '{"input_data":"\\x"}',
  '\ufeff{}',
  'NaN',
  '1',
  'null',
  `${'['.repeat(500)}${']'.repeat(500)}`,
  `{"input_data":${'{"a":'.repeat(80)}1${'}'.repeat(80)}}`,
  `[${'0,'.repeat(3_000)}0]`,
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
  Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
];
const queryNames = [
  'limit',
  'cursor',
  'status',
  'since',
  'segment_id',
  'run_id',
  'from_seq',
  'revision',
  'tenant_id',
  'x',
];
const queryValues = [
  '1',
  '0',
  '-1',
  '1.5',
  '1e3',
  'x',
  '',
  'running',
  'closed',
  '2026-01-01T00:00:00Z',
  '%00',
  '%ff',
  '1000000',
];

export class RequestFuzz {
  constructor(
    private readonly random: () => number,
    private readonly routes: readonly Route[],
    private readonly ids: readonly SampleIds[],
  ) {}

  next(): FuzzRequest {
    const route = this.one(this.routes);
    const method = this.chance(0.9)
      ? route.method.toUpperCase()
      : this.one(['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD']);
    return { method, path: this.path(route) + this.query(), body: this.body(route), headers: this.headers() };
  }

  private path(route: Route): string {
    const ids = { ...this.one(this.ids) };
    const field = this.one(['run_id', 'segment_id', 'task_id', 'type_id', 'name'] as const);
    if (this.chance(0.15)) Object.assign(ids, { [field]: this.one(oddTexts).replaceAll(/\p{Surrogate}/gu, '') });
    const path = samplePath(route, ids);
    return this.chance(0.03)
      ? `${path}/${encodeURIComponent(this.one(oddTexts).replaceAll(/\p{Surrogate}/gu, ''))}`
      : path;
  }

  private query(): string {
    if (this.chance(0.8)) return '';
    const pairs = Array.from({ length: 1 + Math.floor(this.random() * 3) }, () => {
      return `${this.one(queryNames)}=${this.one(queryValues)}`;
    });
    return `?${pairs.join('&')}`;
  }

  private body(route: Route): string | Buffer | undefined {
    if (route.body === undefined && this.chance(0.9)) return undefined;
    if (this.chance(0.15)) return this.one(brokenBodies);
    if (this.chance(0.08)) return JSON.stringify(this.one(oddValues));
    return JSON.stringify(this.mutated(sampleBody(route) ?? {}));
  }

  /** The value with a few members changed, added or removed. */
  private mutated(value: unknown, depth = 0): unknown {
    if (this.chance(0.02)) return this.one(oddValues);
    if (Array.isArray(value)) return value.map((item) => this.mutated(item, depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(() => !this.chance(0.02));
    const changed = entries.map(([key, member]): [string, unknown] => [key, this.mutated(member, depth + 1)]);
    if (this.chance(0.15)) changed.push([this.one(oddTexts), this.one(oddValues)]);
    if (depth === 0 && this.chance(0.3))
      changed.push([this.one(['input_data', 'timeout', 'reason', 'payload', 'comment']), this.one(oddValues)]);
    return Object.fromEntries(changed);
  }

  private headers(): Record<string, string> {
    const headers: Record<string, string> = {};
    if (this.chance(0.1)) headers['If-Match'] = this.one(oddHeaders['If-Match'] ?? ['']);
    while (this.chance(0.12)) {
      const name = this.one(Object.keys(oddHeaders));
      headers[name] = this.one(oddHeaders[name] ?? ['']);
    }
    return headers;
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  private one<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }
}
