/** The Responses API of OpenAI. */
import type { JsonObject } from '@llmteam/contracts';
import { openai } from '@llmteam/llm-agent';
import { event, type Protocol, piecesOf, type WireAnswer } from './wire-service.js';

const usage = {
  input_tokens: 11,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 3 },
  total_tokens: 18,
};

interface Item {
  readonly done: JsonObject;
  readonly begun: JsonObject;
}

function reasoningItem(pieces: readonly string[]): Item {
  const summary = pieces.map((text) => ({ type: 'summary_text', text }));
  const item = { type: 'reasoning', id: 'rs_1' };
  return {
    begun: { ...item, summary: [], encrypted_content: 'first' },
    done: { ...item, summary, encrypted_content: 'sealed' },
  };
}

function messageItem(pieces: readonly string[]): Item {
  const item = { type: 'message', id: 'msg_1', role: 'assistant' };
  const content = [{ type: 'output_text', text: pieces.join(''), annotations: [] }];
  return {
    begun: { ...item, status: 'in_progress', content: [] },
    done: { ...item, status: 'completed', content },
  };
}

function callItem({ id, name, pieces }: NonNullable<WireAnswer['calls']>[number]): Item {
  const item = { type: 'function_call', id: `fc_${id}`, call_id: id, name };
  return {
    begun: { ...item, arguments: '', status: 'in_progress' },
    done: { ...item, arguments: pieces.join(''), status: 'completed' },
  };
}

function itemsOf({ reasoning = [], text = [], calls = [] }: WireAnswer) {
  return {
    reasoning: reasoning.length > 0 ? [reasoningItem(reasoning)] : [],
    text: text.length > 0 ? [messageItem(text)] : [],
    calls: calls.map(callItem),
  };
}

function ending({ end, hasUsage }: WireAnswer): JsonObject {
  const why = { length: 'max_output_tokens', content_filter: 'content_filter' }[end as 'length'];
  return {
    status: why === undefined ? 'completed' : 'incomplete',
    incomplete_details: why === undefined ? null : { reason: why },
    ...(hasUsage !== false && { usage }),
  };
}

function events(answer: WireAnswer): string[] {
  const out: JsonObject[] = [];
  const put = (type: string, fields: JsonObject) => out.push({ type, sequence_number: out.length, ...fields });
  const response = { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-5-0901' };
  const items = itemsOf(answer);
  const added = ({ begun }: Item, place: number) =>
    put('response.output_item.added', { output_index: place, item: begun });
  const done = (item: Item, place: number) =>
    put('response.output_item.done', { output_index: place, item: item.done });
  put('response.created', { response: { ...response, status: 'in_progress' } });
  for (const item of items.reasoning) {
    added(item, 0);
    for (const [place, delta] of (answer.reasoning ?? []).entries()) {
      const at = { item_id: 'rs_1', output_index: 0, summary_index: place };
      put('response.reasoning_summary_part.added', { ...at, part: { type: 'summary_text', text: '' } });
      put('response.reasoning_summary_text.delta', { ...at, delta });
      put('response.reasoning_summary_part.done', { ...at, part: { type: 'summary_text', text: delta } });
    }
    done(item, 0);
  }
  const textPlace = items.reasoning.length;
  for (const item of items.text) {
    added(item, textPlace);
    const at = { item_id: 'msg_1', output_index: textPlace, content_index: 0 };
    for (const delta of answer.text ?? []) put('response.output_text.delta', { ...at, delta, logprobs: [] });
    put('response.output_text.done', { ...at, text: (answer.text ?? []).join('') });
    done(item, textPlace);
  }
  const callsPlace = textPlace + items.text.length;
  for (const [place, item] of items.calls.entries()) added(item, callsPlace + place);
  for (const { place, piece } of piecesOf(answer)) {
    const id = `fc_${answer.calls?.[place]?.id}`;
    put('response.function_call_arguments.delta', { item_id: id, output_index: callsPlace + place, delta: piece });
  }
  for (const [place, item] of items.calls.entries()) done(item, callsPlace + place);
  const end = ending(answer);
  put(end.status === 'completed' ? 'response.completed' : 'response.incomplete', { response: { ...response, ...end } });
  return out.map((data) => event(data, String(data.type)));
}

function whole(answer: WireAnswer): JsonObject {
  const { reasoning, text, calls } = itemsOf(answer);
  const output = [...reasoning, ...text, ...calls].map(({ done }) => done);
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'gpt-5-0901',
    error: null,
    output,
    ...ending(answer),
  };
}

export const responses: Protocol = {
  name: 'openai, responses',
  provider: openai,
  path: '/v1/responses',
  keyHeader: 'authorization',
  config: { model: 'gpt-5' },
  events,
  whole,
  error: (message) => ({ error: { message, type: 'x', param: null, code: null } }),
};
