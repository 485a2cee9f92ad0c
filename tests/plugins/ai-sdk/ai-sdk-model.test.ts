import type {
  LanguageModelV3CallOptions,
  LanguageModelV3Content,
  LanguageModelV3Prompt,
  LanguageModelV3StreamPart,
} from '@ai-sdk/provider';
import { UnsupportedFunctionalityError } from '@ai-sdk/provider';
import { aiSdkModel } from '@llmteam/ai-sdk';
import { LlmteamError, type ModelMessage } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { finish, requestOf, sdkModelOf, streamOf } from './scripted-sdk-model.js';

type Assistant = Extract<ModelMessage, { readonly role: 'assistant' }>;

const onToken = () => undefined;
const text = (...deltas: string[]): LanguageModelV3StreamPart[] => [
  { type: 'text-start', id: '1' },
  ...deltas.map((delta): LanguageModelV3StreamPart => ({ type: 'text-delta', id: '1', delta })),
  { type: 'text-end', id: '1' },
];

spec('a model from one of the AI SDK', (test) => {
  test('its names are those of the SDK, or those that it is given', () => {
    const own = aiSdkModel({ sdkModel: sdkModelOf({}) });
    assert.equal([own.provider, own.model], ['acme.chat', 'acme-1']);
    const lazy = aiSdkModel({ provider: 'acme', model: 'one', load: () => sdkModelOf({}) });
    assert.equal([lazy.provider, lazy.model], ['acme', 'one']);
  });

  test('it is loaded by the first call, once, and again after a failure', async () => {
    const loads: number[] = [];
    const model = aiSdkModel({
      provider: 'acme',
      model: 'one',
      load: async () => {
        loads.push(loads.length);
        if (loads.length === 1) throw new Error('not installed');
        return sdkModelOf({ content: [{ type: 'text', text: 'x' }] });
      },
    });
    assert.equal(loads, []);
    assert.match((await rejectsWith('LLM_FAILED', () => model.generate(requestOf()))).message, 'not installed');
    await Promise.all([model.generate(requestOf()), model.generate(requestOf())]);
    assert.is(loads.length, 2);
  });

  test('a model of another version of the specification is refused by its name', async () => {
    const other = { ...sdkModelOf({}), specificationVersion: 'v4' } as never;
    const error = await rejectsWith('LLM_REFUSED', () => aiSdkModel({ sdkModel: other }).generate(requestOf()));
    assert.match(error.message, "'acme-1' speaks v4");
  });

  test('a model that does not listen to its signal is left all the same', async () => {
    const deaf = new Promise<never>(() => undefined);
    const sdkModel = sdkModelOf({ doGenerate: () => deaf, doStream: () => deaf });
    for (const more of [{}, { onToken }]) {
      const abort = new AbortController();
      const asked = aiSdkModel({ sdkModel }).generate(requestOf({ signal: abort.signal, ...more }));
      abort.abort(new LlmteamError('STEP_TIMEOUT', 'late'));
      await rejectsWith('STEP_TIMEOUT', () => asked);
      const limited = aiSdkModel({ sdkModel, timeout_seconds: 0.02 }).generate(requestOf(more));
      assert.match((await rejectsWith('LLM_FAILED', () => limited)).message, 'timeout_seconds');
    }
  });

  test('no token comes after the call is over', async () => {
    const abort = new AbortController();
    const goOn = { with: (_part: LanguageModelV3StreamPart): void => undefined, end: (): void => undefined };
    const stream = new ReadableStream<LanguageModelV3StreamPart>({
      start(controller) {
        goOn.with = (part) => controller.enqueue(part);
        goOn.end = () => controller.close();
      },
    });
    const tokens: string[] = [];
    const asked = aiSdkModel({ sdkModel: sdkModelOf({ doStream: async () => ({ stream }) }) }).generate(
      requestOf({
        signal: abort.signal,
        onToken: (token) => {
          tokens.push(token);
          abort.abort();
        },
      }),
    );
    goOn.with({ type: 'text-delta', id: '1', delta: 'first' });
    await rejectsWith('CANCELLED', () => asked);
    goOn.with({ type: 'text-delta', id: '1', delta: 'second' });
    await new Promise((turn) => setImmediate(turn));
    assert.equal(tokens, ['first']);
  });

  test('texts that are written in turn come out in the order of their beginnings', async () => {
    const parts: LanguageModelV3StreamPart[] = [
      { type: 'text-start', id: 'a' },
      { type: 'text-start', id: 'b' },
      { type: 'text-delta', id: 'a', delta: '1' },
      { type: 'text-delta', id: 'b', delta: '2' },
      { type: 'reasoning-delta', id: 'a', delta: 'why' },
      finish,
    ];
    const answer = await aiSdkModel({ sdkModel: sdkModelOf({ parts }) }).generate(requestOf({ onToken }));
    assert.equal([answer.text, answer.reasoning], ['12', 'why']);
  });

  test('calls that the service made itself, sources and files are left out', async () => {
    const call = {
      type: 'tool-call',
      toolCallId: 'c',
      toolName: 'search',
      input: '{}',
      providerExecuted: true,
    } as const;
    const source = { type: 'source', sourceType: 'url', id: 's', url: 'https://example.com' } as const;
    const content = [call, source, { type: 'text', text: 'found' } as const];
    for (const [sdkModel, more] of [
      [sdkModelOf({ content }), {}],
      [sdkModelOf({ parts: [call, source, ...text('found'), finish] }), { onToken }],
    ] as const) {
      const answer = await aiSdkModel({ sdkModel }).generate(requestOf(more));
      assert.equal([answer.text, answer.tool_calls, answer.finish_reason], ['found', undefined, 'stop']);
    }
  });

  test('an answer in a stream without its end is none', async () => {
    const sdkModel = sdkModelOf({ parts: text('half') });
    const error = await rejectsWith('LLM_FAILED', () => aiSdkModel({ sdkModel }).generate(requestOf({ onToken })));
    assert.match(error.message, 'ended prematurely');
    assert.ok(error.recoverable);
  });

  test('what the model cannot be asked is refused; what the network does may pass', async () => {
    const failing = (error: Error) =>
      aiSdkModel({ sdkModel: sdkModelOf({ doGenerate: async () => Promise.reject(error) }) }).generate(requestOf());
    const unable = new UnsupportedFunctionalityError({ functionality: 'file part media type video/mp4' });
    assert.match((await rejectsWith('LLM_REFUSED', () => failing(unable))).message, 'video/mp4');
    const network = new Error('wrapped', { cause: new LlmteamError('HTTP_FAILED', 'no route') });
    assert.ok((await rejectsWith('LLM_FAILED', () => failing(network))).recoverable);
    const guard = new Error('wrapped', { cause: new LlmteamError('PERMISSION_DENIED', 'not this host') });
    await rejectsWith('PERMISSION_DENIED', () => failing(guard));
  });

  test('options go under the name of the provider, those of the request above', async () => {
    const seen: LanguageModelV3CallOptions[] = [];
    const sdkModel = sdkModelOf({
      doStream: async (options) => {
        seen.push(options);
        return { stream: streamOf([...text('x'), finish]) };
      },
    });
    const given = { reasoning_effort: 'low', provider_options: { tier: 'flex', model: 'dearer' }, onToken } as const;
    await aiSdkModel({ sdkModel }).generate(requestOf(given));
    await aiSdkModel({ sdkModel, optionsFor: () => ({ tier: 'priority', depth: 2 }) }).generate(requestOf(given));
    assert.equal(
      seen.map(({ providerOptions }) => providerOptions),
      [{ acme: { reasoningEffort: 'low', tier: 'flex' } }, { acme: { tier: 'flex', depth: 2 } }],
    );
  });
});

