import {
  type FiredPorts,
  type Json,
  LlmteamError,
  type ModelMessage,
  type ModelRequest,
  type StepContext,
} from '@llmteam/contracts';
import { parseAnswer } from './answer.js';
import { ask } from './ask.js';
import type { LlmAgentConfig } from './config.js';
import { checkOutputSchema } from './output-schema.js';

/**
 * Fires `output`, the text, or the parsed value with `output_format: json`; and `finish_reason`.
 * @throws LlmteamError `LLM_FAILED`, `LLM_REFUSED`, `LLM_OUTPUT_INVALID`, `STEP_CONFIG_INVALID`, `UNKNOWN_REF`,
 * `CANCELLED`
 */
export async function runLlmAgent(context: StepContext, config: LlmAgentConfig, input: Json): Promise<FiredPorts> {
  rejectUnsupported(config);
  const { output_schema } = config;
  const outputFormat = config.output_format ?? (output_schema === undefined ? 'text' : 'json');
  if (output_schema !== undefined) {
    if (outputFormat !== 'json') {
      throw new LlmteamError(
        'STEP_CONFIG_INVALID',
        `\`output_schema\` asks for JSON, \`output_format\` for ${outputFormat}`,
      );
    }
    checkOutputSchema(output_schema);
  }
  const request: ModelRequest = {
    messages: messagesOf(context, config, input),
    ...(config.temperature !== undefined && { temperature: config.temperature }),
    ...(config.max_tokens !== undefined && { max_tokens: config.max_tokens }),
    ...(outputFormat === 'json' && { json: true }),
    ...(output_schema !== undefined && { output_schema }),
    signal: context.signal,
    idempotency_key: context.idempotency_key,
    onToken: (text) => context.emitToken(text),
    redact: (text) => context.redact(text),
  };
  const llmRefs = [config.llm_ref, ...(config.fallback_llm_refs ?? [])];
  const response = await ask(context, { llmRefs, allowEmpty: config.allow_empty === true }, request);
  const { text, finish_reason } = response;
  const output = outputFormat === 'json' ? parseAnswer({ response, redact: request.redact }, output_schema) : text;
  return { output, finish_reason };
}

function rejectUnsupported({ prompt_template_id, tools = [] }: LlmAgentConfig): void {
  if (prompt_template_id !== undefined) {
    throw new LlmteamError('UNKNOWN_REF', `no prompt template '${prompt_template_id}' is configured`);
  }
  if (tools.length > 0) {
    throw new LlmteamError('STEP_CONFIG_INVALID', 'llm_agent: `tools` are not available in this version');
  }
}

function messagesOf(context: StepContext, config: LlmAgentConfig, input: Json): readonly ModelMessage[] {
  const filled = (key: 'system_prompt' | 'user_prompt_template'): string | undefined =>
    config[key] === undefined ? undefined : String(context.evaluate(`/${key}`));
  const system = filled('system_prompt') ?? '';
  const user = filled('user_prompt_template') ?? (typeof input === 'string' ? input : JSON.stringify(input));
  const messages: ModelMessage[] = [{ role: 'user', content: user }];
  return system === '' ? messages : [{ role: 'system', content: system }, ...messages];
}
