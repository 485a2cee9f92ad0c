/** Which workers live, and what they serve: keys `workers/<worker_id>`, which end by themselves. */
import { type Clock, type Json, type KvStore, type Logger, queueName, type Timer } from '@llmteam/contracts';

export const workersPrefix = 'workers/';
const defaultTtlMs = 15_000;
const renewals = 3;

export interface LiveWorker {
  readonly worker_id: string;
  readonly types: readonly { readonly type_id: string; readonly version: string }[];
  /** Epoch milliseconds. */
  readonly started_at: number;
  /** Attempts at a time, by step type. */
  readonly concurrency: Readonly<Record<string, number>>;
}

export async function listWorkers(kv: KvStore): Promise<LiveWorker[]> {
  const found = await kv.list(workersPrefix);
  return found.map(({ value }) => value as unknown as LiveWorker);
}

/** By queue, `type@major`: the workers that take its jobs. */
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
  /** How long a worker that fell silent is believed to live. Default 15,000. */
  readonly ttlMs?: number;
}

/** Keeps a worker in the list for as long as it lives. */
export class WorkerPresence {
  private tick: Timer | null = null;
  private isStopped = false;
  private toldUntil = Number.NEGATIVE_INFINITY;
  private telling: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: WorkerPresenceOptions) {}

  /** @throws LlmteamError of the registry */
  async start(): Promise<void> {
    await this.tell();
    this.setTick();
  }

  /** Others know that it lives. */
  get isKnown(): boolean {
    return this.options.clock.now() < this.toldUntil;
  }

  /** It is gone at once. @throws LlmteamError of the registry */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.tick?.cancel();
    // What is under way would put it there again.
    await this.telling;
    await this.options.kv.delete(this.key);
  }

  private setTick(): void {
    const { clock, log } = this.options;
    this.tick = clock.after(this.ttlMs / renewals, () => {
      this.tell().catch((err: unknown) => log.warn({ err }, 'nobody could be told that this worker lives'));
      if (!this.isStopped) this.setTick();
    });
  }

  private async tell(): Promise<void> {
    const { kv, clock, worker } = this.options;
    const toldAt = clock.now();
    const put = kv.put(this.key, worker as unknown as Json, { ttlMs: this.ttlMs });
    this.telling = put.catch(() => undefined);
    await put;
    this.toldUntil = toldAt + this.ttlMs;
  }

  private get ttlMs(): number {
    return this.options.ttlMs ?? defaultTtlMs;
  }

  private get key(): string {
    return `${workersPrefix}${this.options.worker.worker_id}`;
  }
}
