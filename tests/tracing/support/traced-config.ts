import type { Config } from '@llmteam/service-host';
import { configOf } from '@llmteam/service-host';

/** A configuration that traces to the receiver, with the resources of the mixed segment. */
export function tracedConfig(endpoint: string, origin = 'http://127.0.0.1:9', tracing: object = {}): Config {
  return configOf(
    {
      tracing: { endpoint, ...tracing },
      clients: { server: { base_url: origin, allow_private_network: true } },
      llms: { model: { provider: 'offline' } },
    },
    process.cwd(),
  );
}
