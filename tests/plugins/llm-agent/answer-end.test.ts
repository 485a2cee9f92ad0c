import type { ModelResponse } from '@llmteam/contracts';
import { llmAgent } from '@llmteam/llm-agent';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fitsSchema } from '../support/metadata-laws.js';
import { rejectsWith } from '../support/rejection.js';
import { runAgent, scriptedModel } from './scripted-model.js';

const ending = (finishReason: string, text = 'text'): Partial<ModelResponse> => ({ text, finish_reason: finishReason });

spec('llm_agent: how an answer ends', (test) => {
  test('a normal end is fired on its own port', async () => {
    for (const reason of ['stop', 'length', 'tool_calls']) {
      const { ports } = await runAgent(scriptedModel(ending(reason)));
      assert.equal(ports, { output: 'text', finish_reason: reason });
    }
    assert.ok(llmAgent.metadata.output_ports.some(({ name, type }) => name === 'finish_reason' && type === 'string'));
  });

  test('text that was cut off is delivered, and an event says so', async () => {
    const { traces } = await runAgent(scriptedModel(ending('length')));
    const [{ event_type, payload } = assert.unreachable('no activity') as never] = traces.activities;
    assert.is(event_type, 'action.completed');
    assert.equal(payload, {
      action: 'llm_call',
      llm_ref: 'main',
      model: 'scripted-1',
      finish_reason: 'length',
      message: 'the answer was cut off at the maximum length (`max_tokens`)',
    });
    assert.equal((await runAgent(scriptedModel(ending('stop')))).traces.activities, []);
  });

  test('any other end fails with its reason, and the next model is asked', async () => {
    for (const [reason, code] of [
      ['insufficient_system_resource', 'LLM_FAILED'],
      ['error', 'LLM_FAILED'],
      ['', 'LLM_FAILED'],
      ['content_filter', 'LLM_REFUSED'],
    ] as const) {
      const error = await rejectsWith(code, () => runAgent(scriptedModel(ending(reason))));
      assert.match(error.message, reason || 'without a finish reason');
      assert.is(error.details?.finish_reason, reason);
      const second = scriptedModel('from second');
      const { output, traces } = await runAgent(scriptedModel(ending(reason)), { fallback_llm_refs: ['second'] }, 'q', {
        second,
      });
      assert.is(output, 'from second');
      assert.is(traces.activities[0]?.payload.code, code);
    }
  });

  test('an empty answer fails unless it is allowed, in every format', async () => {
    for (const text of ['', ' \n']) {
      for (const format of ['text', 'markdown', 'json'] as const) {
        const error = await rejectsWith('LLM_FAILED', () => runAgent(scriptedModel(text), { output_format: format }));
        assert.match(error.message, /the answer is empty \(finish reason stop\)/);
      }
      assert.is((await runAgent(scriptedModel(text), { allow_empty: true })).output, text);
    }
    const cut = await rejectsWith('LLM_FAILED', () => runAgent(scriptedModel(ending('length', ''))));
    assert.match(cut.message, 'max_tokens');
    await rejectsWith('LLM_OUTPUT_INVALID', () =>
      runAgent(scriptedModel(''), { allow_empty: true, output_format: 'json' }),
    );
  });

  test('an answer that is not used is paid for all the same', async () => {
    const { traces } = await runAgent(scriptedModel(ending('weird')), { fallback_llm_refs: ['second'] }, 'q', {
      second: scriptedModel('ok'),
    });
    assert.is(traces.usage.length, 2);
  });

  test('the schema knows allow_empty', () => {
    assert.ok(fitsSchema(llmAgent, { llm_ref: 'a', allow_empty: true }));
    assert.not(fitsSchema(llmAgent, { llm_ref: 'a', allow_empty: 1 }));
  });
});
