/** Which workers are alive and what they serve: keys `workers/<worker_id>` with a TTL. */
import {
  type Clock,
  type Json,
  type KvStore,
  type Logger,
  type PluginListing,
  queueName,
  type Timer,
} from '@llmteam/contracts';

export const workersPrefix = 'workers/';
const defaultTtlMs = 15_000;
const renewalsPerTtl = 3;

export interface LiveWorker {
  readonly worker_id: string;
  readonly types: readonly { readonly type_id: string; readonly version: string }[];
  /** Epoch milliseconds. */
  readonly started_at: number;
  /** Concurrent attempts by step type. */
  readonly concurrency: Readonly<Record<string, number>>;
  /** Attempts that run, by queue; absent from workers of an older release. */
  readonly running?: Readonly<Record<string, number>>;
  /** How long attempts of late took, by queue; absent from workers of an older release. */
  readonly mean_seconds?: Readonly<Record<string, number>>;
  /** Absent from workers of an older release. */
  readonly plugins?: readonly PluginListing[];
}

export async function listWorkers(kv: KvStore): Promise<LiveWorker[]> {
  const found = await kv.list(workersPrefix);
  return found.map(({ value }) => value as unknown as LiveWorker);
}

/** The live workers by queue (`type@major`). */
export async function liveWorkers(kv: KvStore): Promise<Map<string, LiveWorker[]>> {
  const byQueue = new Map<string, LiveWorker[]>();
  for (const worker of await listWorkers(kv)) {
    const queues = new Set(worker.types.map(({ type_id, version }) => queueName(type_id, version)));
    for (const queue of queues) byQueue.set(queue, [...(byQueue.get(queue) ?? []), worker]);
  }
  return byQueue;
}

export interface WorkerPresenceOptions {
  readonly kv: KvStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: LiveWorker;
  /** What it does at each renewal. */
  readonly load?: () => Pick<LiveWorker, 'running' | 'mean_seconds'>;
  /** How long a worker is listed after its last renewal. Default 15,000. */
  readonly ttlMs?: number;
}

/** Keeps a worker listed while it is alive. */
export class WorkerPresence {
  private tick: Timer | null = null;
  private isStopped = false;
  private listedUntil = Number.NEGATIVE_INFINITY;
  private renewing: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: WorkerPresenceOptions) {}

  /** @throws LlmteamError of the key-value store */
  async start(): Promise<void> {
    await this.renew();
    this.setTick();
  }

  /** Whether other processes see this worker as alive. */
  get isKnown(): boolean {
    return this.options.clock.now() < this.listedUntil;
  }

  /** Removes the worker from the list at once. @throws LlmteamError of the key-value store */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.tick?.cancel();
    // A pending renewal would list it again after the delete.
    await this.renewing;
    await this.options.kv.delete(this.key);
  }

  private setTick(): void {
    const { clock, log } = this.options;
    this.tick = clock.after(this.ttlMs / renewalsPerTtl, () => {
      this.renew().catch((err: unknown) => log.warn({ err }, 'the presence of this worker could not be renewed'));
      if (!this.isStopped) this.setTick();
    });
  }

  private async renew(): Promise<void> {
    const { kv, clock, worker, load } = this.options;
    const renewedAt = clock.now();
    const listed: LiveWorker = { ...worker, ...load?.() };
    const put = kv.put(this.key, listed as unknown as Json, { ttlMs: this.ttlMs });
    this.renewing = put.catch(() => undefined);
    await put;
    this.listedUntil = renewedAt + this.ttlMs;
  }

  private get ttlMs(): number {
    return this.options.ttlMs ?? defaultTtlMs;
  }

  private get key(): string {
    return `${workersPrefix}${this.options.worker.worker_id}`;
  }
}
