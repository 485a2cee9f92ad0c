import type { JsonObject, ModelMessage, ModelRequest } from '@llmteam/contracts';
import { llmAgent, offline } from '@llmteam/llm-agent';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fakeStepContext } from '../support/fake-step-context.js';
import { rejectsWith } from '../support/rejection.js';

const request = (content: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  messages: [
    { role: 'system', content: 'be brief' },
    { role: 'user', content },
  ],
  signal: new AbortController().signal,
  idempotency_key: 'key',
  redact: (text) => text,
  ...more,
});

const ask = (content: string, config: JsonObject = {}, more: Partial<ModelRequest> = {}) =>
  offline.create(config).generate(request(content, more));

spec('offline: answers', (test) => {
  test('the same request gets the same answer from every model that is made', async () => {
    const [one, two] = [await ask('Why is tea hot?'), await ask('Why is tea hot?')];
    assert.equal(one, two);
    assert.match(one.text, /^\[offline offline\] Why is tea hot\? \([0-9a-f]{8}\)$/);
    assert.is(one.model, 'offline:offline');
    assert.is(one.finish_reason, 'stop');
  });

  test('requests that differ beyond the echo get answers that differ', async () => {
    const long = 'x'.repeat(500);
    assert.is.not((await ask(`${long}1`)).text, (await ask(`${long}2`)).text);
    assert.ok((await ask(long)).text.length < 250);
  });

  test('temperature and the idempotency key have no effect', async () => {
    const other = await ask('q', {}, { temperature: 2, idempotency_key: 'other' });
    assert.equal(other, await ask('q'));
  });

  test('an answer is cut off after max_tokens, and says so', async () => {
    const responses = [{ match: '', text: 'one two  three four' }];
    const tokens: string[] = [];
    const given = { max_tokens: 3, onToken: (token: string) => void tokens.push(token) };
    const { text, finish_reason, usage } = await ask('q', { responses }, given);
    assert.equal([text, finish_reason, usage.output_tokens], ['[offline] one two', 'length', 3]);
    assert.is(tokens.join(''), text);
    const json = [{ match: '', json: { text: 'x'.repeat(100) } }];
    const half = await ask('q', { responses: json }, { max_tokens: 2 });
    assert.equal([half.text, half.finish_reason], [JSON.stringify(json[0]?.json).slice(0, 32), 'length']);
  });

  test('an answer of max_tokens is whole', async () => {
    const whole = await ask('q');
    for (const maxTokens of [whole.usage.output_tokens, 1_000])
      assert.equal(await ask('q', {}, { max_tokens: maxTokens }), whole);
    const short = await ask('q', {}, { max_tokens: whole.usage.output_tokens - 1 });
    assert.is(short.finish_reason, 'length');
  });

  test('JSON that is cut off is found out by the step', async () => {
    const { context } = fakeStepContext({ llms: { main: offline.create({}) } });
    const config = { llm_ref: 'main', output_format: 'json', max_tokens: 1 } as const;
    assert.match(
      (await rejectsWith('LLM_OUTPUT_INVALID', () => llmAgent.run(context, config, 'q'))).message,
      'cut off',
    );
  });

  test('the name of the model is shown', async () => {
    const { text, model } = await ask('a\n\n b', { model: 'writer' });
    assert.match(text, /^\[offline writer\] a b \(/);
    assert.is(model, 'offline:writer');
  });

  test('words are counted as tokens', async () => {
    const { usage, text } = await ask('one two  three\n');
    assert.equal(usage, { input_tokens: 5, output_tokens: text.split(' ').length });
  });

  test('tokens are the words of the text, nothing lost', async () => {
    for (const scripted of ['one  two\n\nthree ', '   ', '']) {
      const tokens: string[] = [];
      const config = { responses: [{ match: '', text: scripted }] };
      const { text } = await ask('q', config, { onToken: (token) => void tokens.push(token) });
      assert.is(tokens.join(''), text);
      assert.is(text, `[offline] ${scripted}`);
    }
  });

  test('json without a schema is an object that says it is offline', async () => {
    const { text } = await ask('hello  you', { model: 'm' }, { json: true });
    assert.equal(JSON.parse(text), { offline: true, model: 'm', echo: 'hello you' });
  });

  test('the latency passes before the answer, and an abort ends it', async () => {
    const started = performance.now();
    await ask('q', { latency_ms: 30 });
    assert.ok(performance.now() - started >= 29);
    const abort = new AbortController();
    const waiting = rejectsWith('CANCELLED', () => ask('q', { latency_ms: 600_000 }, { signal: abort.signal }));
    abort.abort();
    await waiting;
    await rejectsWith('CANCELLED', () => ask('q', {}, { signal: AbortSignal.abort() }));
  });
});

spec('offline: scripted answers', (test) => {
  const responses = [
    { match: 'draft 2', json: { score: 0.9, verdict: 'approved' } },
    { match: 'draft', json: { score: 0.4, verdict: 'revise' } },
    { match: 'poem', text: 'Roses are red.' },
  ];

  test('the first entry that the question contains answers', async () => {
    assert.equal(JSON.parse((await ask('rate draft 2', { responses })).text), { score: 0.9, verdict: 'approved' });
    assert.equal(JSON.parse((await ask('rate draft 1', { responses })).text), { score: 0.4, verdict: 'revise' });
  });

  test('text is marked, JSON is exact, the model says what it is', async () => {
    const poem = await ask('a poem', { responses, model: 'bard' });
    assert.equal([poem.text, poem.model], ['[offline] Roses are red.', 'offline:bard']);
    assert.is((await ask('draft 2', { responses })).text, '{"score":0.9,"verdict":"approved"}');
  });

  test('only the last user message is looked at', async () => {
    const messages = [
      { role: 'user', content: 'a poem' },
      { role: 'assistant', content: 'poem' },
      { role: 'user', content: 'a song' },
    ] as const;
    assert.match((await ask('', { responses }, { messages })).text, /^\[offline offline\] a song/);
  });

  test('a script goes before a schema, and an answer that does not match it is found out by the step', async () => {
    const { context } = fakeStepContext({ llms: { main: offline.create({ responses }) } });
    const config = { llm_ref: 'main', output_schema: { type: 'array' } };
    await rejectsWith('LLM_OUTPUT_INVALID', () => llmAgent.run(context, config, 'draft 2'));
  });
});

const schemas: Readonly<Record<string, JsonObject>> = {
  'a review': {
    type: 'object',
    properties: {
      score: { type: 'number', minimum: 0.5, maximum: 1 },
      verdict: { enum: ['approved', 'revise'] },
      feedback: { type: 'string', minLength: 40 },
      suggestions: { type: 'array', items: { type: 'string' }, minItems: 2, uniqueItems: true },
      approved: { type: 'boolean' },
    },
    required: ['score', 'verdict', 'feedback', 'suggestions', 'approved'],
    additionalProperties: false,
  },
  'const, default and null': {
    type: 'object',
    properties: { kind: { const: 'x' }, size: { type: 'integer', default: 7 }, none: { type: 'null' } },
  },
  'a required key without a property': { type: 'object', required: ['extra'] },
  'local references': {
    type: 'object',
    properties: { author: { $ref: '#/$defs/person' } },
    required: ['author'],
    $defs: { person: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
  },
  'a tree': {
    $defs: {
      node: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          left: { $ref: '#/$defs/node' },
          kids: { type: 'array', items: { $ref: '#/$defs/node' } },
        },
        required: ['name'],
      },
    },
    $ref: '#/$defs/node',
  },
  anyOf: { anyOf: [{ type: 'integer', minimum: 3 }, { type: 'null' }] },
  'oneOf with what is around it': {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    oneOf: [{ required: ['b'], properties: { b: { const: 1 } } }, { required: ['c'] }],
  },
  allOf: {
    allOf: [
      { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
      { properties: { b: { type: 'string' } }, required: ['b'] },
    ],
  },
  'several types': { type: ['null', 'string'] },
  'a tuple': { type: 'array', prefixItems: [{ type: 'integer' }, { const: 'x' }], minItems: 2 },
  'a short string': { type: 'string', maxLength: 4 },
  'a closed range': { type: 'number', exclusiveMinimum: 0.1, exclusiveMaximum: 0.2 },
  'a negative range': { type: 'integer', maximum: -5, minimum: -6 },
  'an exclusive bound': { type: 'integer', exclusiveMinimum: 0 },
  'an exclusive upper bound': { type: 'integer', exclusiveMaximum: 0 },
  multiples: { type: 'integer', multipleOf: 7, minimum: 50 },
  anything: {},
  'a nested array': {
    type: 'array',
    minItems: 1,
    items: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { when: { type: 'string', format: 'date-time' }, mail: { type: 'string', format: 'email' } },
      },
    },
  },
};

