import type { FiredPorts, HttpClientConfig, Json } from '@llmteam/contracts';
import { createHttpAction, type HttpActionConfig, type HttpActionOptions } from '@llmteam/http-action';
import { fakeStepContext, type Traces } from '../support/fake-step-context.js';

export interface Call {
  readonly config: HttpActionConfig;
  readonly input?: Json;
  /** The base URL of client `local`, which may reach private networks unless `client` overrides it. */
  readonly base_url?: string;
  readonly client?: Partial<HttpClientConfig>;
  /** What the worker has to keep out of everything. */
  readonly secrets?: readonly string[];
  readonly signal?: AbortSignal;
  readonly timeout_seconds?: number;
}

export interface Action {
  call(call: Call): Promise<FiredPorts>;
  readonly traces: Traces[];
}

/** An http_action with separate connections, which are closed at the end. */
export async function withAction(options: HttpActionOptions, use: (action: Action) => Promise<void>): Promise<void> {
  const action = createHttpAction(options);
  const traces: Traces[] = [];
  const call = ({ config, input = null, base_url = 'http://localhost', client, ...attempt }: Call) => {
    const local = { base_url, headers: {}, allow_private_network: true, ...client };
    const fake = fakeStepContext({ clients: { local }, ...attempt });
    traces.push(fake.traces);
    return action.stepType.run(fake.context, config, input);
  };
  try {
    await use({ call, traces });
  } finally {
    await action.close();
  }
}
