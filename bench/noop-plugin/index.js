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

/** Does what a bad handler does. */
const harm = {
  kind: 'task',
  metadata: {
    ...noop.metadata,
    type_id: 'harm',
    display_name: 'Harm',
    description: 'Exits, throws elsewhere, fills memory or floods stdout.',
    config_schema: { type: 'object', properties: { how: { type: 'string' } }, required: ['how'] },
    examples: [{ how: 'exit' }],
  },
  async run(_context, { how }) {
    if (how === 'exit') process.exit(1);
    if (how === 'fill') for (const all = []; ; ) all.push(new Array(100_000).fill(1.5));
    if (how === 'stray') setImmediate(() => Promise.reject(new Error('stray')));
    for (let count = 0; how === 'flood' && count < 1_000; count++) process.stdout.write(`${'o'.repeat(9_999)}\n`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { output: null };
  },
};

export default { name: 'noop', api: 1, stepTypes: [noop, burn, harm] };
