/**
 * Purpose: the embedded runtime in memory on a clock that the test moves.
 * Owns: the plugins of the test, the built-in ones, and what must be closed.
 */
import { openMemoryBackend } from '@llmteam/backend-embedded';
import {
  type Json,
  type JsonObject,
  LlmteamError,
  type Logger,
  type Plugin,
  type Problem,
  type Segment,
} from '@llmteam/contracts';
import { EmbeddedRuntime } from '@llmteam/embedded';
import {
  createExpressionCompiler,
  defineSegment,
  hostedProvider,
  type Outbound,
  validateSegment,
} from '@llmteam/kernel';
import { checkModels, configOf, loadPlugins, type Plugins } from '@llmteam/service-host';
import { type ManualClock, manualClock } from './manual-clock.js';
import { PluginInMemory, type PluginUse } from './plugin-in-memory.js';
import { type LogLine, recordedLog } from './recorded-log.js';
import { type TestModel, testModels } from './test-models.js';
import { type TestFetch, testOutbound } from './test-outbound.js';
import { type StartOptions, TestRun, tenant } from './test-run.js';

export interface TestRuntimeOptions {
  /** In addition to the built-in ones. */
  readonly plugins?: readonly (Plugin | PluginUse)[];
  /** As in `llmteam.config.json`. */
  readonly config?: JsonObject;
  /** Variables that the configuration refers to with `env:`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Further entries of `llms`; a text is what the model always answers. */
  readonly llms?: Readonly<Record<string, TestModel>>;
  /** Answers what handlers send with `context.fetch`. Without it, every request is refused. */
  readonly fetch?: TestFetch;
  /** The time at first, epoch milliseconds. Default 2026-01-01. */
  readonly now?: number;
}

/** Turns of the event loop in which whatever needs no time happens. */
const turns = 20;

export class TestRuntime {
  private constructor(
    private readonly runtime: EmbeddedRuntime,
    private readonly plugins: readonly PluginInMemory[],
    /** Stands still until `clock.advance(ms)`. */
    readonly clock: ManualClock,
    readonly logs: readonly LogLine[],
  ) {}

  /** @throws LlmteamError `CONFIG_INVALID`, `PLUGIN_…` */
  static async open(options: TestRuntimeOptions = {}): Promise<TestRuntime> {
    const logs: LogLine[] = [];
    const log = recordedLog(logs);
    const clock = manualClock(options.now ?? Date.UTC(2026, 0, 1));
    const models = testModels(options.llms ?? {});
    const { llms = {}, ...written } = options.config ?? {};
    const config = configOf(
      { ...written, llms: { ...(llms as JsonObject), ...models.llms } },
      process.cwd(),
      options.environment,
    );
    const loaded = await loadPlugins(config, log);
    const outbound = testOutbound(options.fetch);
    const own = (options.plugins ?? []).map((one) => registered(one, loaded, { log, outbound }));
    loaded.host.providers.set(models.provider.providerId, models.provider);
    checkModels(config, loaded.host.providers);
    for (const plugin of own) await plugin.start({ log, settings: plugin.use.settings ?? {} });
    const runtime = await EmbeddedRuntime.open({
      config,
      clock,
      log,
      plugins: loaded,
      openBackend: () => openMemoryBackend({ clock }),
      outbound,
    });
    await runtime.drive('everything');
    return new TestRuntime(runtime, own, clock, logs);
  }

  /** All problems of a segment, none if it is right. */
  validate(segment: unknown): Problem[] {
    return validateSegment(segment, { catalog: this.runtime.catalog, compiler: createExpressionCompiler() });
  }

  /** Stores a segment, for `segment_ref`. @throws LlmteamError `SEGMENT_INVALID` */
  async publish(segment: Segment): Promise<void> {
    this.check(segment);
    await this.runtime.segments.publish(tenant, defineSegment(segment, this.runtime.catalog));
  }

  /** Starts a run. @throws LlmteamError `SEGMENT_INVALID`, `INPUT_INVALID` */
  async start(segment: Segment, input: Json = {}, options: StartOptions = {}): Promise<TestRun> {
    this.check(segment);
    const definition = await this.runtime.definitions.put(defineSegment(segment, this.runtime.catalog));
    const run = await this.runtime.runs.start({ tenant_id: tenant, definition, input, ...options });
    return new TestRun(this.runtime, run, () => this.settle());
  }

  /** Lets everything happen that needs no time of the clock and no answer from outside. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await this.clock.advance(0);
  }

  async close(): Promise<void> {
    const closing = this.runtime.close();
    // The worker waits for its handlers by the clock, which nobody moves any more.
    await this.clock.advance(60_000);
    await closing;
    for (const plugin of [...this.plugins].reverse()) await plugin.stop();
  }

  private check(segment: unknown): void {
    const errors = this.validate(segment).filter(({ severity }) => severity === 'error');
    if (errors.length === 0) return;
    const lines = errors.map(({ path, message }) => `${path}: ${message}`);
    throw new LlmteamError('SEGMENT_INVALID', `the segment is not valid\n${lines.join('\n')}`);
  }
}

/** Opens a runtime in memory. Close it at the end of the test. @throws LlmteamError `CONFIG_INVALID`, `PLUGIN_…` */
export async function testRuntime(options: TestRuntimeOptions = {}): Promise<TestRuntime> {
  return await TestRuntime.open(options);
}

interface TestHost {
  readonly log: Logger;
  readonly outbound: Outbound;
}

function registered(
  given: Plugin | PluginUse,
  { catalog, host }: Plugins,
  { log, outbound }: TestHost,
): PluginInMemory {
  const use = 'plugin' in given ? given : { plugin: given };
  const plugin = new PluginInMemory(use, catalog, log);
  for (const provider of use.plugin.modelProviders ?? []) {
    if (host.providers.has(provider.providerId)) {
      throw new LlmteamError('PLUGIN_DUPLICATE', `two plugins provide the model provider '${provider.providerId}'`);
    }
    host.providers.set(provider.providerId, hostedProvider(provider, { ...plugin.reach, outbound }));
  }
  return plugin;
}
