/**
 * Purpose: a span around every call of a model, after the GenAI conventions of OpenTelemetry. They are still in development, so their names
 * stand here and not in a library that would rename them.
 */
import { type LanguageModel, type ModelRequest, type ModelResponse, toErrorInfo } from '@llmteam/contracts';
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
        const answer = { role: 'assistant', content: response.text, finish_reason: response.finish_reason };
        if (recordsContent) span.setAttribute('gen_ai.output.messages', messagesText([answer]));
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
    ...(usage.cost_usd !== undefined && { 'llmteam.cost_usd': usage.cost_usd }),
  };
}

interface Told {
  readonly role: string;
  readonly content: string;
  readonly finish_reason?: string;
}

/** In the shape that the conventions give to messages. */
function messagesText(messages: readonly Told[]): string {
  return JSON.stringify(
    messages.map(({ role, content, ...more }) => ({ role, parts: [{ type: 'text', content }], ...more })),
  );
}
