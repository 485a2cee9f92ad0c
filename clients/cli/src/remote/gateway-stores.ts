import type { LiveMessage, RunEvent, RunKey } from '@llmteam/contracts';
import { LlmteamClient } from '@llmteam/sdk';
import type { GatewayStore, IsDriven, RunStores, Runs } from '../run-stores.js';
import type { Settings } from '../settings.js';
import type { Gateway } from './gateway-address.js';
import { asGatewayError } from './gateway-errors.js';
import { gatewayFetch } from './gateway-fetch.js';
import { GatewayRuns } from './gateway-runs.js';

/** A gateway as a single store with all runs of the key's tenant. */
export class GatewayStores implements RunStores {
  readonly client: LlmteamClient;
  readonly runs: GatewayRuns;
  private readonly url: string;

  constructor(settings: Settings, { url, key }: Gateway) {
    this.url = url;
    this.client = new LlmteamClient({ url, key, fetch: gatewayFetch(settings) });
    this.runs = new GatewayRuns(this.client, url);
  }

  /** Every run at a gateway is driven, as far as a client can tell. */
  async each<T>(look: (runs: Runs, isDriven: IsDriven) => Promise<T>): Promise<T[]> {
    return [await look(this.runs, () => true)];
  }

  async openStoreOf(_run: RunKey): Promise<GatewayStore> {
    return this.store();
  }

  store(): GatewayStore {
    return {
      kind: 'gateway',
      runs: this.runs,
      removal: { remove: (run) => this.runs.remove(run) },
      follow: ({ run_id }, fromSeq, signal) => this.follow(run_id, fromSeq, signal),
      close: async () => undefined,
    };
  }

  private async *follow(runId: string, fromSeq: number, signal: AbortSignal): AsyncGenerator<RunEvent | LiveMessage> {
    try {
      yield* this.client.follow(runId, { from_seq: fromSeq, signal });
    } catch (thrown) {
      throw asGatewayError(thrown, this.url, { RUN_UNKNOWN: `there is no run '${runId}' at ${this.url}` });
    }
  }
}
