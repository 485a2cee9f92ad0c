/**
 * Purpose: how the queues of the installation stand: what waits, who works, and what that means for whoever adds workers.
 * Owns: how old an answer may be. Reads nothing unless it is asked, and then for everybody who asks meanwhile.
 */
import { type Clock, type JobQueue, type KvStore, type QueueDepth, queueName } from '@llmteam/contracts';
import { type LiveWorker, liveWorkers, readVersionReport, type StepCatalog } from '@llmteam/kernel';
import { Recent } from '@llmteam/service-host';

export interface QueueState {
  /** `type@major` */
  readonly queue: string;
  readonly backlog: number;
  readonly in_flight: number;
  /** How long the oldest job of the backlog has waited; null if it is not known. */
  readonly oldest_seconds: number | null;
  readonly workers: number;
  readonly slots: number;
  readonly busy_slots: number;
  /** null if it is not known: nobody works, or nobody has yet. */
  readonly seconds_to_drain: number | null;
  /** Whether a live run is pinned to this version, so a worker is needed sooner or later. */
  readonly is_needed: boolean;
  readonly wanted_slots: number;
}

export interface QueueWatchDeps {
  readonly queue: Pick<JobQueue, 'depth'>;
  readonly kv: KvStore;
  readonly catalog: Pick<StepCatalog, 'entries'>;
  readonly clock: Clock;
}

/** However often it is asked. */
const freshMs = 2_000;
const neededFreshMs = 10_000;

export class QueueWatch {
  private readonly states: Recent<readonly QueueState[]>;
  private readonly needed: Recent<ReadonlySet<string>>;

  constructor(private readonly deps: QueueWatchDeps) {
    const { clock, kv } = deps;
    this.states = new Recent(clock, freshMs, () => this.read());
    this.needed = new Recent(clock, neededFreshMs, () => neededQueues(kv));
  }

  /** Every queue that is announced or served, by name. @throws LlmteamError of the queue or the key-value store */
  all(): Promise<readonly QueueState[]> {
    return this.states.get();
  }

  /** Of a queue that nobody knows: that nothing waits. @throws LlmteamError of the queue or the key-value store */
  async one(queue: string): Promise<QueueState> {
    const states = await this.all();
    return states.find((state) => state.queue === queue) ?? queueState(queue, nothing, [], false, 0);
  }

  private async read(): Promise<readonly QueueState[]> {
    const { queue, kv, catalog, clock } = this.deps;
    const [workers, needed] = await Promise.all([liveWorkers(kv), this.needed.get()]);
    const known = catalog
      .entries()
      .map((entry) => ({ queue: queueOf(entry.metadata), isTask: entry.control === null }));
    const control = new Set(known.filter(({ isTask }) => !isTask).map((one) => one.queue));
    const all = new Set([...known.map((one) => one.queue), ...workers.keys(), ...needed]);
    const names = [...all].filter((name) => !control.has(name)).sort();
    const depths = await queue.depth(names);
    const now = clock.now();
    return names.map((name) =>
      queueState(name, depths.get(name) ?? nothing, workers.get(name) ?? [], needed.has(name), now),
    );
  }
}

const nothing: QueueDepth = { queued: 0, in_flight: 0, oldest_queued_at: null };

function queueState(
  queue: string,
  { queued, in_flight, oldest_queued_at }: QueueDepth,
  workers: readonly LiveWorker[],
  isNeeded: boolean,
  now: number,
): QueueState {
  const slots = sum(workers.map(({ concurrency }) => concurrency[queue] ?? 0));
  const oldest = oldest_queued_at === null ? null : Math.max(0, now - oldest_queued_at) / 1_000;
  return {
    queue,
    backlog: queued,
    in_flight,
    oldest_seconds: queued === 0 ? 0 : oldest,
    workers: workers.length,
    slots,
    busy_slots: sum(workers.map(({ running }) => running?.[queue] ?? 0)),
    seconds_to_drain: secondsToDrain(queued, slots, meanSeconds(queue, workers)),
    is_needed: isNeeded,
    wanted_slots: Math.max(queued + in_flight, isNeeded ? 1 : 0),
  };
}

function secondsToDrain(backlog: number, slots: number, mean: number | null): number | null {
  if (backlog === 0) return 0;
  return slots === 0 || mean === null ? null : Math.round(((backlog * mean) / slots) * 1_000) / 1_000;
}

/** A worker counts by its slots, because in a time it does as many jobs. */
function meanSeconds(queue: string, workers: readonly LiveWorker[]): number | null {
  let [weighed, weight] = [0, 0];
  for (const { mean_seconds, concurrency } of workers) {
    const mean = mean_seconds?.[queue];
    if (mean === undefined) continue;
    const slots = concurrency[queue] ?? 0;
    weighed += mean * slots;
    weight += slots;
  }
  return weight === 0 ? null : weighed / weight;
}

/** What live runs are pinned to (control types too), as a gateway reports it; nothing if none has lately. */
async function neededQueues(kv: KvStore): Promise<ReadonlySet<string>> {
  const report = await readVersionReport(kv);
  const used = report?.versions.filter(({ run_count, is_used_elsewhere }) => run_count > 0 || is_used_elsewhere) ?? [];
  return new Set(used.map(queueOf));
}

function queueOf({ type_id, version }: { readonly type_id: string; readonly version: string }): string {
  return queueName(type_id, version);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
