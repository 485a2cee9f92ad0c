/** A task type that does nothing, so a step costs only what the engine and the store cost. */
const noop = {
  kind: 'task',
  // Enough to hide the latency of an ack; more would only queue up in the worker's memory.
  concurrency: 400,
  metadata: {
    type_id: 'noop',
    display_name: 'No-op',
    description: 'Passes its input on.',
    category: 'utility',
    icon: 'dot',
    color: '#888888',
    config_schema: { type: 'object', additionalProperties: false },
    input_ports: [{ name: 'input', type: 'any', description: 'anything', required: false }],
    output_ports: [{ name: 'output', type: 'any', description: 'the input', required: false }],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: '',
    examples: [{}],
    permissions: [],
  },
  run: async (_context, _config, input) => ({ output: input }),
};

/** Keeps one core busy, to measure how workers scale. */
const burn = {
  kind: 'task',
  concurrency: 1,
  metadata: {
    ...noop.metadata,
    type_id: 'burn',
    display_name: 'Burn',
    description: 'Computes for some milliseconds.',
    config_schema: {
      type: 'object',
      properties: { ms: { type: 'number', minimum: 0 } },
      required: ['ms'],
      additionalProperties: false,
    },
    examples: [{ ms: 5 }],
  },
  async run(_context, { ms }, input) {
    const until = performance.now() + ms;
    while (performance.now() < until);
    return { output: input };
  },
};

export default { name: 'noop', api: 1, stepTypes: [noop, burn] };