spec('offline: values for a schema', (test) => {
  for (const [name, outputSchema] of Object.entries(schemas)) {
    test(`${name}: the value matches and is the same every time`, async () => {
      const { text } = await ask('q', {}, { output_schema: outputSchema });
      const matches = new Ajv2020({ strict: false, validateFormats: false }).compile(outputSchema);
      assert.ok(matches(JSON.parse(text)), `${text} ${JSON.stringify(matches.errors)}`);
      assert.is((await ask('another', {}, { output_schema: outputSchema })).text, text);
    });
  }

  test('strings are marked and named, and optional properties are there', async () => {
    const outputSchema: JsonObject = {
      type: 'object',
      properties: { title: { type: 'string' }, n: { type: 'number' } },
    };
    const { text } = await ask('q', {}, { output_schema: outputSchema });
    assert.equal(JSON.parse(text), { title: '[offline] title', n: 0 });
  });

  for (const [name, outputSchema] of Object.entries<JsonObject>({
    'that nothing matches': { type: 'string', minLength: 5, maxLength: 2 },
    'that needs itself without end': { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
    'that needs too much': { type: 'array', minItems: 1_000_000, items: { type: 'array', minItems: 1_000_000 } },
    'with a key that must not be': {
      type: 'object',
      required: ['a'],
      properties: { a: false } as unknown as JsonObject,
    },
  })) {
    test(`a schema ${name} is refused`, async () => {
      await rejectsWith('LLM_REFUSED', () => ask('q', {}, { output_schema: outputSchema }));
    });
  }

  test('the step takes what comes out', async () => {
    const { context } = fakeStepContext({ llms: { main: offline.create({}) } });
    const outputSchema = schemas['a review'] ?? {};
    const { output } = await llmAgent.run(context, { llm_ref: 'main', output_schema: outputSchema }, 'q');
    assert.is((output as JsonObject).verdict, 'approved');
  });
});

spec('offline: scripted calls of tools', (test) => {
  const tool = (name: string) => ({ name, description: name, input_schema: { type: 'object' } });
  const tools = [tool('weather'), tool('time')];
  const responses = [
    { match: 'weather', tool_calls: [{ name: 'weather', arguments: { city: 'Paris' } }, { name: 'time' }] },
    { match: '18 degrees', text: 'It is warm.' },
  ];

  /** A loop as an agent's, with tools that answer `results` in turn. */
  async function loop(results: readonly string[], config: JsonObject): Promise<ModelMessage[]> {
    const left = [...results];
    const messages: ModelMessage[] = [{ role: 'user', content: 'How is the weather?' }];
    for (let turn = 0; turn < 5; turn += 1) {
      const { text, tool_calls } = await ask('', config, { messages, tools });
      messages.push({ role: 'assistant', content: text, ...(tool_calls !== undefined && { tool_calls }) });
      if (tool_calls === undefined) return messages;
      for (const { call_id, name } of tool_calls) {
        messages.push({ role: 'tool', call_id, name, content: left.shift() ?? 'nothing' });
      }
    }
    return messages;
  }

  test('a script of calls and an answer to their results runs an agent without network', async () => {
    const [, calls, , , answer] = await loop(['it is noon', '18 degrees'], { responses });
    assert.equal(calls, {
      role: 'assistant',
      content: '',
      tool_calls: [
        { call_id: 'call_1', name: 'weather', arguments: '{"city":"Paris"}' },
        { call_id: 'call_2', name: 'time', arguments: '{}' },
      ],
    });
    assert.equal(answer, { role: 'assistant', content: '[offline] It is warm.' });
  });

  test('ids of later calls are others', async () => {
    const again = [responses[0] as JsonObject, { match: 'weather again', tool_calls: [{ name: 'time' }] }];
    const messages = await loop(['x', 'weather again', 'done'], { responses: again });
    const ids = messages.flatMap((message) => (message.role === 'tool' ? [message.call_id] : []));
    assert.is(new Set(ids).size, ids.length);
    assert.ok(ids.length > 2);
  });

  test('what was called is how it ended, and counts', async () => {
    const { finish_reason, usage, text } = await ask('weather', { responses }, { tools });
    assert.equal([finish_reason, text], ['tool_calls', '']);
    assert.ok(usage.output_tokens > 0);
  });

  test('arguments that are a string are sent as they are', async () => {
    const wrong = [{ match: '', tool_calls: [{ name: 'weather', arguments: '{"city": oh' }] }];
    const { tool_calls } = await ask('q', { responses: wrong }, { tools });
    assert.is(tool_calls?.[0]?.arguments, '{"city": oh');
  });

  test('a model that may call nothing calls nothing', async () => {
    for (const more of [{}, { tools: [] }, { tools, tool_choice: 'none' as const }]) {
      const answer = await ask('weather', { responses }, more);
      assert.not('tool_calls' in answer);
      assert.match(answer.text, '[offline offline] weather');
    }
  });

  test('the schema of the config knows calls', () => {
    const isValid = new Ajv2020({ strict: false }).compile(offline.config_schema);
    assert.ok(isValid({ responses }), JSON.stringify(isValid.errors));
    assert.not(isValid({ responses: [{ match: 'x', tool_calls: [] }] }));
    assert.not(isValid({ responses: [{ match: 'x', tool_calls: [{ arguments: {} }] }] }));
  });
});
