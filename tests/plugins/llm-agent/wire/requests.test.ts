/** What every service is sent: the bodies, as each protocol wants them. */
import type { JsonObject, ModelMessage, ModelRequest, ModelResponse } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../../../support/spec.js';
import { chat, openaiChat } from './chat-wire.js';
import { gemini } from './gemini-wire.js';
import { messages } from './messages-wire.js';
import { protocols } from './protocols.js';
import { responses } from './responses-wire.js';
import { answering, type Protocol, type WireAnswer, withService } from './wire-service.js';

const ok: WireAnswer = { text: ['ok'], end: 'stop' };
const schema: JsonObject = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
};
const weather = { name: 'weather', description: 'Tells the weather.', input_schema: schema };
const pixel = 'iVBORw0KGgo=';

/** The body that a request leads to. */
async function bodyFor(
  protocol: Protocol,
  request: Partial<ModelRequest>,
  config: JsonObject = {},
): Promise<JsonObject> {
  const bodies: JsonObject[] = [];
  const use = async (
    ask: (request: Partial<ModelRequest>) => Promise<ModelResponse>,
    calls: readonly { body: JsonObject }[],
  ) => {
    await ask(request);
    bodies.push(...calls.map(({ body }) => body));
  };
  await withService(protocol, answering(protocol, ok), use, config);
  return bodies[0] ?? {};
}

/** The answer of the model, then the body that leads from it and the results of its calls to the next. */
async function nextBody(protocol: Protocol, answer: WireAnswer, streams: boolean): Promise<JsonObject> {
  const bodies: JsonObject[] = [];
  await withService(protocol, answering(protocol, answer), async (ask, calls) => {
    const given = { tools: [weather], ...(streams && { onToken: () => undefined }) };
    const response = await ask(given);
    const results = (response.tool_calls ?? []).map(
      ({ call_id, name }, place): ModelMessage => ({
        role: 'tool',
        call_id,
        name,
        content: `result ${place}`,
        ...(place === 1 && { is_error: true }),
      }),
    );
    const again: ModelMessage[] = [{ role: 'user', content: 'hello' }, throughJson(asMessage(response)), ...results];
    await ask({ ...given, messages: again });
    bodies.push(...calls.map(({ body }) => body));
  });
  return bodies[1] ?? {};
}

function asMessage({ text, tool_calls, provider_state }: ModelResponse): ModelMessage {
  return {
    role: 'assistant',
    content: text,
    ...(tool_calls !== undefined && { tool_calls }),
    ...(provider_state !== undefined && { provider_state }),
  };
}

/** As a message is kept. */
function throughJson(message: ModelMessage): ModelMessage {
  return JSON.parse(JSON.stringify(message)) as ModelMessage;
}

const settings: Partial<ModelRequest> = { temperature: 0.5, max_tokens: 100, stop: ['END'], seed: 7 };
const thoughtful: WireAnswer = {
  reasoning: ['I need ', 'the weather.'],
  text: ['Let me see.'],
  calls: [
    { id: 'call_a', name: 'weather', pieces: ['{"a":', '"Paris"}'] },
    { id: 'call_b', name: 'weather', pieces: ['{"a":"Rome"}'] },
  ],
  end: 'tool_calls',
};
const image: Partial<ModelRequest> = {
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'file', media_type: 'image/png', data: pixel },
        { type: 'file', media_type: 'application/pdf', data: 'JVBERi0=', name: 'a.pdf' },
      ],
    },
  ],
};

