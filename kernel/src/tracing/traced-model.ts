/**
 * Purpose: a span around every call of a model, after the GenAI conventions of OpenTelemetry. They are still in development, so their names
 * stand here and not in a library that would rename them.
 */
import {
  type LanguageModel,
  type ModelMessage,
  type ModelRequest,
  type ModelResponse,
  type ToolCall,
  toErrorInfo,
} from '@llmteam/contracts';
import { type Attributes, type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

export interface ModelTracing {
  /** The span that the calls belong to. */
  readonly within: () => Context;
  /** Whether prompts and answers are told. */
  readonly recordsContent: boolean;
}

export function tracedModel(model: LanguageModel, { within: parent, recordsContent }: ModelTracing): LanguageModel {
  return {
    provider: model.provider,
    model: model.model,
    generate: async (request) => {
      const within = parent();
      const attributes = requestAttributes(model, request);
      const name = `chat ${model.model}`.trim();
      const span = trace.getTracer('llmteam').startSpan(name, { kind: SpanKind.CLIENT, attributes }, within);
      if (recordsContent) span.setAttribute('gen_ai.input.messages', messagesText(request.messages));
      try {
        const calling = trace.setSpan(within, span);
        const response = await context.with(calling, () => model.generate(observed(request, span)));
        span.setAttributes(responseAttributes(response));
        if (recordsContent) span.setAttribute('gen_ai.output.messages', answerText(response));
        return response;
      } catch (thrown) {
        const { error_code, error_message } = toErrorInfo(thrown);
        span.setAttribute('error.type', error_code);
        span.setStatus({ code: SpanStatusCode.ERROR, message: request.redact(error_message) });
        throw thrown;
      } finally {
        span.end();
      }
    },
  };
}

function observed({ onToken, ...request }: ModelRequest, span: Span): ModelRequest {
  if (onToken === undefined) return request;
  let isFirst = true;
  return {
    ...request,
    onToken: (text) => {
      if (isFirst) span.addEvent('gen_ai.first_token');
      isFirst = false;
      onToken(text);
    },
  };
}

function requestAttributes(model: LanguageModel, request: ModelRequest): Attributes {
  const { temperature, max_tokens, output_schema, json } = request;
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': model.provider,
    'gen_ai.request.model': model.model,
    ...(temperature !== undefined && { 'gen_ai.request.temperature': temperature }),
    ...(max_tokens !== undefined && { 'gen_ai.request.max_tokens': max_tokens }),
    'gen_ai.output.type': output_schema !== undefined || json === true ? 'json' : 'text',
  };
}

function responseAttributes({ model, finish_reason, usage }: ModelResponse): Attributes {
  return {
    'gen_ai.response.model': model,
    'gen_ai.response.finish_reasons': [finish_reason],
    'gen_ai.usage.input_tokens': usage.input_tokens,
    'gen_ai.usage.output_tokens': usage.output_tokens,
    ...(usage.cached_input_tokens !== undefined && {
      'gen_ai.usage.cache_read.input_tokens': usage.cached_input_tokens,
    }),
    ...(usage.cost_usd !== undefined && { 'llmteam.cost_usd': usage.cost_usd }),
  };
}

/** In the shape that the conventions give to messages. The bytes of files are left out. */
function messagesText(messages: readonly ModelMessage[]): string {
  return JSON.stringify(messages.map((message) => ({ role: message.role, parts: partsOf(message) })));
}

function answerText({ text, tool_calls, finish_reason }: ModelResponse): string {
  const answer = { role: 'assistant', content: text, ...(tool_calls !== undefined && { tool_calls }) } as const;
  return JSON.stringify([{ role: answer.role, parts: partsOf(answer), finish_reason }]);
}

function partsOf(message: ModelMessage): object[] {
  switch (message.role) {
    case 'tool':
      return [{ type: 'tool_call_response', id: message.call_id, result: message.content }];
    case 'assistant': {
      const { content, tool_calls = [] } = message;
      return content === '' && tool_calls.length > 0 ? calls(tool_calls) : [textPart(content), ...calls(tool_calls)];
    }
    default:
      return typeof message.content === 'string'
        ? [textPart(message.content)]
        : message.content.map((part) =>
            part.type === 'text' ? textPart(part.text) : { type: 'blob', mime_type: part.media_type },
          );
  }
}

function textPart(content: string): object {
  return { type: 'text', content };
}

function calls(toolCalls: readonly ToolCall[]): object[] {
  return toolCalls.map(({ call_id, name, arguments: given }) => ({
    type: 'tool_call',
    id: call_id,
    name,
    arguments: given,
  }));
}
