/** A plugin whose code runs in isolates, as a plugin like any other: its handlers and models pass everything on. */
import { type JsonObject, LlmteamError, type ModelProvider, type Plugin, type TaskType } from '@llmteam/contracts';
import { Isolate, type IsolateOptions } from './isolate.js';
import type { PluginDescription } from './isolate-messages.js';
import { IsolatePools } from './isolate-pools.js';
import { isolatedModel } from './isolated-model.js';
import { runAttempt } from './isolated-task.js';

export interface IsolatedPluginOptions extends IsolateOptions {
  readonly settings: JsonObject;
}

/** Every attempt takes a process or thread of its own, so only the operator may allow more (`worker.concurrency_by_type`). */
const mostAtATime = 16;

/** @throws Error that says what is wrong, to be told with the name of the plugin */
export async function loadIsolated(options: IsolatedPluginOptions): Promise<Plugin> {
  const { log, settings } = options;
  const { isolate, description } = await Isolate.open(options);
  const openStarted = async () => {
    const opened = await Isolate.open(options);
    await opened.isolate.start(settings);
    return opened.isolate;
  };
  const newPools = () => new IsolatePools({ log, open: openStarted });
  // The first one has loaded the plugin already; a host that starts again needs another.
  const state: { first: Isolate | null; pools: IsolatePools } = { first: isolate, pools: newPools() };
  const { name, api, stepTypes, modelProviders } = checkedDescription(description);
  return {
    name,
    api,
    stepTypes: stepTypes.map(({ metadata, concurrency }): TaskType => {
      return {
        kind: 'task',
        metadata,
        ...(typeof concurrency === 'number' && { concurrency: Math.min(concurrency, mostAtATime) }),
        run: (context) => runAttempt(state.pools, metadata.type_id, context),
      };
    }),
    modelProviders: modelProviders.map((provider): ModelProvider => {
      const { providerId } = provider;
      return {
        ...provider,
        create: (config, context) => isolatedModel({ pools: () => state.pools, providerId, config, context, log }),
      };
    }),
    start: async () => {
      const { first } = state;
      state.first = null;
      await first?.start(settings);
      state.pools.common.add(first ?? (await openStarted()));
    },
    stop: async () => {
      const { first, pools } = state;
      state.first = null;
      state.pools = newPools();
      await Promise.all([first?.close(), pools.close()]);
    },
  };
}

/** Lists where lists should be; what is in them is checked as for any plugin. */
function checkedDescription({ name, api, stepTypes, modelProviders }: PluginDescription): PluginDescription {
  if (Array.isArray(stepTypes) && Array.isArray(modelProviders)) return { name, api, stepTypes, modelProviders };
  throw new LlmteamError('PLUGIN_INVALID', 'it does not say which step types it has');
}
