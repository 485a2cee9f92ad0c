/**
 * Purpose: the checks that run the code of a plugin, in a process that nobody needs any more afterwards.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlType, isLlmteamError, type TaskType } from '@llmteam/contracts';
import { type LoadedPlugin, PluginHost, readPluginPackage, StepCatalog } from '@llmteam/kernel';
import { fuzzControl } from '../fuzz-control.js';
import { type LogLine, recordedLog } from '../recorded-log.js';
import { runTask } from '../run-task.js';
import { type CheckResult, Checks, Skipped } from './check-report.js';
import type { CheckSetup } from './check-setup.js';
import { GlobalState } from './global-state.js';
import { checkIsolated } from './isolated-checks.js';
import { checkProvider } from './provider-checks.js';
import { stopped } from './stopped-host.js';
import { checkTask } from './task-checks.js';
import { warmUpType } from './warm-up.js';

export interface InsideOptions {
  readonly folder: string;
  readonly setup: CheckSetup;
  readonly deadlineMs: number;
  readonly abortMs: number;
  /** The program of a process or thread of its own. A child that is bundled could not find it. */
  readonly isolateMain: string;
}

export type InsideMessage =
  | { readonly kind: 'began'; readonly id: string }
  | { readonly kind: 'ended'; readonly result: CheckResult }
  | { readonly kind: 'done' };

/** Lets timers that have just been cancelled, and sockets that have just been closed, go. */
const graceMs = 200;

/** `tell` gets each check as it begins and ends; the last message is `done`. */
export async function checkInside(options: InsideOptions, tell: (message: InsideMessage) => void): Promise<void> {
  const checks = new Checks(
    { began: (id) => tell({ kind: 'began', id }), ended: (result) => tell({ kind: 'ended', result }) },
    // The host says more about what takes too long.
    options.deadlineMs + 1_000,
  );
  await checkAll(checks, options);
  tell({ kind: 'done' });
}

async function checkAll(checks: Checks, options: InsideOptions): Promise<void> {
  const { folder, setup, deadlineMs } = options;
  const { settings } = setup;
  await warmUp();
  // biome-ignore lint/style/noProcessEnv: what the plugin does to it is what is checked
  const environment = process.env;
  const before = new GlobalState(environment);
  const busy = countOf(process.getActiveResourcesInfo());
  const logs: LogLine[] = [];
  const log = recordedLog(logs);
  const host = new PluginHost(new StepCatalog(), { log, settings, deadlineMs });
  const found: { loaded?: LoadedPlugin } = {};
  const isLoaded = await checks.run('plugin.load', async () => {
    if (readPluginPackage(folder, folder).manifest.kind === 'backend') {
      throw new Skipped('test a backend with the conformance suites of @llmteam/testing');
    }
    const [loaded] = await host.load([{ specifier: folder, fromFolder: folder, grant: 'declared' }]);
    if (loaded !== undefined) found.loaded = loaded;
    return undefined;
  });
  if (!isLoaded || found.loaded === undefined) return;
  const { loaded } = found;
  await checks.run('plugin.described', () => checkDescriptions(loaded));
  const isStarted = await checks.run('plugin.start', async () => {
    await host.start();
    return undefined;
  });
  if (isStarted) await checkParts(checks, loaded, options);
  await checks.run('plugin.stop', () => stopped(host, logs));
  await checks.run('process.globals', () => {
    const changes = before.changes(new GlobalState(environment));
    if (changes.length > 0) throw new Error(changes.slice(0, 10).join('; '));
    return undefined;
  });
  await checks.run('process.idle', () => checkIdle(busy));
  const { kind, permissions = {} } = loaded.source.manifest;
  // Control types run inside the engine.
  if (isStarted && kind !== 'control') await checkIsolated(checks, { ...options, permissions });
}

async function checkParts(
  checks: Checks,
  { plugin, source, standing }: LoadedPlugin,
  options: InsideOptions,
): Promise<void> {
  const { abortMs, deadlineMs } = options;
  const permissions = source.manifest.permissions ?? {};
  for (const type of (plugin.stepTypes ?? []) as readonly (TaskType | ControlType)[]) {
    if (type.kind === 'task') await checkTask(checks, type, { permissions, resources: standing.resources(), abortMs });
    else await checks.run(`control.${type.metadata.type_id}.react`, () => checkControl(type));
  }
  for (const provider of plugin.modelProviders ?? []) await checkProvider(checks, provider, { abortMs, deadlineMs });
}

function checkControl(type: ControlType): undefined {
  const configs = type.metadata.examples.filter((config) => !JSON.stringify(config).includes('${'));
  try {
    fuzzControl(type, configs.length > 0 ? { configs } : {});
  } catch (thrown) {
    const needsConfig = isLlmteamError(thrown) && thrown.code === 'STEP_CONFIG_INVALID' && configs.length === 0;
    throw needsConfig ? new Skipped('it needs a config: add an example to its metadata') : thrown;
  }
}

function checkDescriptions({ plugin }: LoadedPlugin): undefined {
  const faults = (plugin.stepTypes ?? []).flatMap(({ metadata: { type_id, description, config_schema, examples } }) => {
    const needsConfig = Array.isArray(config_schema.required) && config_schema.required.length > 0;
    return [
      ...(description === '' ? [`step type '${type_id}' has no description`] : []),
      ...(needsConfig && examples.length === 0 ? [`step type '${type_id}' needs a config, but has no examples`] : []),
    ];
  });
  const silent = (plugin.modelProviders ?? []).filter(({ description }) => description === '');
  faults.push(...silent.map(({ providerId }) => `model provider '${providerId}' has no description`));
  if (faults.length > 0) throw new Error(faults.join('; '));
}

/** @throws Error naming the kinds of what still keeps the process alive */
async function checkIdle(before: ReadonlyMap<string, number>): Promise<undefined> {
  await sleep(graceMs);
  const after = countOf(process.getActiveResourcesInfo());
  // One of the timers is the deadline of this check.
  const left = [...after].filter(([kind, count]) => count > (before.get(kind) ?? 0) + (kind === 'Timeout' ? 1 : 0));
  if (left.length > 0) {
    throw new Error(`after stop it still holds ${left.map(([kind, count]) => `${count} × ${kind}`).join(', ')}`);
  }
}

function countOf(kinds: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** What this package and Node load lazily is not a change made by the plugin. */
async function warmUp(): Promise<void> {
  await runTask(warmUpType);
}
