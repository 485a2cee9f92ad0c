/**
 * Purpose: one attempt of a task step in memory, by the same worker that runs it in production: defaults, checks of config and ports,
 * permissions, time-out, redaction and the guard of what is returned are all real.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openMemoryBackend } from '@llmteam/backend-embedded';
import {
  type Activity,
  type Backend,
  cancelSubject,
  type ErrorInfo,
  type FiredPorts,
  type HttpClientConfig,
  type Job,
  type Json,
  type JsonObject,
  type LiveMessage,
  type Logger,
  liveSubject,
  type Permissions,
  permissionList,
  type StepReported,
  type TaskType,
  type Usage,
} from '@llmteam/contracts';
import { createExpressionCompiler, guardedTask, Resources, Retry, StepCatalog, WorkLoop } from '@llmteam/kernel';
import { systemClock } from '@llmteam/service-host';
import { allPermissions } from './plugin-in-memory.js';
import { type LogLine, recordedLog } from './recorded-log.js';
import { type TestModel, testModels } from './test-models.js';
import { type TestFetch, testOutbound } from './test-outbound.js';

/** A task type with any config and resources. */
// biome-ignore lint/suspicious/noExplicitAny: a parameter that takes every task type needs the open parameters
export type AnyTaskType = TaskType<any, any>;

export interface RunTaskOptions {
  /** As a segment would give it. Default `{}`. */
  readonly config?: JsonObject;
  /** What arrives on port `input`. Default null: nothing. */
  readonly input?: Json;
  /** What arrives on other ports. */
  readonly ports?: JsonObject;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Models by name; a text is what the model always answers. */
  readonly llms?: Readonly<Record<string, TestModel>>;
  /** Stores by name, with what they hold. */
  readonly stores?: Readonly<Record<string, JsonObject>>;
  readonly clients?: Readonly<Record<string, Pick<HttpClientConfig, 'base_url'> & Partial<HttpClientConfig>>>;
  /** Answers what the handler sends with `context.fetch`. Without it, every request is refused. */
  readonly fetch?: TestFetch;
  /** What `start` of the plugin would have returned. */
  readonly resources?: unknown;
  /** What the manifest declares. Default: everything. */
  readonly permissions?: Permissions;
  /** What the operator grants. Default: all that is declared. */
  readonly grant?: Permissions;
  /** Cancels the attempt. */
  readonly signal?: AbortSignal;
  /** Default 1. */
  readonly attempt?: number;
  /** What earlier attempts kept with `context.memo`. */
  readonly memos?: JsonObject;
  /** Default null: none. */
  readonly timeout_seconds?: number | null;
  /** Of the step, if it has ports that its type does not name. */
  readonly extra_ports?: readonly string[];
}

export interface TaskOutcome {
  /** What the attempt fired; null if it failed. */
  readonly ports: FiredPorts | null;
  readonly error: ErrorInfo | null;
  readonly activities: readonly Activity[];
  readonly usage: Usage | null;
  /** What was streamed with `context.emitToken`. */
  readonly tokens: string;
  /** What `context.heartbeat` told; quick changes are told together. */
  readonly progress: readonly JsonObject[];
  /** With those that were given. */
  readonly memos: JsonObject;
  /** What the stores hold afterwards. */
  readonly stores: Readonly<Record<string, JsonObject>>;
  readonly logs: readonly LogLine[];
}

const version = '1.0.0';
const run = { tenant_id: 'test', run_id: 'test' } as const;
const step = 'step';

/**
 * Runs a handler once. Whatever it throws is `error` of the outcome, as the run would see it. It is waited for without a time limit unless
 * `timeout_seconds` or `signal` ends the attempt and the handler respects that.
 */
export async function runTask(stepType: AnyTaskType, options: RunTaskOptions = {}): Promise<TaskOutcome> {
  const backend = await openMemoryBackend({ clock: systemClock() });
  try {
    const logs: LogLine[] = [];
    const live = listen(backend);
    await fillStores(backend, options.stores ?? {});
    const report = await attempt(backend, stepType, options, logs);
    // What was published last is delivered in a later turn.
    await nextTurn();
    return {
      ports: report.ports ?? null,
      error: report.error ?? null,
      activities: report.activities ?? [],
      usage: report.usage ?? null,
      ...live,
      memos: { ...options.memos, ...(await memosIn(backend)) },
      stores: await storesIn(backend, Object.keys(options.stores ?? {})),
      logs,
    };
  } finally {
    await backend.close();
  }
}

