/** Runs the code of one plugin for the host: one thing at a time. */
import { AsyncLocalStorage } from 'node:async_hooks';
import v8 from 'node:v8';
import {
  type JsonObject,
  type LanguageModel,
  LlmteamError,
  type ModelResponse,
  type Plugin,
  type ProviderContext,
  type TaskType,
  toErrorInfo,
} from '@llmteam/contracts';
import { exportedPlugin } from '../../plugins/exported-plugin.js';
import { plainPlugin } from '../../plugins/plain-plugin.js';
import { stackOf } from '../../runtime/thrown-stack.js';
import type { AttemptData, Outcome, PluginDescription, Saying, ToIsolate } from '../isolate-messages.js';
import { revivedError } from '../revived-error.js';
import type { HostLine, WorkLine } from './host-line.js';
import { isolatedContext } from './isolated-context.js';
import { isolatedFetch } from './isolated-fetch.js';
import { isolatedLog } from './isolated-log.js';
import { guardNetwork } from './network-guard.js';
import { errorOf, plainOutcome, plainPorts } from './plain-values.js';
import { explained } from './refused-access.js';

type Work = Extract<ToIsolate, { do: 'run' | 'generate' }>;

interface Running {
  readonly attempt: AttemptData | null;
  readonly aborter: AbortController;
  readonly line: WorkLine;
}

export class IsolatedCode {
  readonly #line: HostLine;
  readonly #attempts = new AsyncLocalStorage<AttemptData>();
  readonly #models = new Map<string, LanguageModel>();
  #plugin: Plugin | null = null;
  #resources: unknown;
  #running: Running | null = null;

  constructor(line: HostLine) {
    this.#line = line;
  }

  take(message: ToIsolate): void {
    if (this.#line.take(message)) return;
    switch (message.do) {
      case 'load':
        return void this.#load(message).then((outcome) => this.#line.send({ did: 'load', outcome }));
      case 'start':
        return void this.#start(message.settings).then((outcome) => this.#line.send({ did: 'start', outcome }));
      case 'stop':
        return void this.#stop().then((outcome) => this.#line.send({ did: 'stop', outcome }));
      case 'run':
      case 'generate':
        return void this.#work(message);
      case 'abort':
        return this.#running?.aborter.abort(revivedError(message.error));
      case 'ping':
        return this.#line.send({ did: 'pong' });
    }
  }

  /** An error that no promise of a handler carried. The host decides what becomes of this isolate. */
  stray(thrown: unknown): void {
    const attempt = this.#attempts.getStore() ?? null;
    const cause =
      attempt === null
        ? null
        : {
            run_id: attempt.facts.run_id,
            step_id: attempt.facts.step_id,
            attempt: attempt.facts.attempt,
            is_running: attempt === this.#running?.attempt,
          };
    this.#line.send({ tell: 'stray', error: toErrorInfo(explained(thrown)), stack: stackOf(thrown), cause });
  }

  async #load({ specifier, entry, hosts }: Extract<ToIsolate, { do: 'load' }>): Promise<Outcome<PluginDescription>> {
    try {
      guardNetwork(hosts);
      const plugin = plainPlugin(specifier, exportedPlugin((await import(entry)) as object));
      this.#plugin = plugin;
      const described = plainOutcome<PluginDescription>('the description of the plugin', describe(plugin));
      if ('value' in described) return described;
      throw new LlmteamError('PLUGIN_INVALID', described.error.error_message);
    } catch (thrown) {
      return errorOf(thrown);
    }
  }

  async #start(settings: JsonObject): Promise<Outcome<null>> {
    try {
      const host = { settings, log: isolatedLog(this.#line) };
      this.#resources = await this.#plugin?.start?.(host);
      return { value: null };
    } catch (thrown) {
      return errorOf(thrown);
    }
  }

  async #stop(): Promise<Outcome<null>> {
    try {
      await this.#plugin?.stop?.(this.#resources);
      return { value: null };
    } catch (thrown) {
      return errorOf(thrown);
    }
  }

