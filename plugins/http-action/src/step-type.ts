import type { JsonObject, TaskType } from '@llmteam/contracts';
import { type Reach, reach_of } from './address.js';
import { HttpActionConfig } from './config.js';
import type { Resolve } from './egress.js';
import { default_limits, type Limits } from './limits.js';
import type { HttpActionParts } from './run.js';

/** What a test, or a host with a network of its own, may put in place of the defaults. */
export interface HttpActionOptions {
  readonly limits?: Partial<Limits>;
  readonly resolve?: Resolve;
  readonly reach_of?: (address: string) => Reach;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

export interface HttpAction {
  readonly step_type: TaskType<HttpActionConfig>;
  /** Breaks off what still runs and closes idle connections. May be used again afterwards. */
  close(): Promise<void>;
}

export function create_http_action(options: HttpActionOptions = {}): HttpAction {
  const opened: { parts: Promise<HttpActionParts> | null } = { parts: null };
  return {
    step_type: {
      kind: 'task',
      metadata,
      run: async (context, config, input) => {
        opened.parts ??= open_parts(options);
        const { run_http_action } = await import('./run.js');
        return run_http_action(await opened.parts, context, config, input);
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
async function open_parts(options: HttpActionOptions): Promise<HttpActionParts> {
  const { create_egress, system_resolve } = await import('./egress.js');
  const limits = { ...default_limits, ...options.limits };
  const resolve = options.resolve ?? system_resolve;
  const egress = create_egress({ limits, resolve, reach_of: options.reach_of ?? reach_of });
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
