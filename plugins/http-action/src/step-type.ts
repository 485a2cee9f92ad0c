import type { JsonObject, TaskType } from '@llmteam/contracts';
import { openEgress, type Reach, type Resolve } from '@llmteam/egress';
import { HttpActionConfig } from './config.js';
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
  /** Sets the limits of requests that start from now on; those of the options still take precedence. */
  setLimits(limits: Limits): void;
  /** Aborts running requests and closes idle connections. The step type remains usable afterwards. */
  close(): Promise<void>;
}

export function createHttpAction(options: HttpActionOptions = {}): HttpAction {
  const state = {
    limits: defaultLimits,
    current: null as Promise<HttpActionParts> | null,
    /** Also those with former limits, which requests may still use. */
    opened: new Set<Promise<HttpActionParts>>(),
  };
  const currentParts = () => {
    state.current ??= openParts(options, state.limits);
    state.opened.add(state.current);
    return state.current;
  };
  return {
    stepType: {
      kind: 'task',
      metadata,
      run: async (context, config, input) => {
        const parts = currentParts();
        const { runHttpAction } = await import('./run.js');
        return runHttpAction(await parts, context, config, input);
      },
    },
    setLimits(limits) {
      state.limits = limits;
      state.current = null;
    },
    close: async () => {
      const all = [...state.opened];
      state.opened.clear();
      state.current = null;
      await Promise.all(all.map(async (parts) => (await parts).egress.close()));
    },
  };
}

/** Loads the HTTP client lazily: most processes that register this step type never send a request. */
async function openParts(options: HttpActionOptions, configured: Limits): Promise<HttpActionParts> {
  const limits = { ...configured, ...options.limits };
  const { resolve, reachOf } = options;
  const whoMayReachPrivate = 'a client with `allow_private_network`';
  const egress = await openEgress({ limits, whoMayReachPrivate, resolve, reachOf });
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
    { name: 'response', type: 'any', description: 'The response body: parsed JSON, text or base64.', required: true },
    { name: 'status', type: 'number', description: 'The HTTP status code.', required: true },
    {
      name: 'headers',
      type: 'object',
      description:
        'If `response_headers` is true: the headers of the response by lower-case name; one that occurs more than once is a list.',
      required: false,
    },
    {
      name: 'error',
      type: 'object',
      description:
        'The error, if the last attempt failed. After an unexpected status, `details` has `status`, `headers` and `body`.',
      required: false,
    },
  ],
  supports_retry: true,
  supports_timeout: true,
  supports_parallel: true,
  is_async: false,
  docs_url: 'docs/contracts/step-catalog.md#http_action',
  examples: [
    { client_ref: 'crm', method: 'GET', path: '/contacts', query: { email: '${input.email}' } },
    { url: 'https://hooks.example.com/articles', body: { title: '${input.title}' }, expect_status: [201, 202] },
    { client_ref: 'crm', path: '/tokens', form: { grant_type: 'client_credentials', scope: ['read', 'write'] } },
    {
      client_ref: 'crm',
      path: '/documents',
      multipart: [
        { name: 'title', value: '${input.title}' },
        { name: 'file', base64: 'JVBERi0xLjcK', filename: 'report.pdf', content_type: 'application/pdf' },
      ],
      idempotent: true,
    },
  ],
  permissions: ['network:*', 'client:*'],
};