  async #work(work: Work): Promise<void> {
    const aborter = new AbortController();
    const line = this.#line.forWork(work.work);
    const running = { attempt: work.do === 'run' ? work.attempt : null, aborter, line };
    this.#running = running;
    line.send({ did: 'begin' });
    const answer = await (work.do === 'run' ? this.#run(work, aborter, line) : this.#generate(work, aborter, line));
    if (this.#running === running) this.#running = null;
    line.send(answer);
    line.close();
  }

  async #run(
    { type_id, attempt }: Extract<Work, { do: 'run' }>,
    aborter: AbortController,
    line: WorkLine,
  ): Promise<Saying> {
    try {
      const type = this.#plugin?.stepTypes?.find(({ metadata }) => metadata.type_id === type_id) as
        | TaskType
        | undefined;
      if (type === undefined) throw new LlmteamError('NO_WORKER', `the plugin has no step type '${type_id}'`);
      const context = isolatedContext({ data: attempt, line, aborter, resources: this.#resources });
      const returned = await this.#attempts.run(
        attempt,
        async () => await type.run(context, attempt.config, attempt.input),
      );
      return { did: 'run', outcome: plainPorts(attempt.facts.step_id, returned), heap: heapUsed() };
    } catch (thrown) {
      return { did: 'run', outcome: errorOf(thrown), stack: stackOf(thrown), heap: heapUsed() };
    }
  }

  async #generate(
    { provider_id, config, request, wants_tokens }: Extract<Work, { do: 'generate' }>,
    { signal }: AbortController,
    line: WorkLine,
  ): Promise<Saying> {
    try {
      const onToken = (text: string) => line.send({ tell: 'token', text: String(text) });
      const redact = (text: string) => text;
      const model = this.#model(provider_id, config);
      const response = await model.generate({ ...request, signal, redact, ...(wants_tokens && { onToken }) });
      return { did: 'generate', outcome: plainOutcome<ModelResponse>('the response', response), heap: heapUsed() };
    } catch (thrown) {
      return { did: 'generate', outcome: errorOf(thrown), heap: heapUsed() };
    }
  }

  /** Of a model, in the name of the call that runs. */
  readonly #fetch: ProviderContext['fetch'] = async (input, options) => {
    if (this.#running === null)
      throw new LlmteamError('CANCELLED', 'a provider may send requests only while it is asked');
    const { line, aborter } = this.#running;
    return await isolatedFetch(line, aborter.signal, input, options);
  };

  #model(providerId: string, config: JsonObject): LanguageModel {
    const key = JSON.stringify([providerId, config]);
    const known = this.#models.get(key);
    if (known !== undefined) return known;
    const provider = this.#plugin?.modelProviders?.find((one) => one.providerId === providerId);
    if (provider === undefined) {
      throw new LlmteamError('UNKNOWN_REF', `the plugin has no model provider '${providerId}'`);
    }
    const model = provider.create(config, { fetch: this.#fetch });
    this.#models.set(key, model);
    return model;
  }
}

function describe({ name, api, stepTypes = [], modelProviders = [] }: Plugin): PluginDescription {
  const control = stepTypes.find(({ kind }) => kind === 'control');
  if (control !== undefined) {
    const what = `'${control.metadata.type_id}' is a control type, which runs inside the engine`;
    throw new LlmteamError('PLUGIN_INVALID', `${what}: an operator who trusts it sets \`isolation\` to \`inline\``);
  }
  return {
    name,
    api,
    stepTypes: (stepTypes as readonly TaskType[]).map(({ metadata, concurrency }) => ({
      metadata,
      ...(concurrency !== undefined && { concurrency }),
    })),
    modelProviders: modelProviders.map(({ providerId, description, config_schema }) => ({
      providerId,
      description,
      config_schema,
    })),
  };
}

function heapUsed(): number {
  return v8.getHeapStatistics().used_heap_size;
}