spec('what services are sent: chat completions', (test) => {
  test('settings and tools', async () => {
    const { stop, seed, temperature, max_tokens, tools, tool_choice } = await bodyFor(chat, {
      ...settings,
      tools: [weather],
      tool_choice: { name: 'weather' },
    });
    assert.equal([stop, seed, temperature, max_tokens], [['END'], 7, 0.5, 100]);
    assert.equal(tools, [
      { type: 'function', function: { name: 'weather', description: 'Tells the weather.', parameters: schema } },
    ]);
    assert.equal(tool_choice, { type: 'function', function: { name: 'weather' } });
    assert.is((await bodyFor(chat, { tools: [weather], tool_choice: 'required' })).tool_choice, 'required');
    assert.not('tools' in (await bodyFor(chat, { tools: [] })));
  });

  test('reasoning effort and options of the service, but never another model', async () => {
    const given = { reasoning_effort: 'low', provider_options: { top_k: 5, model: 'dearer' } } as const;
    const { reasoning_effort, top_k, model } = await bodyFor(chat, given);
    assert.equal([reasoning_effort, top_k, model], ['low', 5, 'test-1']);
  });

  test('calls and their results; reasoning only where the service wants it', async () => {
    for (const streams of [true, false]) {
      const { messages: sent } = await nextBody(chat, thoughtful, streams);
      const call = (id: string, city: string) => ({
        id,
        type: 'function',
        function: { name: 'weather', arguments: `{"a":"${city}"}` },
      });
      assert.equal(sent, [
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: 'Let me see.', tool_calls: [call('call_a', 'Paris'), call('call_b', 'Rome')] },
        { role: 'tool', tool_call_id: 'call_a', content: 'result 0' },
        { role: 'tool', tool_call_id: 'call_b', content: 'result 1' },
      ]);
    }
    const deepseek: Protocol = { ...chat, config: { ...chat.config, return_reasoning: true } };
    const { messages: sent } = await nextBody(deepseek, thoughtful, true);
    assert.is((sent as JsonObject[])[1]?.reasoning_content, 'I need the weather.');
    const { messages: bare } = await nextBody(deepseek, { ...thoughtful, reasoning: [] }, true);
    assert.is((bare as JsonObject[])[1]?.reasoning_content, '');
    const { messages: plain } = await nextBody(deepseek, { ...thoughtful, calls: [], end: 'stop' }, true);
    assert.not('reasoning_content' in ((plain as JsonObject[])[1] ?? {}));
  });

  test('arguments are sent back as the model wrote them', async () => {
    const written = '{ "id": 12345678901234567890,\n "a": "\\u00f6" }';
    const calls = [{ id: 'call_a', name: 'weather', pieces: [written] }];
    for (const [protocol, list] of [
      [chat, 'messages'],
      [openaiChat, 'messages'],
      [responses, 'input'],
    ] as const) {
      const sent = JSON.stringify((await nextBody(protocol, { calls, end: 'tool_calls' }, true))[list]);
      assert.ok(sent.includes(`"arguments":${JSON.stringify(written)}`), sent);
    }
  });

  test('arguments that are no JSON are sent back as an empty object', async () => {
    const call = { call_id: 'c', name: 'weather', arguments: '{"a": oh' };
    const { messages: sent } = await bodyFor(chat, {
      messages: [{ role: 'assistant', content: '', tool_calls: [call] }],
    });
    assert.equal(sent, [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'weather', arguments: '{}' } }],
      },
    ]);
  });

  test('files', async () => {
    const { messages: sent } = await bodyFor(chat, image);
    assert.equal((sent as JsonObject[])[0]?.content, [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    ]);
  });

  test('a deployment of Azure has its version in the query, and its key in a header', async () => {
    await withService(
      chat,
      answering(chat, ok),
      async (ask, calls) => {
        await ask();
        assert.is(calls[0]?.url, '/v1/chat/completions?api-version=2024-10-21');
        assert.is(calls[0]?.headers['api-key'], 'azure-key');
      },
      { api_version: '2024-10-21', headers: { 'api-key': 'azure-key' } },
    );
  });

  test('OpenAI itself gets a strict schema where it can be held', async () => {
    const { response_format } = await bodyFor(openaiChat, { output_schema: schema });
    assert.equal(response_format, { type: 'json_schema', json_schema: { name: 'response', schema, strict: true } });
  });
});

