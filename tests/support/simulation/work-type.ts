import type { JsonObject, TaskType } from '@llmteam/contracts';

/** A task type whose handler never runs: the simulation reports its jobs according to the script. Any config, any ports. */
export const workType: TaskType<JsonObject> = {
  kind: 'task',
  metadata: {
    type_id: 'work',
    display_name: 'Work',
    description: 'Does what the script of a scenario says.',
    category: 'utility',
    icon: 'cog',
    color: '#888888',
    config_schema: {
      type: 'object',
      properties: { formula: { type: 'string', 'x-cel': 'any' } },
    },
    input_ports: [{ name: '*', type: 'any', description: 'anything', required: false }],
    output_ports: [{ name: '*', type: 'any', description: 'anything', required: false }],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: '',
    examples: [{}],
    permissions: ['network:*', 'client:*', 'secret:*', 'store:*', 'llm:*'],
  },
  run: async (_context, config, input) => ({
    output: Object.hasOwn(config, 'result') ? (config.result ?? null) : input,
  }),
};
