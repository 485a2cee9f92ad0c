import { randomUUID } from 'node:crypto';
import { type Definition, type Json, LlmteamError, type RunKey, type Segment } from '@llmteam/contracts';
import type { LocalStores, OwnedStore, RemoteStore } from '@llmteam/embedded';
import { validateInput } from '@llmteam/kernel';
import { type Config, callerSpan, loadPlugins } from '@llmteam/service-host';
import { configForFile } from '../configuration.js';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.js';
import { checkWritable } from '../files.js';
import { makeLog } from '../log.js';
import { printNote } from '../notes.js';
import { openLocalStores } from '../open-stores.js';
import { firstStepsHint, noteProblems } from '../problem-lines.js';
import { printResult } from '../result-output.js';
import { rememberConfig } from '../run-configs.js';
import { continueRun } from '../run-continuation.js';
import { type RunOptions, readInput } from '../run-request.js';
import { RunSession } from '../run-session.js';
import { SegmentFiles } from '../segment-files.js';
import type { Settings } from '../settings.js';

export async function run(settings: Settings, [file = '-']: readonly string[], options: RunOptions): Promise<ExitCode> {
  if (file === '-' && options.input === '-') throw new LlmteamError('USAGE', 'FILE and --input cannot both read stdin');
  checkWritable(options.output);
  if (options.watch === true) {
    const { runAndWatch } = await import('./run-watch.js');
    return runAndWatch(settings, file, options);
  }
  if (settings.gateway !== null) {
    const { runAtGateway } = await import('../remote/run-at-gateway.js');
    return runAtGateway(settings, settings.gateway, file, options);
  }
  const config = configForFile(settings, file);
  const plugins = await loadPlugins(config, await makeLog(settings, config));
  const files = new SegmentFiles(config, plugins.catalog, { tenant: options.tenant });
  const definitions = await load(settings, file, config, files);
  if (definitions === null) return exitCodes.failed;
  const [{ segment }] = definitions;
  const input = await readInput(options);
  checkInput(segment, input);
  const stores = await openLocalStores(settings, config, plugins);
  const key: RunKey = { tenant_id: options.tenant, run_id: randomUUID() };
  const launch: Launch = { settings, config, definitions, input, options };
  const service = await stores.runningService();
  if (service?.isAlike === true) return runAtService(stores, service.store, key, launch);
  if (service !== null) {
    await service.store.close();
    printNote(
      settings,
      `'llmteam dev' at ${service.info.url} has another configuration, so the run is not listed there.`,
    );
  }
  const store = await stores.openAny();
  try {
    rememberConfig(settings.home, key.run_id, config.path);
    return await runIn(store, key, launch);
  } finally {
    await store.close();
  }
}

/** `llmteam dev` runs it, so that its API shows the run too; this command follows. */
async function runAtService(stores: LocalStores, store: RemoteStore, key: RunKey, launch: Launch): Promise<ExitCode> {
  try {
    rememberConfig(launch.settings.home, key.run_id, launch.config.path);
    await request(store, key, launch);
  } finally {
    await store.close();
  }
  return continueRun(launch.settings, stores, key, { ...launch.options, isNew: true });
}

/** The segment of the file first, then the segments it references. */
type Definitions = readonly [Definition, ...Definition[]];

/** Returns null if there are errors; they have been reported. */
async function load(
  settings: Settings,
  file: string,
  config: Config,
  files: SegmentFiles,
): Promise<Definitions | null> {
  const loaded = await files.loadAll(file);
  const problems = loaded.flatMap((one) => one.problems);
  noteProblems(problems, settings);
  const hint = firstStepsHint(problems, config);
  if (hint !== null) printNote(settings, hint);
  const segments = loaded.flatMap(({ segment }) => (segment === null ? [] : [segment]));
  const [first, ...others] = segments.map((segment) => files.define(segment));
  return first === undefined || segments.length < loaded.length ? null : [first, ...others];
}

function checkInput(segment: Segment, input: Json): void {
  const problems = validateInput(segment, input);
  if (problems.length === 0) return;
  throw new LlmteamError('INPUT_INVALID', problems.map(({ message }) => message).join('\n'));
}

interface Launch {
  readonly settings: Settings;
  readonly config: Config;
  readonly definitions: Definitions;
  readonly input: Json;
  readonly options: RunOptions;
}

async function runIn({ runtime }: OwnedStore, key: RunKey, launch: Launch): Promise<ExitCode> {
  const { settings, definitions, options } = launch;
  const session = await RunSession.open(settings, key, definitions[0].segment, options);
  try {
    const result = await session.drive(runtime, () => begin(runtime, key, launch));
    session.close();
    printResult(result, options, settings);
    return exitCodeOf(result.status);
  } finally {
    session.close();
  }
}

async function begin(runtime: OwnedStore['runtime'], key: RunKey, launch: Launch): Promise<void> {
  await runtime.drive([]);
  await request(runtime, key, launch);
}

/** Stores the segments and requests the run. */
async function request(
  { segments, runs }: Pick<RemoteStore, 'segments' | 'runs'>,
  { tenant_id, run_id }: RunKey,
  { definitions, input, options, config, settings }: Launch,
): Promise<void> {
  const [first, ...others] = definitions;
  const { definition } = await segments.publish(tenant_id, first);
  for (const other of others) await segments.publish(tenant_id, other);
  const { timeout, correlationId, metadata } = options;
  const span = config.file.tracing === undefined ? undefined : await callerSpan(settings.environment.caller);
  await runs.start({
    tenant_id,
    run_id,
    definition,
    input,
    ...(timeout !== undefined && { timeout_seconds: timeout }),
    ...(correlationId !== undefined && { correlation_id: correlationId }),
    ...(metadata !== undefined && { metadata }),
    ...(span !== undefined && { span }),
  });
}
