import type { JsonObject, TaskType } from '@llmteam/contracts';
import { LlmAgentConfig } from './config.js';
import { runLlmAgent } from './run.js';

export const llmAgent: TaskType<LlmAgentConfig> = {
  kind: 'task',
  metadata: {
    type_id: 'llm_agent',
    display_name: 'LLM agent',
    description: 'Calls a language model and returns its answer as text or as JSON that matches a schema.',
    category: 'ai',
    icon: 'robot',
    color: '#7c3aed',
    config_schema: LlmAgentConfig as unknown as JsonObject,
    input_ports: [
      {
        name: 'input',
        type: 'any',
        description: 'The user message, or the values for the placeholders.',
        required: false,
      },
    ],
    output_ports: [
      { name: 'output', type: 'any', description: 'The answer: text, or the parsed JSON.', required: true },
      {
        name: 'finish_reason',
        type: 'string',
        description: '`stop`; `length`: cut off by `max_tokens`; `tool_calls`.',
        required: true,
      },
      { name: 'error', type: 'object', description: 'The error, if the last attempt failed.', required: false },
    ],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: 'docs/contracts/step-catalog.md#llm_agent',
    examples: [
      { llm_ref: 'default', system_prompt: 'You write short articles.', user_prompt_template: 'Write about {topic}.' },
      {
        llm_ref: 'default',
        user_prompt_template: 'Rate this text from 0 to 1: {input}',
        temperature: 0,
        output_schema: {
          type: 'object',
          properties: { score: { type: 'number', minimum: 0, maximum: 1 }, feedback: { type: 'string' } },
          required: ['score', 'feedback'],
          additionalProperties: false,
        },
        fallback_llm_refs: ['backup'],
      },
    ],
    permissions: ['llm:*'],
  },
  run: runLlmAgent,
};