spec('what a provider must see again', (test) => {
  const noted = (mark: string) => ({ providerMetadata: { acme: { mark, none: undefined as never } } });
  const content: LanguageModelV3Content[] = [
    { type: 'reasoning', text: 'why', ...noted('r') },
    { type: 'text', text: 'one ', ...noted('t1') },
    { type: 'tool-call', toolCallId: 'c', toolName: 'now', input: '{"a":1}', ...noted('c') },
    { type: 'text', text: '', ...noted('empty') },
    { type: 'text', text: 'two', ...noted('t2') },
  ];

  /** The assistant message that is sent, after `change`, in the next request. */
  async function sentAgain(change: (message: Assistant) => Assistant, parts = content) {
    const prompts: LanguageModelV3Prompt[] = [];
    const answering = sdkModelOf({ content: parts });
    const sdkModel = sdkModelOf({
      doGenerate: (options) => {
        prompts.push(options.prompt);
        return answering.doGenerate(options);
      },
    });
    const model = aiSdkModel({ sdkModel });
    const { text, tool_calls = [], provider_state } = await model.generate(requestOf());
    const message: Assistant = { role: 'assistant', content: text, tool_calls, provider_state: provider_state ?? null };
    assert.equal(JSON.parse(JSON.stringify(message)), message, 'it is JSON');
    await model.generate(requestOf({ messages: [change(message)] }));
    const [sent] = prompts[1] ?? [];
    return sent?.role === 'assistant' ? sent.content : [];
  }

  const marked = (mark: string) => ({ providerOptions: { acme: { mark } } });

  test('goes back in its order, part by part', async () => {
    assert.equal(await sentAgain((message) => message), [
      { type: 'reasoning', text: 'why', ...marked('r') },
      { type: 'text', text: 'one ', ...marked('t1') },
      { type: 'tool-call', toolCallId: 'c', toolName: 'now', input: { a: 1 }, ...marked('c') },
      { type: 'text', text: '', ...marked('empty') },
      { type: 'text', text: 'two', ...marked('t2') },
    ]);
  });

  test('goes with the text and the calls that the message has now', async () => {
    const call = { call_id: 'd', name: 'later', arguments: '' };
    const sent = await sentAgain((message) => ({ ...message, content: 'changed since', tool_calls: [call] }));
    assert.equal(sent, [
      { type: 'reasoning', text: 'why', ...marked('r') },
      { type: 'text', text: 'changed since', ...marked('t1') },
      { type: 'text', text: '', ...marked('empty') },
      { type: 'tool-call', toolCallId: 'd', toolName: 'later', input: {} },
    ]);
  });

  test('is nothing if the provider noted nothing', async () => {
    const sent = await sentAgain(
      (message) => message,
      [
        { type: 'reasoning', text: 'why' },
        { type: 'text', text: 'so' },
      ],
    );
    assert.equal(sent, [{ type: 'text', text: 'so' }]);
  });
});

