/** Conformance suite of model providers: what `llm_agent` relies on. */
import * as assert from 'node:assert/strict';
import {
  isLlmteamError,
  type JsonObject,
  type LanguageModel,
  type ModelProvider,
  type ModelRequest,
  type ProviderContext,
} from '@llmteam/contracts';
import { makeAjv } from '@llmteam/kernel';
import type { Test } from './conformance/kit.js';

/** A provider, with a service that answers, e.g. a server of the test. */
export interface OpenedProvider {
  readonly provider: ModelProvider;
  /** A valid config that leads to the service. */
  readonly config: JsonObject;
  /** A config that leads to a service that fails in a way that may pass, if there is one. */
  readonly failing?: JsonObject;
  /** A config that leads to a service that never answers, if there is one. */
  readonly silent?: JsonObject;
  readonly dispose: () => Promise<void>;
}

export interface ProviderKit {
  readonly test: Test;
  readonly open: () => Promise<OpenedProvider>;
}

const abortMs = 2_000;

/** The service is the test's, so every request is allowed. */
const context: ProviderContext = { fetch: (input, options) => fetch(input, options) };

function requestOf(changes: Partial<ModelRequest> = {}): ModelRequest {
  return {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Say hello.' },
    ],
    signal: new AbortController().signal,
    idempotency_key: 'run/step',
    redact: (text) => text,
    ...changes,
  };
}

export function providerConformance({ test, open }: ProviderKit): void {
  const law = (name: string, body: (model: LanguageModel, opened: OpenedProvider) => Promise<void>): void =>
    test(name, async () => {
      const opened = await open();
      try {
        await body(opened.provider.create(opened.config, context), opened);
      } finally {
        await opened.dispose();
      }
    });

  law('M1 the config is valid against the schema, and a key that is not known is refused', async (_model, opened) => {
    const isValid = makeAjv({ strict: false, logger: false }).compile(opened.provider.config_schema);
    assert.ok(isValid(structuredClone(opened.config)), JSON.stringify(isValid.errors));
    assert.ok(!isValid({ ...opened.config, no_such_key_of_a_provider: 1 }), 'a misspelt key would silently do nothing');
  });

  law('M2 an answer has a text, a model, a finish reason and whole numbers of tokens', async (model) => {
    const { text, model: answeredBy, finish_reason, usage } = await model.generate(requestOf());
    for (const value of [text, answeredBy, finish_reason]) assert.equal(typeof value, 'string');
    assert.notEqual(finish_reason, '');
    for (const tokens of [usage.input_tokens, usage.output_tokens]) {
      assert.ok(Number.isSafeInteger(tokens) && tokens >= 0, `${tokens} tokens`);
    }
    assert.ok((usage.cost_usd ?? 0) >= 0);
    const answer = { text, model: answeredBy, finish_reason, usage };
    assert.deepEqual(JSON.parse(JSON.stringify(answer)), answer);
  });

  law('M3 the tokens that are streamed are the text', async (model) => {
    const tokens: string[] = [];
    const { text } = await model.generate(requestOf({ onToken: (token) => tokens.push(token) }));
    if (tokens.length > 0) assert.equal(tokens.join(''), text);
  });

  law('M4 requests at the same time do not mix', async (model) => {
    const streams = [0, 1, 2].map(() => [] as string[]);
    const answers = await Promise.all(
      streams.map((tokens) => model.generate(requestOf({ onToken: (token) => tokens.push(token) }))),
    );
    for (const [place, { text }] of answers.entries()) {
      const tokens = streams[place] ?? [];
      if (tokens.length > 0) assert.equal(tokens.join(''), text);
    }
  });

  law('M5 a request whose signal has aborted is rejected, and sends nothing more', async (model) => {
    await rejectsInTime(model.generate(requestOf({ signal: AbortSignal.abort(new Error('over')) })));
  });

  law('M5 a request that is not answered ends with its signal', async (_model, { provider, silent }) => {
    if (silent === undefined) return;
    const control = new AbortController();
    const generating = provider.create(silent, context).generate(requestOf({ signal: control.signal }));
    setTimeout(() => control.abort(new Error('over')), 50);
    await rejectsInTime(generating);
  });

  law('M6 a service that fails is LLM_FAILED, which may be repeated', async (_model, { provider, failing }) => {
    if (failing === undefined) return;
    await assert.rejects(provider.create(failing, context).generate(requestOf()), (thrown) => {
      assert.ok(isLlmteamError(thrown), `expected an LlmteamError, got ${thrown}`);
      assert.equal(thrown.code, 'LLM_FAILED');
      return true;
    });
  });
}

async function rejectsInTime(generating: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), abortMs);
  });
  const outcome = await Promise.race([
    generating.then(
      () => 'answered' as const,
      () => 'rejected' as const,
    ),
    late,
  ]);
  clearTimeout(timer);
  assert.equal(outcome, 'rejected');
}
