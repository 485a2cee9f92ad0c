/**
 * Purpose: what a provider must see again in the message of an answer: signatures of its reasoning, ids of its items.
 * Owns: the shape of `provider_state`. Texts and arguments are not in it: they are those of the message.
 */
import type { LanguageModelV3Message, SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { Json, ModelMessage, ToolCall } from '@llmteam/contracts';
import type { KeptPart } from './answer-parts.js';
import type { AnswerOptions } from './model-options.js';
import { toldArguments } from './told-arguments.js';

type Assistant = Extract<ModelMessage, { readonly role: 'assistant' }>;
export type AssistantPart = Extract<LanguageModelV3Message, { role: 'assistant' }>['content'][number];

type CallPart = Extract<AssistantPart, { type: 'tool-call' }>;

type StatePart = { readonly metadata?: SharedV3ProviderOptions } & (
  | { readonly type: 'text'; readonly characters: number }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'tool-call'; readonly call_id: string }
);

interface State {
  /** That of the SDK: another provider does not understand the parts. */
  readonly provider: string;
  readonly parts: readonly StatePart[];
}

/** Undefined if there is nothing that the provider must see again. */
export function stateOf(
  provider: string,
  content: readonly KeptPart[],
  { return_reasoning = false }: AnswerOptions,
): Json | undefined {
  const hasCalls = content.some(({ type }) => type === 'tool-call');
  const isKept = (part: KeptPart): boolean =>
    part.metadata !== undefined || (part.type === 'reasoning' && return_reasoning && hasCalls);
  if (!content.some(isKept)) return undefined;
  const parts = content.filter((part) => part.type !== 'reasoning' || isKept(part)).map(statePart);
  // SDKs leave members undefined, which JSON does not know.
  return JSON.parse(JSON.stringify({ provider, parts } satisfies State)) as Json;
}

function statePart(part: KeptPart): StatePart {
  const metadata = part.metadata === undefined ? {} : { metadata: part.metadata };
  if (part.type === 'text') return { type: 'text', characters: part.text.length, ...metadata };
  if (part.type === 'reasoning') return { type: 'reasoning', text: part.text, ...metadata };
  return { type: 'tool-call', call_id: part.call.call_id, ...metadata };
}

/** The parts of an assistant message: as they were, if the state is one of this provider. */
export function assistantParts(provider: string, message: Assistant, options: AnswerOptions): AssistantPart[] {
  const { content, tool_calls = [] } = message;
  const calls = tool_calls.map((call) => callPart(call, options));
  const state = message.provider_state as unknown as State | undefined;
  if (state?.provider !== provider || !Array.isArray(state.parts)) return plainParts(content, calls);
  return restoredParts(state.parts, content, calls);
}

function plainParts(text: string, calls: CallPart[]): AssistantPart[] {
  return text === '' && calls.length > 0 ? calls : [{ type: 'text', text }, ...calls];
}

function restoredParts(parts: readonly StatePart[], content: string, calls: readonly CallPart[]): AssistantPart[] {
  const told = parts.reduce((sum, part) => sum + (part.type === 'text' ? part.characters : 0), 0);
  // A text that was changed since cannot be cut where it was: it is one.
  const rest = {
    text: content,
    isWhole: told !== content.length,
    calls: new Map(calls.map((one) => [one.toolCallId, one])),
  };
  const restored = parts.flatMap((part): AssistantPart[] => {
    const own = part.metadata === undefined ? {} : { providerOptions: part.metadata };
    if (part.type === 'reasoning') return [{ type: 'reasoning', text: part.text, ...own }];
    if (part.type === 'tool-call') {
      const call = rest.calls.get(part.call_id);
      rest.calls.delete(part.call_id);
      return call === undefined ? [] : [{ ...call, ...own }];
    }
    const text = rest.isWhole ? rest.text : rest.text.slice(0, part.characters);
    rest.text = rest.text.slice(text.length);
    // One that was empty may carry a signature; one that has become empty is gone.
    const isGone = text === '' && (part.characters > 0 || part.metadata === undefined);
    return isGone ? [] : [{ type: 'text', text, ...own }];
  });
  return [
    ...restored,
    ...(rest.text === '' ? [] : [{ type: 'text' as const, text: rest.text }]),
    ...rest.calls.values(),
  ];
}

function callPart(call: ToolCall, options: AnswerOptions): CallPart {
  return { type: 'tool-call', toolCallId: call.call_id, toolName: call.name, input: toldArguments(call, options) };
}
