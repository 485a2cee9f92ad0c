/** Purpose: the same plugin where operators run it: in a process (or thread) of its own, with what is granted to it. */
import type { Permissions, TaskType } from '@llmteam/contracts';
import { type LoadedPlugin, PluginHost, StepCatalog } from '@llmteam/kernel';
import { wantedPlugin } from '@llmteam/service-host';
import { type LogLine, recordedLog } from '../recorded-log.js';
import { type Checks, Skipped } from './check-report.js';
import { type CheckSetup, grantOf } from './check-setup.js';
import { checkGenerate } from './provider-checks.js';
import { stopped } from './stopped-host.js';
import { checkOutputs } from './task-checks.js';

export interface IsolatedCheckOptions {
  readonly folder: string;
  readonly setup: CheckSetup;
  readonly permissions: Permissions;
  readonly deadlineMs: number;
  readonly abortMs: number;
  /** The program of a process or thread of its own. */
  readonly isolateMain: string;
}

export async function checkIsolated(checks: Checks, options: IsolatedCheckOptions): Promise<void> {
  const { folder, setup, permissions, deadlineMs, abortMs, isolateMain } = options;
  const logs: LogLine[] = [];
  const host = new PluginHost(new StepCatalog(), {
    log: recordedLog(logs),
    settings: setup.settings,
    deadlineMs,
    isolateMain,
  });
  const found: { loaded?: LoadedPlugin } = {};
  const isLoaded = await checks.run('isolated.load', async () => {
    if (setup.isolation === 'inline') throw new Skipped('the configuration runs it inline');
    const entry = { ...setup.entry, package: folder, replaces: [] };
    const [loaded] = await host.load([wantedPlugin(entry, folder)]);
    await host.start();
    if (loaded !== undefined) found.loaded = loaded;
    return `in a ${setup.isolation} of its own`;
  });
  if (!isLoaded || found.loaded === undefined) return;
  const { plugin } = found.loaded;
  const grant = grantOf(setup.entry);
  const task = { permissions, resources: undefined, abortMs, ...(grant !== undefined && { grant }) };
  for (const type of (plugin.stepTypes ?? []) as readonly TaskType[])
    await checks.run(`isolated.task.${type.metadata.type_id}.output`, () => checkOutputs(type, task));
  for (const provider of plugin.modelProviders ?? [])
    await checks.run(`isolated.provider.${provider.providerId}.requests`, () => checkGenerate(provider, deadlineMs));
  await checks.run('isolated.stop', () => stopped(host, logs));
}
