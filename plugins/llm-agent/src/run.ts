import {
  type FiredPorts,
  type Json,
  LlmteamError,
  type ModelMessage,
  type ModelRequest,
  type StepContext,
} from '@llmteam/contracts';
import { parse_answer } from './answer.js';
import { ask } from './ask.js';
import type { LlmAgentConfig } from './config.js';
import { check_output_schema } from './output-schema.js';
import { as_text, fill_prompt } from './prompt.js';

const default_temperature = 0.7;

/**
 * Fires `output`: the text, or with `output_format: json` the parsed value.
 * @throws LlmteamError `LLM_FAILED`, `LLM_REFUSED`, `LLM_OUTPUT_INVALID`, `STEP_CONFIG_INVALID`, `UNKNOWN_REF`,
 * `CANCELLED`
 */
export async function run_llm_agent(context: StepContext, config: LlmAgentConfig, input: Json): Promise<FiredPorts> {
  refuse_what_is_not_available(config);
  const { output_schema } = config;
  const output_format = config.output_format ?? (output_schema === undefined ? 'text' : 'json');
  if (output_schema !== undefined) {
    if (output_format !== 'json') {
      throw new LlmteamError(
        'STEP_CONFIG_INVALID',
        `\`output_schema\` asks for JSON, \`output_format\` for ${output_format}`,
      );
    }
    check_output_schema(output_schema);
  }
  const request: ModelRequest = {
    messages: messages_of(config, input),
    temperature: config.temperature ?? default_temperature,
    ...(config.max_tokens !== undefined && { max_tokens: config.max_tokens }),
    ...(output_format === 'json' && { json: true }),
    ...(output_schema !== undefined && { output_schema }),
    signal: context.signal,
    idempotency_key: context.idempotency_key,
    on_token: (text) => context.emit_token(text),
  };
  const response = await ask(context, [config.llm_ref, ...(config.fallback_llm_refs ?? [])], request);
  // Before the answer is looked at: it is paid for either way.
  context.add_usage(response.usage);
  return { output: output_format === 'json' ? parse_answer(response, output_schema) : response.text };
}

function refuse_what_is_not_available({ prompt_template_id, tools = [] }: LlmAgentConfig): void {
  if (prompt_template_id !== undefined) {
    throw new LlmteamError('UNKNOWN_REF', `no prompt template '${prompt_template_id}' is configured`);
  }
  if (tools.length > 0) {
    throw new LlmteamError('STEP_CONFIG_INVALID', 'llm_agent: `tools` are not available yet in this version');
  }
}

function messages_of({ system_prompt, user_prompt_template }: LlmAgentConfig, input: Json): readonly ModelMessage[] {
  const user =
    user_prompt_template === undefined
      ? as_text(input)
      : fill_prompt(user_prompt_template, input, 'user_prompt_template');
  const messages: ModelMessage[] = [{ role: 'user', content: user }];
  if (system_prompt === undefined || system_prompt === '') return messages;
  return [{ role: 'system', content: fill_prompt(system_prompt, input, 'system_prompt') }, ...messages];
}
