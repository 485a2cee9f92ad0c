import type { LiveToken, RunEvent, RunKey } from '@llmteam/contracts';
import { LlmteamClient } from '@llmteam/sdk';
import type { GatewayStore, RunStores, Runs } from '../run-stores.js';
import type { Settings } from '../settings.js';
import type { Gateway } from './gateway-address.js';
import { as_gateway_error } from './gateway-errors.js';
import { gateway_fetch } from './gateway-fetch.js';
import { GatewayRuns } from './gateway-runs.js';

/** A gateway as the one store there is: all runs of the key's tenant, and no others. */
export class GatewayStores implements RunStores {
  readonly client: LlmteamClient;
  readonly runs: GatewayRuns;
  private readonly url: string;

  constructor(settings: Settings, { url, key }: Gateway) {
    this.url = url;
    this.client = new LlmteamClient({ url, key, fetch: gateway_fetch(settings) });
    this.runs = new GatewayRuns(this.client, url);
  }

  async each<T>(look: (runs: Runs) => Promise<T>): Promise<T[]> {
    return [await look(this.runs)];
  }

  async open_store_of(_run: RunKey): Promise<GatewayStore> {
    return this.store();
  }

  store(): GatewayStore {
    return {
      kind: 'gateway',
      runs: this.runs,
      follow: ({ run_id }, from_seq, signal) => this.follow(run_id, from_seq, signal),
      close: async () => undefined,
    };
  }

  private async *follow(run_id: string, from_seq: number, signal: AbortSignal): AsyncGenerator<RunEvent | LiveToken> {
    try {
      yield* this.client.follow(run_id, { from_seq, signal });
    } catch (thrown) {
      throw as_gateway_error(thrown, this.url, { RUN_UNKNOWN: `there is no run '${run_id}' at ${this.url}` });
    }
  }
}
