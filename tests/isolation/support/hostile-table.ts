/**
 * The table of docs/isolation.md as data: what a handler does, where it is contained, and how its step must end. The same rows drive the
 * embedded runtime, `llmteam run`, `llmteam dev` and workers on NATS.
 */
import type { JsonObject } from '@llmteam/contracts';
import type { Isolation } from '@llmteam/kernel';

export interface HostileRow {
  /** The id of its step, before the mode is added. */
  readonly name: string;
  /** `act` is what it does. */
  readonly config: JsonObject & { readonly act: string };
  readonly timeout_seconds?: number;
  /** Default: everywhere. */
  readonly containedIn?: readonly Isolation[];
  /** `CODE: message`, or the output as JSON. */
  readonly end: RegExp;
}

const everywhere: readonly Isolation[] = ['inline', 'thread', 'process'];
const isolated: readonly Isolation[] = ['thread', 'process'];
type Ends = Readonly<Record<string, RegExp>>;

const errors: Ends = {
  error: /^STEP_FAILED: an ordinary error$/,
  text: /^STEP_FAILED: only a text$/,
  nothing: /^STEP_FAILED: undefined$/,
  null: /^STEP_FAILED: null$/,
  bare: /^STEP_FAILED: /,
  symbol: /^STEP_FAILED: Symbol\(odd\)$/,
  function: /^STEP_FAILED: /,
  bigint: /^STEP_FAILED: 10$/,
  cycle: /^STEP_FAILED: /,
  proxy: /^STEP_FAILED: a value was thrown that cannot be read$/,
  long: /^STEP_FAILED: x{8000,8192}$/,
  message: /^STEP_FAILED: /,
  branded: /^STEP_FAILED: /,
  details: /^ODD: large details$/,
};

const refusals: Ends = {
  nothing: /^STEP_RESULT_INVALID: /,
  null: /^STEP_RESULT_INVALID: /,
  number: /^STEP_RESULT_INVALID: /,
  list: /^STEP_RESULT_INVALID: /,
  bigint: /^STEP_RESULT_INVALID: .* output is a bigint/,
  cycle: /^STEP_RESULT_INVALID: .*nested deeper than/,
  bush: /^STEP_RESULT_INVALID: .*(nested deeper than|more than 200000 parts)/,
  long_key: /^STEP_RESULT_INVALID: .{1,8300}$/,
  date: /^STEP_RESULT_INVALID: .* output is not a plain object/,
  map: /^STEP_RESULT_INVALID: .* output is not a plain object/,
  function: /^STEP_RESULT_INVALID: .* output is a function/,
  to_json: /^STEP_RESULT_INVALID: .* output\.toJSON is a function/,
  nan: /^STEP_RESULT_INVALID: .* output is NaN/,
  proto: /^STEP_RESULT_INVALID: .*__proto__/,
  port: /^STEP_RESULT_INVALID: .*'elsewhere', which it does not have/,
  missing: /^STEP_RESULT_INVALID: .*did not fire port 'output', which it always must/,
  deep: /^STEP_RESULT_INVALID: .*nested deeper than/,
  large: /^LIMIT_EXCEEDED: /,
  getter: /^STEP_RESULT_INVALID: .*nested deeper than/,
  // A promise asks it for `then`, which throws.
  proxy: /^STEP_FAILED: do not touch$/,
  // What it says first counts.
  fickle: /^\{"odd":"first"\}$/,
};

const sent = /^"sent"$/;
const invalid = /^STEP_RESULT_INVALID: /;
const untouchable = /^STEP_(RESULT_INVALID|FAILED): .*do not touch/;
const strange = { bigint: invalid, cycle: invalid, bush: invalid, proxy: untouchable, fickle: sent };
/** What becomes of a strange value that goes there. */
const sinks: Readonly<Record<string, Ends>> = {
  result: { ...strange, fickle: /^\{"odd":"first"\}$/ },
  details: Object.fromEntries(Object.keys(strange).map((what) => [what, /^ODD: odd details$/])),
  payload: strange,
  usage: { ...strange, fickle: invalid },
  progress: strange,
  memo: { ...strange, fickle: /^\{"odd":"first"\}$/ },
  store: strange,
  // Best effort: whatever cannot be written is left out.
  log: { bigint: sent, cycle: sent, bush: sent, proxy: /^("sent"$|STEP_FAILED: do not touch)/, fickle: sent },
  token: { bigint: sent, cycle: sent, bush: sent, proxy: /^STEP_FAILED: do not touch/, fickle: sent },
  span: { bigint: sent, cycle: sent, bush: sent, proxy: sent, fickle: sent },
};

