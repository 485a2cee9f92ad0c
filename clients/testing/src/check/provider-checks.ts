/** Purpose: the checks of one model provider that need no service. */
import {
  isLlmteamError,
  type JsonObject,
  type LanguageModel,
  LlmteamError,
  type ModelProvider,
  type ModelRequest,
  type ProviderContext,
} from '@llmteam/contracts';
import { makeAjv } from '@llmteam/kernel';
import type { Checks } from './check-report.js';
import { withoutGlobalFetch } from './global-fetch.js';
import { sampleOf } from './sample-value.js';
import { settlesWithin } from './settles-within.js';

const secretName = /(^|_)(api_?key|token|secret|password)$/i;

const instead =
  'send requests with the `fetch` that `create` is given (`create(config, { fetch })`, a ProviderContext), which reaches the hosts that ' +
  '`llmteam.permissions.network` declares';

export interface ProviderCheckOptions {
  /** How long a call may go on after its signal aborted. */
  readonly abortMs: number;
  /** How long an answered call may take. */
  readonly deadlineMs: number;
}

export async function checkProvider(
  checks: Checks,
  provider: ModelProvider,
  { abortMs, deadlineMs }: ProviderCheckOptions,
): Promise<void> {
  const id = (what: string): string => `provider.${provider.providerId}.${what}`;
  await checks.run(id('config'), () => checkConfig(provider));
  const made = { model: null as LanguageModel | null };
  const isCreated = await checks.run(id('create'), () => {
    made.model = created(provider);
    return undefined;
  });
  if (!isCreated) return;
  await checks.run(id('requests'), () => withoutGlobalFetch(instead, () => checkGenerate(provider, deadlineMs)));
  await checks.run(id('abort'), () => checkAborted(made.model as LanguageModel, abortMs));
}

/** Whether a call is refused what it does, where every request is answered with an empty object. What it makes of that is its own affair. */
export async function checkGenerate(provider: ModelProvider, deadlineMs: number): Promise<undefined> {
  const model = created(provider, () => Promise.resolve(Response.json({})));
  try {
    await model.generate(requestUntil(AbortSignal.timeout(deadlineMs)));
  } catch (thrown) {
    if (isLlmteamError(thrown) && refusals.includes(thrown.code)) throw thrown;
  }
  return undefined;
}

const refusals: readonly string[] = ['PERMISSION_DENIED', 'STEP_CRASHED'];

function requestUntil(signal: AbortSignal): ModelRequest {
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  return { messages, signal, idempotency_key: 'check', redact: (text) => text };
}

function checkConfig({ config_schema }: ModelProvider): undefined {
  makeAjv({ strict: false, logger: false }).compile(config_schema);
  const properties = (config_schema.properties ?? {}) as Readonly<Record<string, JsonObject>>;
  const open = Object.keys(properties).find((name) => secretName.test(name) && properties[name]?.writeOnly !== true);
  if (open !== undefined)
    throw new Error(`config_schema: '${open}' looks like a secret, but is not marked writeOnly: true`);
}

function created(provider: ModelProvider, fetch: ProviderContext['fetch'] = refuse): LanguageModel {
  const model = provider.create(sampleOf(provider.config_schema) as JsonObject, { fetch });
  for (const name of ['provider', 'model'] as const) {
    if (typeof model?.[name] !== 'string') throw new Error(`create returns a model without '${name}'`);
  }
  if (typeof model.generate !== 'function') throw new Error("create returns a model without 'generate'");
  return model;
}

const refuse = (): Promise<never> => Promise.reject(new LlmteamError('EGRESS_BLOCKED', 'a check sends nothing'));

async function checkAborted(model: LanguageModel, abortMs: number): Promise<undefined> {
  const generating = model.generate(requestUntil(AbortSignal.abort(new Error('cancelled'))));
  if (!(await settlesWithin(generating, abortMs)))
    throw new Error(`generate goes on ${abortMs} ms after its signal aborted`);
}
