/** Purpose: the checks of one task type: a run with each example, an abort, a second attempt. */
import type { Json, JsonObject, Permissions, PortSpec } from '@llmteam/contracts';
import { type AnyTaskType, type RunTaskOptions, runTask, type TaskOutcome } from '../run-task.js';
import type { TestModel } from '../test-models.js';
import { type Checks, Skipped } from './check-report.js';
import { withoutGlobalFetch } from './global-fetch.js';
import { sampleOf } from './sample-value.js';
import { settlesWithin } from './settles-within.js';

export interface TaskCheckOptions {
  readonly permissions: Permissions;
  readonly resources: unknown;
  /** How long a handler may go on after its attempt was cancelled. */
  readonly abortMs: number;
  /** What the operator grants. Default: all that is declared. */
  readonly grant?: Permissions;
}

const instead = 'use `context.fetch`, which reaches the hosts that `llmteam.permissions.network` declares';

/** What an outcome says about this machine, not about the plugin. */
const outside: readonly string[] = ['EGRESS_BLOCKED', 'UNKNOWN_REF', 'EXPRESSION_FAILED'];
/** What it says about the plugin. */
const ours: readonly string[] = ['STEP_RESULT_INVALID', 'PERMISSION_DENIED', 'LIMIT_EXCEEDED', 'STEP_CRASHED'];
const beforeAbortMs = 50;

export async function checkTask(checks: Checks, type: AnyTaskType, options: TaskCheckOptions): Promise<void> {
  const id = (what: string): string => `task.${type.metadata.type_id}.${what}`;
  await checks.run(id('output'), () => withoutGlobalFetch(instead, () => checkOutputs(type, options)));
  await checks.run(id('abort'), () => eachSample(type, (sample) => checkAbort(type, sample, options)));
  await checks.run(id('memo'), () => eachSample(type, (sample) => checkMemo(type, sample, options)));
}

/** Each example fires what its type declares. */
export function checkOutputs(type: AnyTaskType, options: TaskCheckOptions): Promise<undefined> {
  return eachSample(type, (sample) => checkOutput(type, sample, options));
}

interface Sample {
  readonly name: string;
  readonly config: JsonObject;
  readonly input: Json;
  readonly ports: JsonObject;
}

async function eachSample(type: AnyTaskType, check: (sample: Sample) => Promise<void>): Promise<undefined> {
  for (const sample of samplesOf(type)) await check(sample);
}

/** Each example of the config, with made-up values on the required ports. @throws Skipped if there is none */
function samplesOf({ metadata }: AnyTaskType): Sample[] {
  const { config_schema, examples, input_ports } = metadata;
  const configs = examples.length > 0 ? examples : [sampleOf(config_schema) as JsonObject];
  const plain = configs.filter((config) => !JSON.stringify(config).includes('${'));
  if (plain.length === 0) throw new Skipped('all examples have expressions: add one without');
  const { input = null, ...ports } = Object.fromEntries(
    input_ports.filter(({ required, name }) => required && name !== '*').map((port) => [port.name, portSample(port)]),
  );
  return plain.map((config, index) => ({
    name: examples.length > 0 ? `examples[${index}]` : 'an empty config',
    config,
    input,
    ports,
  }));
}

function portSample({ type, schema, default: preset }: PortSpec): Json {
  return preset ?? sampleOf({ ...(type !== 'any' && { type }), ...schema });
}

async function checkOutput(type: AnyTaskType, sample: Sample, options: TaskCheckOptions): Promise<void> {
  const used = { outside: false };
  const note = (): void => {
    used.outside = true;
  };
  const outcome = await attempt(type, sample, options, {
    llms: models(options, 'sample', note),
    fetch: () => {
      note();
      return Response.json({});
    },
  });
  judge(outcome, sample, used.outside);
}

/** @throws Error if the outcome is the plugin's fault, Skipped if it is that of the made-up world */
function judge({ error }: TaskOutcome, { name }: Sample, usedOutside: boolean): void {
  if (error === null) return;
  const { error_code, error_message } = error;
  const told = `with ${name}: ${error_code}: ${error_message}`;
  if (ours.includes(error_code)) throw new Error(told);
  if (error_code === 'STEP_FAILED' && !usedOutside) throw new Error(told);
  if (outside.includes(error_code) || error_code.startsWith('STEP_') || usedOutside)
    throw new Skipped(`cannot tell ${told}`);
}

/** Requests and models that answer nothing until they are aborted. */
async function checkAbort(type: AnyTaskType, sample: Sample, options: TaskCheckOptions): Promise<void> {
  const control = new AbortController();
  const never = (): Promise<never> => new Promise(() => undefined);
  const silent: TestModel = {
    provider: 'test',
    model: 'test',
    generate: ({ signal }) =>
      new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason as Error);
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
  };
  const running = attempt(type, sample, options, {
    llms: models(options, silent),
    fetch: never,
    signal: control.signal,
  });
  await settlesWithin(running, beforeAbortMs);
  control.abort();
  const isOver = await settlesWithin(running, options.abortMs);
  if (!isOver) {
    throw new Error(
      `with ${sample.name}: it goes on ${options.abortMs} ms after its attempt was cancelled; honor context.signal`,
    );
  }
}

/** A later attempt must find what the first has kept, under the same names. */
async function checkMemo(type: AnyTaskType, sample: Sample, options: TaskCheckOptions): Promise<void> {
  const world = { llms: models(options, 'sample'), fetch: () => Response.json({}) };
  const first = await attempt(type, sample, options, world);
  if (Object.keys(first.memos).length === 0) throw new Skipped('it keeps nothing with context.memo');
  const second = await attempt(type, sample, options, { ...world, memos: first.memos, attempt: 2 });
  const more = Object.keys(second.memos).filter((name) => !Object.hasOwn(first.memos, name));
  if (more.length > 0 && first.error === null) {
    throw new Error(
      `with ${sample.name}: a second attempt keeps '${more[0]}', which the first did not: its names must not change`,
    );
  }
}

function attempt(
  type: AnyTaskType,
  { config, input, ports }: Sample,
  { permissions, resources, grant }: TaskCheckOptions,
  more: RunTaskOptions,
): Promise<TaskOutcome> {
  const named = (list: readonly string[] | undefined): string[] => (list ?? []).filter((name) => name !== '*');
  const { secrets, stores, clients } = permissions;
  return runTask(type, {
    config,
    input,
    ports,
    permissions,
    resources,
    ...(grant !== undefined && { grant }),
    secrets: Object.fromEntries(named(secrets).map((name) => [name, `secret-of-${name}`])),
    stores: Object.fromEntries(named(stores).map((name) => [name, {}])),
    clients: Object.fromEntries(named(clients).map((name) => [name, { base_url: 'https://client.invalid' }])),
    ...more,
  });
}

function models(
  { permissions }: TaskCheckOptions,
  model: TestModel,
  note = (): void => undefined,
): Record<string, TestModel> {
  const answer: TestModel =
    typeof model !== 'string'
      ? model
      : () => {
          note();
          return model;
        };
  return Object.fromEntries((permissions.llm ?? []).filter((name) => name !== '*').map((name) => [name, answer]));
}