const deeds: readonly HostileRow[] = [
  { name: 'mutates', config: { act: 'mutates' }, end: /^1$/ },
  {
    name: 'strays_during',
    config: { act: 'strays', ms: 5_000 },
    end: /^STEP_FAILED: outside of the handler's promise: stray$/,
  },
  { name: 'strays_after', config: { act: 'strays', ms: 0 }, end: /^"done"$/ },
  {
    name: 'rejects_during',
    config: { act: 'rejects', ms: 5_000 },
    end: /^STEP_FAILED: outside of the handler's promise: stray$/,
  },
  { name: 'rejects_after', config: { act: 'rejects', ms: 0 }, end: /^"done"$/ },
  { name: 'late', config: { act: 'late', ms: 700 }, timeout_seconds: 0.5, end: /^STEP_TIMEOUT: / },
  { name: 'never', config: { act: 'never' }, timeout_seconds: 0.5, end: /^STEP_TIMEOUT: / },
  {
    name: 'exits',
    config: { act: 'exits' },
    containedIn: isolated,
    end: /^STEP_CRASHED: .* ended with exit code 3 while/,
  },
  { name: 'loops', config: { act: 'loops' }, timeout_seconds: 1, containedIn: isolated, end: /^STEP_TIMEOUT: / },
  {
    name: 'stuck',
    config: { act: 'loops' },
    containedIn: isolated,
    end: /^STEP_CRASHED: .* did not respond for \d+ s/,
  },
  { name: 'deaf', config: { act: 'deaf' }, timeout_seconds: 1, containedIn: isolated, end: /^STEP_TIMEOUT: / },
  {
    name: 'fills_heap',
    config: { act: 'fills_heap' },
    containedIn: isolated,
    end: /^STEP_CRASHED: .*(memory|heap|respond)/,
  },
  {
    name: 'fills_buffers',
    config: { act: 'fills_buffers' },
    containedIn: ['process'],
    end: /^STEP_CRASHED: .* needed more than 64 MB of memory/,
  },
  { name: 'aborts', config: { act: 'aborts' }, containedIn: ['process'], end: /^STEP_CRASHED: .*SIGABRT/ },
  { name: 'addons', config: { act: 'addons' }, containedIn: ['process'], end: /^"PERMISSION_DENIED"$/ },
  {
    name: 'patches',
    config: { act: 'patches' },
    timeout_seconds: 5,
    containedIn: isolated,
    end: /^STEP_(TIMEOUT|CRASHED): /,
  },
  { name: 'patches_to_json', config: { act: 'patches_to_json' }, containedIn: isolated, end: /^STEP_CRASHED: / },
  { name: 'environment', config: { act: 'environment' }, containedIn: isolated, end: /^\[\]$/ },
  {
    name: 'files',
    config: { act: 'files', path: '/etc/passwd' },
    containedIn: ['process'],
    end: /^\["ERR_ACCESS_DENIED","ERR_ACCESS_DENIED"\]$/,
  },
  {
    name: 'processes',
    config: { act: 'processes' },
    containedIn: isolated,
    end: /^\["(PERMISSION_DENIED|ERR_ACCESS_DENIED)","(PERMISSION_DENIED|ERR_ACCESS_DENIED)"\]$/,
  },
  {
    name: 'system',
    config: { act: 'system' },
    containedIn: isolated,
    end: /^\[("PERMISSION_DENIED",?){6}\]$/,
  },
  ...['CANCELLED', 'WORKER_LOST', 'STEP_TIMEOUT', 'STEP_CRASHED'].map((code) => ({
    name: `poses_${code.toLowerCase()}`,
    config: { act: 'poses', code },
    end: /^STEP_FAILED: posing$/,
  })),
  {
    name: 'network',
    config: { act: 'network', port: 9 },
    containedIn: isolated,
    end: /^\{("\w+":"PERMISSION_DENIED: [^"]*",?){5}\}$/,
  },
  { name: 'pours', config: { act: 'pours', bytes: 1_000_000_000 }, containedIn: isolated, end: /^1$/ },
  { name: 'prints', config: { act: 'prints', bytes: 10_000 }, containedIn: isolated, end: /^1$/ },
  { name: 'logs', config: { act: 'logs', count: 2_000 }, end: /^1$/ },
];

/** What fails, or ends, with a secret and a header of a client in all that it says. */
const told: Ends = {
  thrown: /^STEP_FAILED: thrown \[redacted\] and \[redacted\]$/,
  coded: /^\[redacted\]: coded \[redacted\] and \[redacted\]$/,
  strayed: /^STEP_FAILED: outside of the handler's promise: strayed \[redacted\] and \[redacted\]$/,
  late: /^"done"$/,
  returned: /^\{"\[redacted\] and \[redacted\]":\["\[redacted\] and \[redacted\]"\]\}$/,
  port: /^STEP_RESULT_INVALID: .*fired port '\[redacted\] and \[redacted\]', which it does not have/,
  text: /^STEP_FAILED: \[redacted\] and \[redacted\]$/,
};

export const hostileRows: readonly HostileRow[] = [
  ...rowsOf('throws', errors),
  ...rowsOf('throws_at_once', errors),
  ...rowsOf('returns', refusals),
  ...Object.entries(sinks).flatMap(([to, ends]) => rowsOf('sends', ends, { to })),
  ...deeds,
  ...rowsOf('tells', told),
  {
    name: 'secrets_ungranted',
    config: { act: 'secrets', what: 'ungranted' },
    end: /^PERMISSION_DENIED: plugin '[\w-]+' may not use secret 'other_key': .*grant\.secrets/,
  },
];

function rowsOf(act: string, ends: Ends, more: { readonly to?: string } = {}): HostileRow[] {
  const prefix = more.to === undefined ? act : `${act}_${more.to}`;
  return Object.entries(ends).map(([what, end]) => ({
    name: `${prefix}_${what}`,
    config: { act, what, ...more },
    end,
  }));
}

export function isContained({ containedIn = everywhere }: HostileRow, isolation: Isolation): boolean {
  return containedIn.includes(isolation);
}
