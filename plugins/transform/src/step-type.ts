import type { JsonObject, TaskType } from '@llmteam/contracts';
import { TransformConfig } from './config.js';
import { runTransform } from './run.js';

export const transform: TaskType<TransformConfig> = {
  kind: 'task',
  metadata: {
    type_id: 'transform',
    display_name: 'Transform',
    description: 'Reshapes data with CEL: one expression, or an object of expressions.',
    category: 'data',
    icon: 'shuffle',
    color: '#0f766e',
    config_schema: TransformConfig as unknown as JsonObject,
    input_ports: [{ name: 'input', type: 'any', description: 'Available to expressions as `input`.', required: false }],
    output_ports: [{ name: 'output', type: 'any', description: 'The value, or the object of values.', required: true }],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: 'docs/contracts/step-catalog.md#transform',
    examples: [
      { expression: 'input.items.filter(item, item.price > 10)' },
      { mapping: { title: 'input.article.title', words: 'size(input.article.words)' }, default: '' },
    ],
    permissions: [],
  },
  run: runTransform,
};
