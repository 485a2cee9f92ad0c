import type { JsonObject, TaskType } from '@llmteam/contracts';
import { type Reach, reachOf } from './address.js';
import { HttpActionConfig } from './config.js';
import type { Resolve } from './egress.js';
import { defaultLimits, type Limits } from './limits.js';
import type { HttpActionParts } from './run.js';

/** What a test, or a host with a network of its own, may put in place of the defaults. */
export interface HttpActionOptions {
  readonly limits?: Partial<Limits>;
  readonly resolve?: Resolve;
  readonly reachOf?: (address: string) => Reach;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

export interface HttpAction {
  readonly stepType: TaskType<HttpActionConfig>;
  /** Breaks off what still runs and closes idle connections. May be used again afterwards. */
  close(): Promise<void>;
}

export function createHttpAction(options: HttpActionOptions = {}): HttpAction {
  const opened: { parts: Promise<HttpActionParts> | null } = { parts: null };
  return {
    stepType: {
      kind: 'task',
      metadata,
      run: async (context, config, input) => {
        opened.parts ??= openParts(options);
        const { runHttpAction } = await import('./run.js');
        return runHttpAction(await opened.parts, context, config, input);
      },
    },
    close: async () => {
      const parts = await opened.parts;
      opened.parts = null;
      await parts?.egress.close();
    },
  };
}

/** The HTTP client is loaded with the first request: most processes that know this step type never send one. */
async function openParts(options: HttpActionOptions): Promise<HttpActionParts> {
  const { createEgress, systemResolve } = await import('./egress.js');
  const limits = { ...defaultLimits, ...options.limits };
  const resolve = options.resolve ?? systemResolve;
  const egress = createEgress({ limits, resolve, reachOf: options.reachOf ?? reachOf });
  return { egress, limits, now: options.now ?? Date.now };
}

const metadata: TaskType['metadata'] = {
  type_id: 'http_action',
  display_name: 'HTTP request',
  description: 'Sends one HTTP request and gives its response. Reaches public hosts, and those of configured clients.',
  category: 'integration',
  icon: 'globe',
  color: '#2563eb',
  config_schema: HttpActionConfig as unknown as JsonObject,
  input_ports: [{ name: 'input', type: 'any', description: 'The body, unless the config gives one.', required: false }],
  output_ports: [
    { name: 'response', type: 'any', description: 'The body: parsed JSON, or the text.', required: true },
    { name: 'status', type: 'number', description: 'The HTTP status.', required: true },
    { name: 'error', type: 'object', description: 'The error, if the last attempt failed.', required: false },
  ],
  supports_retry: true,
  supports_timeout: true,
  supports_parallel: true,
  is_async: false,
  docs_url: 'docs/contracts/step-catalog.md#http_action',
  examples: [
    { client_ref: 'crm', method: 'GET', path: '/contacts', query: { email: '${input.email}' } },
    { url: 'https://hooks.example.com/articles', body: { title: '${input.title}' }, expect_status: [201, 202] },
  ],
  permissions: ['http'],
};
