import type { LanguageModelV3FilePart, LanguageModelV3Message, LanguageModelV3TextPart } from '@ai-sdk/provider';
import type { ModelMessage, ModelPart, ModelRequest } from '@llmteam/contracts';
import type { AnswerOptions } from './model-options.js';
import { assistantParts } from './provider-state.js';

/** The messages of a request as the SDK wants them. Tool results that follow each other are one message: some services want all of a turn together. */
export function promptOf(provider: string, request: ModelRequest, options: AnswerOptions): LanguageModelV3Message[] {
  const prompt: LanguageModelV3Message[] = [];
  for (const message of [...wordsFor(request, options), ...request.messages]) {
    const last = prompt.at(-1);
    if (message.role === 'tool' && last?.role === 'tool') last.content.push(resultPart(message));
    else prompt.push(messageFor(provider, message, options));
  }
  return prompt;
}

function messageFor(provider: string, message: ModelMessage, options: AnswerOptions): LanguageModelV3Message {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content };
    case 'user':
      return { role: 'user', content: userParts(message.content) };
    case 'assistant':
      return { role: 'assistant', content: assistantParts(provider, message, options) };
    case 'tool':
      return { role: 'tool', content: [resultPart(message)] };
  }
}

function userParts(content: string | readonly ModelPart[]): (LanguageModelV3TextPart | LanguageModelV3FilePart)[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part) =>
    part.type === 'text'
      ? { type: 'text', text: part.text }
      : {
          type: 'file',
          mediaType: part.media_type,
          data: part.data,
          ...(part.name !== undefined && { filename: part.name }),
        },
  );
}

function resultPart({ call_id, name, content, is_error }: Extract<ModelMessage, { readonly role: 'tool' }>) {
  const type = is_error === true ? ('error-text' as const) : ('text' as const);
  return { type: 'tool-result' as const, toolCallId: call_id, toolName: name, output: { type, value: content } };
}

/** Services accept JSON without a schema only if the prompt mentions it, and some cannot be given a schema. */
function wordsFor({ json, output_schema }: ModelRequest, { structured_outputs = true }: AnswerOptions): ModelMessage[] {
  if (output_schema === undefined ? json !== true : structured_outputs) return [];
  const wanted = output_schema === undefined ? '' : ` that matches this JSON Schema: ${JSON.stringify(output_schema)}`;
  return [
    { role: 'system', content: `Answer with one JSON value${wanted}. Write nothing else, and no Markdown fence.` },
  ];
}
