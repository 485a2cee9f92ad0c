import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A step with a countable side effect: every execution appends a line to the file in `plugins.ledger.file`. */
const settings = { file: '' };

const ledger = {
  kind: 'task',
  metadata: {
    type_id: 'ledger',
    display_name: 'Ledger',
    description: 'Writes a line for every execution.',
    category: 'utility',
    icon: 'book',
    color: '#888888',
    config_schema: {
      type: 'object',
      properties: { sleep_ms: { type: 'number' }, result: {}, fail_first: { type: 'boolean' } },
      additionalProperties: false,
    },
    input_ports: [{ name: '*', type: 'any', description: 'anything', required: false }],
    output_ports: [{ name: 'output', type: 'any', description: 'the result, or the input', required: false }],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: '',
    examples: [{}],
    permissions: [],
  },
  run: async (context, config, input) => {
    appendFileSync(settings.file, `${process.pid} ${context.idempotency_key}#${context.attempt}\n`);
    await sleep(config.sleep_ms ?? 1);
    if (config.fail_first && context.attempt === 1) throw new Error('the first attempt fails');
    return { output: Object.hasOwn(config, 'result') ? config.result : input };
  },
};

export default {
  name: 'ledger',
  api: 1,
  stepTypes: [ledger],
  start: async (host) => {
    settings.file = host.settings.file;
  },
};
