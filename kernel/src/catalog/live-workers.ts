/** Which workers live, and what they serve: keys `workers/<worker_id>`, which end by themselves. */
import { type Clock, type Json, type Logger, queue_name, type Registry, type Timer } from '@llmteam/contracts';

export const workers_prefix = 'workers/';
const default_ttl_ms = 15_000;
const renewals = 3;

export interface LiveWorker {
  readonly worker_id: string;
  readonly types: readonly { readonly type_id: string; readonly version: string }[];
  /** Epoch milliseconds. */
  readonly started_at: number;
  /** Attempts at a time, by step type. */
  readonly concurrency: Readonly<Record<string, number>>;
}

export async function list_workers(registry: Registry): Promise<LiveWorker[]> {
  const found = await registry.list(workers_prefix);
  return found.map(({ value }) => value as unknown as LiveWorker);
}

/** By queue, `type@major`: the workers that take its jobs. */
export async function live_workers(registry: Registry): Promise<Map<string, LiveWorker[]>> {
  const by_queue = new Map<string, LiveWorker[]>();
  for (const worker of await list_workers(registry)) {
    const queues = new Set(worker.types.map(({ type_id, version }) => queue_name(type_id, version)));
    for (const queue of queues) by_queue.set(queue, [...(by_queue.get(queue) ?? []), worker]);
  }
  return by_queue;
}

export interface WorkerPresenceOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: LiveWorker;
  /** How long a worker that fell silent is believed to live. Default 15,000. */
  readonly ttl_ms?: number;
}

/** Keeps a worker in the list for as long as it lives. */
export class WorkerPresence {
  private tick: Timer | null = null;
  private is_stopped = false;
  private told_until = Number.NEGATIVE_INFINITY;
  private telling: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: WorkerPresenceOptions) {}

  /** @throws LlmteamError of the registry */
  async start(): Promise<void> {
    await this.tell();
    this.set_tick();
  }

  /** Others know that it lives. */
  get is_known(): boolean {
    return this.options.clock.now() < this.told_until;
  }

  /** It is gone at once. @throws LlmteamError of the registry */
  async stop(): Promise<void> {
    this.is_stopped = true;
    this.tick?.cancel();
    // What is under way would put it there again.
    await this.telling;
    await this.options.registry.delete(this.key);
  }

  private set_tick(): void {
    const { clock, log } = this.options;
    this.tick = clock.after(this.ttl_ms / renewals, () => {
      this.tell().catch((err: unknown) => log.warn({ err }, 'nobody could be told that this worker lives'));
      if (!this.is_stopped) this.set_tick();
    });
  }

  private async tell(): Promise<void> {
    const { registry, clock, worker } = this.options;
    const told_at = clock.now();
    const put = registry.put(this.key, worker as unknown as Json, { ttl_ms: this.ttl_ms });
    this.telling = put.catch(() => undefined);
    await put;
    this.told_until = told_at + this.ttl_ms;
  }

  private get ttl_ms(): number {
    return this.options.ttl_ms ?? default_ttl_ms;
  }

  private get key(): string {
    return `${workers_prefix}${this.options.worker.worker_id}`;
  }
}