async function attempt(
  backend: Backend,
  stepType: AnyTaskType,
  options: RunTaskOptions,
  logs: LogLine[],
): Promise<StepReported> {
  const clock = systemClock();
  const log = recordedLog(logs);
  const job = jobOf(stepType, options);
  const cancel = (): void => backend.pubSub.publish(cancelSubject, { job_ids: [job.job_id] });
  const ending = new AbortController();
  const begin = (): void => {
    if (options.signal?.aborted === true) cancel();
    options.signal?.addEventListener('abort', cancel, { once: true, signal: ending.signal });
  };
  const ports = { ...backend, clock, log, resources: resourcesOf(options), outbound: testOutbound(options.fetch) };
  const compiler = createExpressionCompiler();
  let worker: WorkLoop | null = null;
  try {
    return await new Promise<StepReported>((resolve, reject) => {
      worker = new WorkLoop(
        { ...ports, compiler },
        {
          workerId: 'test',
          catalog: catalogOf(stepType, options, begin, log),
          retry: new Retry(clock, log, 0, reject),
          observer: { began: ignore, ended: ignore, reported: (_job, report) => resolve(report) },
        },
      );
      worker
        .start()
        .then(() => backend.queue.publish([job]))
        .catch(reject);
    });
  } finally {
    ending.abort();
    await (worker as WorkLoop | null)?.stop(0);
  }
}

function catalogOf(stepType: AnyTaskType, options: RunTaskOptions, begin: () => void, log: Logger): StepCatalog {
  const permissions = options.permissions ?? allPermissions;
  const metadata = { permissions: permissionList(permissions), ...stepType.metadata };
  const run: TaskType['run'] = (...given) => {
    begin();
    return stepType.run(...given);
  };
  const catalog = new StepCatalog();
  catalog.add(guardedTask({ ...stepType, metadata, run }, 'test', log), version, {
    plugin: 'test',
    isOurs: false,
    isInProcess: true,
    grant: options.grant === undefined ? 'declared' : permissionList(options.grant),
    resources: () => options.resources,
  });
  return catalog;
}

function resourcesOf({ llms = {}, clients = {}, stores = {}, secrets = {} }: RunTaskOptions): Resources {
  const models = testModels(llms);
  const wholeClients = Object.entries(clients).map(([name, client]) => {
    return [name, { headers: {}, allow_private_network: false, ...client }] as const;
  });
  return new Resources(
    {
      llms: models.llms,
      clients: Object.fromEntries(wholeClients),
      stores: Object.keys(stores),
      secrets,
      secretValues: Object.values(secrets),
      reveal: (text) => text,
    },
    new Map([[models.provider.providerId, models.provider]]),
  );
}

function jobOf({ metadata }: AnyTaskType, options: RunTaskOptions): Job {
  const { config = {}, input = null, ports, memos, extra_ports, attempt = 1, timeout_seconds = null } = options;
  return {
    ...run,
    job_id: `${run.run_id}/${step}#${attempt}`,
    instance_id: 'test',
    segment_id: 'test',
    step,
    step_id: step,
    scope: '',
    step_type: metadata.type_id,
    type_version: version,
    attempt,
    idempotency_key: `${run.run_id}/${step}`,
    config,
    input,
    ...(ports !== undefined && { ports }),
    ...(extra_ports !== undefined && { extra_ports: [...extra_ports] }),
    ...(memos !== undefined && { memos }),
    timeout_seconds,
    deadline_at: null,
    journal_start: false,
    trace_id: '',
  };
}

function listen(backend: Backend): { tokens: string; readonly progress: JsonObject[] } {
  const live: { tokens: string; readonly progress: JsonObject[] } = { tokens: '', progress: [] };
  backend.pubSub.subscribe(liveSubject(run.run_id), (published) => {
    const message = published as unknown as LiveMessage;
    if (message.event_type === 'llm.token') live.tokens += message.text;
    else live.progress.push(message.progress);
  });
  return live;
}

async function memosIn({ journal }: Backend): Promise<JsonObject> {
  const memos: Record<string, Json> = {};
  for await (const { fact } of journal.read(run)) if (fact.type === 'step.memoized') memos[fact.name] = fact.value;
  return memos;
}

const storePrefix = (name: string): string => `stores/${name}/${run.tenant_id}/test/`;

async function fillStores({ kv }: Backend, stores: Readonly<Record<string, JsonObject>>): Promise<void> {
  for (const [name, values] of Object.entries(stores)) {
    for (const [key, value] of Object.entries(values)) await kv.put(storePrefix(name) + key, value);
  }
}

async function storesIn({ kv }: Backend, names: readonly string[]): Promise<Record<string, JsonObject>> {
  const stores: Record<string, JsonObject> = {};
  for (const name of names) {
    const prefix = storePrefix(name);
    const entries = await kv.list(prefix);
    stores[name] = Object.fromEntries(entries.map(({ key, value }) => [key.slice(prefix.length), value]));
  }
  return stores;
}

function ignore(): void {
  return undefined;
}