spec('what services are sent: the Responses API', (test) => {
  test('settings, tools and a schema; nothing is stored', async () => {
    const body = await bodyFor(responses, {
      max_tokens: 100,
      reasoning_effort: 'high',
      tools: [weather, { ...weather, name: 'open', input_schema: { type: 'object' } }],
      tool_choice: { name: 'weather' },
      output_schema: schema,
    });
    const { max_output_tokens, reasoning, tools, tool_choice, text, store, include } = body;
    assert.equal([max_output_tokens, reasoning, store], [100, { effort: 'high' }, false]);
    assert.equal(include, ['reasoning.encrypted_content']);
    assert.equal(
      (tools as JsonObject[]).map(({ type, name, strict }) => [type, name, strict]),
      [
        ['function', 'weather', true],
        ['function', 'open', false],
      ],
    );
    assert.equal(tool_choice, { type: 'function', name: 'weather' });
    assert.equal(text, { format: { type: 'json_schema', strict: true, name: 'response', schema } });
  });

  test('reasoning, text, calls and results go back as they were', async () => {
    for (const streams of [true, false]) {
      const { input } = await nextBody(responses, thoughtful, streams);
      const [question, reasoning, text, ...rest] = input as JsonObject[];
      assert.equal(question, { role: 'user', content: [{ type: 'input_text', text: 'hello' }] });
      assert.is(reasoning?.type, 'reasoning');
      assert.is(reasoning?.encrypted_content, 'sealed');
      assert.equal(
        reasoning?.summary,
        ['I need ', 'the weather.'].map((words) => ({ type: 'summary_text', text: words })),
      );
      assert.equal(text?.content, [{ type: 'output_text', text: 'Let me see.' }]);
      assert.equal(
        rest.map(({ type, call_id, arguments: text, output }) => [type, call_id, text ?? output]),
        [
          ['function_call', 'call_a', '{"a":"Paris"}'],
          ['function_call', 'call_b', '{"a":"Rome"}'],
          ['function_call_output', 'call_a', 'result 0'],
          ['function_call_output', 'call_b', 'result 1'],
        ],
      );
    }
  });

  test('files', async () => {
    const { input } = await bodyFor(responses, image);
    assert.equal((input as JsonObject[])[0]?.content, [
      { type: 'input_text', text: 'What is it?' },
      { type: 'input_image', image_url: `data:image/png;base64,${pixel}` },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
    ]);
  });
});

