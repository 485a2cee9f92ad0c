import type { JsonObject, TaskType } from '@llmteam/contracts';
import { type Reach, reachOf } from './address.js';
import { HttpActionConfig } from './config.js';
import type { Resolve } from './egress.js';
import { defaultLimits, type Limits } from './limits.js';
import type { HttpActionParts } from './run.js';

/** Overrides for tests and for hosts with special networks. */
export interface HttpActionOptions {
  readonly limits?: Partial<Limits>;
  readonly resolve?: Resolve;
  readonly reachOf?: (address: string) => Reach;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

export interface HttpAction {
  readonly stepType: TaskType<HttpActionConfig>;
  /** Aborts running requests and closes idle connections. The step type remains usable afterwards. */
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

/** Loads the HTTP client lazily: most processes that register this step type never send a request. */
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
  description: 'Sends one HTTP request and returns its response. Reaches public hosts and those of configured clients.',
  category: 'integration',
  icon: 'globe',
  color: '#2563eb',
  config_schema: HttpActionConfig as unknown as JsonObject,
  input_ports: [
    { name: 'input', type: 'any', description: 'The request body, unless the config sets one.', required: false },
  ],
  output_ports: [
    { name: 'response', type: 'any', description: 'The response body: parsed JSON, or text.', required: true },
    { name: 'status', type: 'number', description: 'The HTTP status code.', required: true },
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
