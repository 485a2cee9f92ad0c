import { llmAgent } from '@llmteam/llm-agent';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fakeStepContext } from '../support/fake-step-context.js';
import { rejectsWith } from '../support/rejection.js';
import { runAgent, scriptedModel } from './scripted-model.js';

const config = { output_format: 'json' } as const;
const outputOf = async (text: string) => (await runAgent(scriptedModel(text), config)).output;
const refusalOf = (text: string) => rejectsWith('LLM_OUTPUT_INVALID', () => outputOf(text));

spec('llm_agent: the one JSON value of an answer', (test) => {
  for (const [law, text] of [
    ['as it is', '{"a": "```x```"}'],
    ['with blanks around', '\n  {"a": "```x```"}\n'],
    ['in a fence with a language', '```json\n{"a": "```x```"}\n```'],
    ['in a fence without one', '```\n{"a": "```x```"}\n```  '],
    ['in a fence on one line', '```json {"a": "```x```"} ```'],
    ['in a fence without blanks', '```json{"a": "```x```"}```'],
    ['in a fence of tildes', '~~~json\n{"a": "```x```"}\n~~~'],
    ['before a closing fence alone', '{"a": "```x```"}\n```'],
    ['after an opening fence alone', '```json\n{"a": "```x```"}'],
    ['in a fence with words around', 'Here you are:\n\n```json\n{"a": "```x```"}\n```\nAnything else?'],
    ['with words around', 'Sure! Here is the "result" {"a": "```x```"} Does that help?'],
    ['after thoughts', '<think>\nMaybe {"a": 1}? No.\n</think>\n\n{"a": "```x```"}'],
    ['after thoughts, in a fence', '<think>[1]</think>```json\n{"a": "```x```"}\n```'],
    ['after thoughts without their opening tag', 'Maybe {"a": 1}.</think>{"a": "```x```"}'],
    ['after two blocks of thoughts', '<think>a</think> <THINK>b</THINK> {"a": "```x```"}'],
  ] as const) {
    test(`an object is found ${law}`, async () => assert.equal(await outputOf(text), { a: '```x```' }));
  }

  test('JSON need not be an object', async () => {
    for (const value of [1, 'x', null, true, [true], [], [1]]) {
      const json = JSON.stringify(value);
      for (const text of [json, `\`\`\`json\n${json}\n\`\`\``, `${json}\n\`\`\``, `<think>…</think>${json}`]) {
        assert.equal(await outputOf(text), value, text);
      }
    }
    assert.equal(await outputOf('The list: [1, 2]'), [1, 2]);
    assert.is(await outputOf('The number:\n```\n42\n```'), 42);
  });

  test('a string may hold anything', async () => {
    for (const value of ['see [1] and {a}', '</think> {"b": 1}', '```\n{}\n```', '\\"', '}']) {
      assert.is(await outputOf(JSON.stringify(value)), value);
      assert.equal(await outputOf(`Here: {"a": ${JSON.stringify(value.replaceAll('think', 'thing'))}}.`), {
        a: value.replaceAll('think', 'thing'),
      });
    }
  });

  for (const [law, text] of [
    ['prose', 'I cannot do that.'],
    ['prose with a number', 'The answer is 42'],
    ['prose that ends with a fence', 'Sure 42```'],
    ['prose with a citation', 'As shown in [1], I cannot do that.'],
    ['prose with quoted JSON', 'The answer is "see {}"'],
    ['half an object', '{"a": 1'],
    ['half an object in a fence', '```json\n{"a": 1\n```'],
    ['an object with a comma too many', '{"a": 1,}'],
    ['an object that goes on', '{"a": 1}}'],
    ['an object without its beginning', '"a": {"b": 1}'],
    ['the end of an object', '"x": 1, "a": {"b": 1}}'],
    ['an empty fence', '```json\n```'],
    ['two objects', '{"a": 1} {"a": 2}'],
    ['two objects, one of them broken', '{"a": 1,} {"a": 2}'],
    ['an object and another one in a fence', 'Not {"a": 1}, but\n```json\n{"a": 2}\n```'],
    ['two fences', '```json\n1\n```\n```json\n2\n```'],
    ['thoughts that do not end', '<think>Maybe {"a": 1}'],
    ['thoughts that do not end, after words', 'Well. <think>Maybe {"a": 1}'],
    ['thoughts without an answer', '<think>Maybe {"a": 1}</think>'],
  ] as const) {
    test(`${law} is an invalid answer, whose beginning is told`, async () => {
      const error = await refusalOf(text);
      assert.ok(error.recoverable);
      assert.match(error.message, 'is not JSON');
      assert.ok(error.message.includes(JSON.stringify(text)), error.message);
      assert.equal(error.details, { finish_reason: 'stop', answer_start: text });
    });
  }

  for (const [law, text, problem] of [
    ['65 levels', '['.repeat(65) + ']'.repeat(65), 'deeper than 64'],
    ['a million levels', '['.repeat(1_000_000), 'deeper than 64'],
    ['a key of a prototype', '{"a": {"__proto__": 1}}', '__proto__'],
  ] as const) {
    test(`${law} cannot be used`, async () => {
      const error = await refusalOf(text);
      assert.match(error.message, problem);
      assert.is(error.details?.answer_start, text.slice(0, 200));
    });
  }

  test('of equal keys the last counts', async () => {
    assert.equal(await outputOf('{"a": 1, "a": 2}'), { a: 2 });
  });

  test('a number that would be rounded is refused by name', async () => {
    for (const digits of ['9007199254740993', '12345678901234567890', '1e999']) {
      for (const text of [digits, `-${digits}`, `{"id": ${digits}}`, `Here: {"a": "x", "ids": [1, -${digits}]}.`]) {
        assert.match((await refusalOf(text)).message, new RegExp(`cannot be used: the (integer|number) ${digits} `));
      }
    }
  });

  test('a number that a double holds is kept, and any digits in a string or beside the value', async () => {
    for (const number of ['9007199254740991', '9007199254740992', '-9007199254740992', '0.1', '1e300']) {
      assert.equal(await outputOf(`{"id": ${number}}`), { id: Number(number) });
    }
    assert.equal(await outputOf('{"id": "9007199254740993"}'), { id: '9007199254740993' });
    for (const words of ['Order 9007199254740993:', '<think>9007199254740993</think>']) {
      assert.equal(await outputOf(`${words} {"id": 1}`), { id: 1 });
    }
  });

  test('an answer that was cut off is invalid even if it parses', async () => {
    for (const text of ['{"a": 1', '12', '{"a": 1}']) {
      const error = await rejectsWith('LLM_OUTPUT_INVALID', () =>
        runAgent(scriptedModel({ text, finish_reason: 'length' }), config),
      );
      assert.match(error.message, /cut off at the maximum length \(`max_tokens`\)/);
      assert.is(error.details?.finish_reason, 'length');
    }
  });

  test('an invalid answer is paid for, and its step may be tried again', async () => {
    const { context, traces } = fakeStepContext({ llms: { main: scriptedModel('prose') } });
    const run = () => llmAgent.run(context, { llm_ref: 'main', ...config }, null);
    assert.ok((await rejectsWith('LLM_OUTPUT_INVALID', run)).recoverable);
    assert.equal(traces.usage, [{ input_tokens: 3, output_tokens: 5 }]);
  });

  test('a long text of brackets or quotes takes no longer than it should', async () => {
    for (const text of ['x{"'.repeat(300_000), `x ${'"'.repeat(1_000_000)}`, `x {"${'\\"'.repeat(1_000_000)}`]) {
      await refusalOf(text);
    }
  });
});