spec('what services are sent: the Messages API', (test) => {
  test('settings and tools', async () => {
    const body = await bodyFor(messages, { ...settings, tools: [weather], tool_choice: 'required' });
    const { temperature, max_tokens, stop_sequences, tools, tool_choice } = body;
    assert.equal([temperature, max_tokens, stop_sequences], [0.5, 100, ['END']]);
    assert.equal(
      (tools as JsonObject[]).map(({ name, description, input_schema }) => [name, description, input_schema]),
      [['weather', 'Tells the weather.', schema]],
    );
    assert.is((tool_choice as JsonObject).type, 'any');
  });

  test('an effort, or the budget of a model that takes none', async () => {
    const adaptive = await bodyFor(messages, { reasoning_effort: 'medium' });
    assert.equal(adaptive.thinking, { type: 'adaptive', display: 'summarized' });
    assert.equal(adaptive.output_config, { effort: 'medium' });
    for (const model of [
      'claude-sonnet-4-5',
      'claude-opus-4-20250514',
      'claude-3-7-sonnet-latest',
      'claude-haiku-4-5',
    ]) {
      const { thinking, max_tokens } = await bodyFor(messages, { reasoning_effort: 'low', max_tokens: 500 }, { model });
      assert.equal([thinking, max_tokens], [{ type: 'enabled', budget_tokens: 2_048 }, 2_548], model);
    }
  });

  test('thoughts with their signature, text, calls and results go back as they were', async () => {
    for (const streams of [true, false]) {
      const { messages: sent } = await nextBody(messages, thoughtful, streams);
      const [, said, results] = sent as { role: string; content: JsonObject[] }[];
      assert.equal(said?.role, 'assistant');
      assert.equal(said?.content, [
        { type: 'thinking', thinking: 'I need the weather.', signature: 'sealed' },
        { type: 'text', text: 'Let me see.' },
        { type: 'tool_use', id: 'call_a', name: 'weather', input: { a: 'Paris' } },
        { type: 'tool_use', id: 'call_b', name: 'weather', input: { a: 'Rome' } },
      ]);
      assert.equal(
        results?.content.map(({ type, tool_use_id, content, is_error }) => [type, tool_use_id, content, is_error]),
        [
          ['tool_result', 'call_a', 'result 0', undefined],
          ['tool_result', 'call_b', 'result 1', true],
        ],
      );
    }
  });

  test('a schema, and files', async () => {
    const { output_config } = await bodyFor(messages, { output_schema: schema });
    assert.equal((output_config as JsonObject).format, { type: 'json_schema', schema });
    const { messages: sent } = await bodyFor(messages, image);
    const [, picture, document] = (sent as { content: JsonObject[] }[])[0]?.content ?? [];
    assert.equal(picture?.source, { type: 'base64', media_type: 'image/png', data: pixel });
    assert.equal(document?.source, { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' });
  });
});

spec('what services are sent: the Gemini API', (test) => {
  test('settings, tools and a schema', async () => {
    const body = await bodyFor(gemini, { ...settings, tools: [weather], tool_choice: { name: 'weather' } });
    assert.equal(body.generationConfig, { temperature: 0.5, maxOutputTokens: 100, stopSequences: ['END'], seed: 7 });
    const [{ functionDeclarations } = {} as JsonObject] = body.tools as JsonObject[];
    assert.equal((functionDeclarations as JsonObject[])[0]?.name, 'weather');
    assert.equal((body.toolConfig as JsonObject).functionCallingConfig, {
      mode: 'ANY',
      allowedFunctionNames: ['weather'],
    });
    const { generationConfig } = await bodyFor(gemini, { output_schema: schema });
    const { responseMimeType, responseSchema } = generationConfig as JsonObject;
    assert.is(responseMimeType, 'application/json');
    assert.equal((responseSchema as JsonObject).properties, { a: { type: 'string' } });
  });

  test('an effort, or the budget of a model that takes none', async () => {
    const { generationConfig: level } = await bodyFor(gemini, { reasoning_effort: 'low' });
    assert.equal((level as JsonObject).thinkingConfig, { thinkingLevel: 'low', includeThoughts: true });
    const old: Protocol = { ...gemini, config: { model: 'gemini-2.5-flash' } };
    const { generationConfig: budget } = await bodyFor(old, { reasoning_effort: 'medium' });
    assert.equal((budget as JsonObject).thinkingConfig, { thinkingBudget: 8_192, includeThoughts: true });
  });

  test('calls with the signature of the thoughts, and all results of a turn in one message', async () => {
    for (const streams of [true, false]) {
      const { contents } = await nextBody(gemini, thoughtful, streams);
      const [, said, results] = contents as { role: string; parts: JsonObject[] }[];
      const called = said?.parts.filter((part) => 'functionCall' in part) ?? [];
      assert.equal(
        called.map(({ functionCall, thoughtSignature }) => [(functionCall as JsonObject).args, thoughtSignature]),
        [
          [{ a: 'Paris' }, 'sealed'],
          [{ a: 'Rome' }, undefined],
        ],
      );
      assert.is(results?.parts.length, 2);
      assert.match(JSON.stringify(results?.parts[0]), /"functionResponse":\{.*"name":"weather".*result 0/);
    }
  });

  test('files', async () => {
    const { contents } = await bodyFor(gemini, image);
    assert.equal((contents as JsonObject[])[0]?.parts, [
      { text: 'What is it?' },
      { inlineData: { mimeType: 'image/png', data: pixel } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
    ]);
  });
});

for (const protocol of protocols) {
  spec(`what services are sent: ${protocol.name}`, (test) => {
    test('state of another provider is not sent', async () => {
      const state = {
        provider: 'elsewhere',
        parts: [{ type: 'reasoning', text: 'foreign', metadata: { x: { y: 'z' } } }],
      };
      const body = await bodyFor(protocol, {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b', provider_state: state },
          { role: 'user', content: 'c' },
        ],
      });
      assert.not.match(JSON.stringify(body), 'foreign');
      assert.match(JSON.stringify(body), '"b"');
    });

    test('a text that was changed since is sent as it is now', async () => {
      await withService(protocol, answering(protocol, thoughtful), async (ask, calls) => {
        const message = asMessage(await ask({ tools: [weather] })) as Extract<ModelMessage, { role: 'assistant' }>;
        const results = (message.tool_calls ?? []).map(
          ({ call_id, name }): ModelMessage => ({ role: 'tool', call_id, name, content: 'r' }),
        );
        await ask({
          messages: [{ role: 'user', content: 'q' }, { ...message, content: '[redacted] text' }, ...results],
        });
        const sent = JSON.stringify(calls[1]?.body);
        assert.match(sent, '[redacted] text');
        assert.not.match(sent, 'Let me see');
      });
    });

    test('JSON without a schema is asked for in words as well', async () => {
      assert.match(JSON.stringify(await bodyFor(protocol, { json: true })), 'Answer with one JSON value.');
    });
  });
}