spec('thoughts at the beginning of a text', (test) => {
  async function answerTo(deltas: readonly string[]) {
    const tokens: string[] = [];
    const sdkModel = sdkModelOf({ parts: [...text(...deltas), finish] });
    const model = aiSdkModel({ sdkModel, think_tags: true });
    const answer = await model.generate(requestOf({ onToken: (token) => void tokens.push(token) }));
    assert.is(tokens.join(''), answer.text);
    return [answer.reasoning, answer.text];
  }

  for (const [said, reasoning, rest] of [
    ['<think>a < b</think>\n\nYes.', 'a < b', 'Yes.'],
    [' \n<think></think>Yes.', undefined, 'Yes.'],
    ['<think>no end </thin', 'no end </thin', ''],
    ['<think>a</think>', 'a', ''],
    ['<thinking> is text', undefined, '<thinking> is text'],
    ['<thi', undefined, '<thi'],
    ['  two blanks', undefined, '  two blanks'],
    ['Say <think>x</think>', undefined, 'Say <think>x</think>'],
    ['', undefined, ''],
  ] as const) {
    test(`${JSON.stringify(said)}, however it is split`, async () => {
      assert.equal(await answerTo([said]), [reasoning, rest]);
      assert.equal(await answerTo([...said]), [reasoning, rest]);
      for (let at = 1; at < said.length; at += 1) {
        assert.equal(await answerTo([said.slice(0, at), said.slice(at)]), [reasoning, rest], `split at ${at}`);
      }
    });
  }
});
