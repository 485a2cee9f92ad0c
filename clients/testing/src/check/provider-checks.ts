/** Purpose: the checks of one model provider that need no service. */
import { type JsonObject, type LanguageModel, LlmteamError, type ModelProvider } from '@llmteam/contracts';
import { makeAjv } from '@llmteam/kernel';
import type { Checks } from './check-report.js';
import { sampleOf } from './sample-value.js';
import { settlesWithin } from './settles-within.js';

const secretName = /(^|_)(api_?key|token|secret|password)$/i;

export async function checkProvider(checks: Checks, provider: ModelProvider, abortMs: number): Promise<void> {
  const id = (what: string): string => `provider.${provider.providerId}.${what}`;
  await checks.run(id('config'), () => checkConfig(provider));
  const made = { model: null as LanguageModel | null };
  const isCreated = await checks.run(id('create'), () => {
    made.model = created(provider);
    return undefined;
  });
  if (isCreated) await checks.run(id('abort'), () => checkAborted(made.model as LanguageModel, abortMs));
}

function checkConfig({ config_schema }: ModelProvider): undefined {
  makeAjv({ strict: false, logger: false }).compile(config_schema);
  const properties = (config_schema.properties ?? {}) as Readonly<Record<string, JsonObject>>;
  const open = Object.keys(properties).find((name) => secretName.test(name) && properties[name]?.writeOnly !== true);
  if (open !== undefined)
    throw new Error(`config_schema: '${open}' looks like a secret, but is not marked writeOnly: true`);
}

function created(provider: ModelProvider): LanguageModel {
  const model = provider.create(sampleOf(provider.config_schema) as JsonObject, { fetch: refuse });
  for (const name of ['provider', 'model'] as const) {
    if (typeof model?.[name] !== 'string') throw new Error(`create returns a model without '${name}'`);
  }
  if (typeof model.generate !== 'function') throw new Error("create returns a model without 'generate'");
  return model;
}

const refuse = (): Promise<never> => Promise.reject(new LlmteamError('EGRESS_BLOCKED', 'a check sends nothing'));

async function checkAborted(model: LanguageModel, abortMs: number): Promise<undefined> {
  const generating = model.generate({
    messages: [{ role: 'user', content: 'Hello' }],
    signal: AbortSignal.abort(new Error('cancelled')),
    idempotency_key: 'check',
    redact: (text) => text,
  });
  if (!(await settlesWithin(generating, abortMs)))
    throw new Error(`generate goes on ${abortMs} ms after its signal aborted`);
}
