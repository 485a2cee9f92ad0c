import type { TaskType } from '@llmteam/contracts';

/** A step type that uses what others may use. */
export const warmUpType: TaskType = {
  kind: 'task',
  metadata: {
    type_id: 'warm_up',
    display_name: '',
    description: '',
    category: 'utility',
    icon: '',
    color: '',
    config_schema: { type: 'object' },
    input_ports: [],
    output_ports: [{ name: 'output', type: 'any', description: '', required: false }],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: '',
    examples: [],
  },
  async run({ memo, fetch }) {
    await memo('warm', async () => 1);
    await fetch('https://client.invalid').catch(() => undefined);
    return {};
  },
};
