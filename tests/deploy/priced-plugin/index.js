/** A model that tells what it costs, and one that always fails. */
const create = ({ model }) => ({
  provider: 'priced',
  model,
  async generate({ onToken }) {
    if (model === 'broken') throw new Error('the service is not well');
    onToken?.('Once upon a time.');
    const usage = { input_tokens: 12, output_tokens: 5, cost_usd: 0.002 };
    return { text: 'Once upon a time.', model, finish_reason: 'stop', usage };
  },
});

const priced = {
  providerId: 'priced',
  description: 'Tells what it costs.',
  config_schema: {
    type: 'object',
    properties: { model: { type: 'string' } },
    required: ['model'],
    additionalProperties: false,
  },
  create,
};

export default { name: 'priced', api: 1, modelProviders: [priced] };
