/**
 * Purpose: coordinators that share one key-value store and one clock, with fake partition loops that only report whether they may act.
 * Owns: crashes (the process does nothing any more), pauses (like SIGSTOP: timers and responses wait until it wakes), cuts (the
 * key-value store is unreachable).
 */
import { openMemoryBackend } from '@llmteam/backend-embedded';
import { type Backend, type Clock, type KvChange, type KvStore, LlmteamError } from '@llmteam/contracts';
import { type HoldContext, PartitionOwnership, type PartitionWork } from '@llmteam/coordinator';
import { type ManualClock, manualClock } from '@llmteam/testing';
import { quietLogger } from '../support/quiet-logger.js';

export const leaseMs = 9_000;

/** Everything between a coordinator and the outside. */
class Surroundings {
  private isPaused = false;
  private isDead = false;
  isCut = false;
  /** Latency of a write to the key-value store; nothing else has latency. */
  writeDelayMs = 0;
  private waiting: (() => void)[] = [];

  constructor(private readonly shared: ManualClock) {}

  pause(): void {
    this.isPaused = true;
  }

  wake(): void {
    this.isPaused = false;
    for (const goOn of this.waiting.splice(0)) goOn();
  }

  die(): void {
    this.isDead = true;
  }

  /** Nothing of the process runs while it is stopped, or after its death. */
  async awake(): Promise<void> {
    if (this.isDead) await new Promise(() => undefined);
    if (this.isPaused) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  readonly clock: Clock = {
    now: () => this.shared.now(),
    after: (delayMs, callback) => {
      const state = { isCancelled: false };
      const timer = this.shared.after(delayMs, () => {
        void this.awake().then(() => {
          if (!state.isCancelled) callback();
        });
      });
      return {
        cancel: () => {
          state.isCancelled = true;
          timer.cancel();
        },
      };
    },
  };

  private async writtenLater(): Promise<void> {
    if (this.writeDelayMs > 0) await new Promise<void>((resolve) => this.shared.after(this.writeDelayMs, resolve));
  }

  kvStore(inner: KvStore): KvStore {
    const ask = async <T>(call: () => Promise<T>): Promise<T> => {
      await this.awake();
      if (this.isCut) throw new LlmteamError('BACKEND_UNREACHABLE', 'cut off');
      const answer = await call();
      await this.awake();
      return answer;
    };
    const awake = () => this.awake();
    return {
      supports: inner.supports,
      get: (key) => ask(() => inner.get(key)),
      put: (key, value, options) => ask(() => this.writtenLater().then(() => inner.put(key, value, options))),
      delete: (key, options) => ask(() => inner.delete(key, options)),
      list: (prefix, options) => ask(() => inner.list(prefix, options)),
      watch: (prefix, signal) => delayed(inner.watch(prefix, signal), awake),
      close: () => inner.close(),
    };
  }
}

async function* delayed(changes: AsyncIterable<KvChange>, awake: () => Promise<void>): AsyncGenerator<KvChange> {
  for await (const change of changes) {
    await awake();
    yield change;
  }
}

/** A fake partition loop: it shows whether it may emit and how it was stopped. */
class Work implements PartitionWork {
  isWorking = false;
  stoppedWith: { readonly checkpoint: boolean } | null = null;
  /** How long it takes to stop. */
  stopping: Promise<void> = Promise.resolve();

  constructor(
    readonly context: HoldContext,
    private readonly takes: () => Promise<void>,
  ) {}

  async takeOver(): Promise<void> {
    this.isWorking = true;
    await this.takes();
  }

  async stop(options: { readonly checkpoint: boolean }): Promise<void> {
    this.isWorking = false;
    this.stoppedWith = options;
    await this.stopping;
  }

  get mayEmit(): boolean {
    return this.isWorking && this.context.isHeld();
  }
}

export class TestMember {
  readonly works: Work[] = [];
  readonly surroundings: Surroundings;
  readonly ownership: PartitionOwnership;
  /** What a takeover does; by default it catches up immediately. */
  takes: (partition: number) => Promise<void> = () => Promise.resolve();

  constructor(
    readonly id: string,
    kv: KvStore,
    clock: ManualClock,
    partitions: number,
  ) {
    this.surroundings = new Surroundings(clock);
    this.ownership = new PartitionOwnership({
      kv: this.surroundings.kvStore(kv),
      clock: this.surroundings.clock,
      log: quietLogger,
      memberId: id,
      partitions,
      leaseMs,
      open: (context) => {
        const work = new Work(context, () => this.takes(context.partition));
        this.works.push(work);
        return work;
      },
    });
  }

  owned(): number[] {
    return this.ownership.owned();
  }

  mayEmit(partition: number): boolean {
    return this.works.some((work) => work.context.partition === partition && work.mayEmit);
  }

  lastWork(partition: number): Work {
    const work = this.works.filter(({ context }) => context.partition === partition).at(-1);
    if (work === undefined) throw new Error(`'${this.id}' never had partition ${partition}`);
    return work;
  }
}

export class TestCluster {
  readonly members = new Map<string, TestMember>();

  constructor(
    readonly clock: ManualClock,
    private readonly backend: Backend,
    readonly partitions: number,
  ) {}

  get kv(): KvStore {
    return this.backend.kv;
  }

  add(id: string): TestMember {
    const member = new TestMember(id, this.kv, this.clock, this.partitions);
    this.members.set(id, member);
    return member;
  }

  async join(...ids: string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.add(id).ownership.start()));
    await this.settle();
  }

  async leave(id: string): Promise<void> {
    const member = this.member(id);
    this.members.delete(id);
    await member.ownership.stop();
    await this.settle();
  }

  /** kill -9 */
  crash(id: string): void {
    this.member(id).surroundings.die();
    this.members.delete(id);
  }

  member(id: string): TestMember {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`there is no member '${id}'`);
    return member;
  }

  /** Flushes everything that needs no time to pass. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await this.clock.advance(0);
  }

  /** Advances time in steps; `look` may check invariants after each one. */
  async pass(ms: number, look: () => void = () => undefined, stepMs = 100): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await this.clock.advance(Math.min(stepMs, left));
      await this.settle();
      look();
    }
  }

  /** By partition: the members that may emit for it. */
  emitters(): string[][] {
    return Array.from({ length: this.partitions }, (_, partition) =>
      [...this.members.values()].filter((member) => member.mayEmit(partition)).map(({ id }) => id),
    );
  }

  /** By member: its number of partitions. */
  loads(): number[] {
    return [...this.members.values()].map((member) => member.owned().length);
  }

  /** By partition: its owner, or null. */
  owners(): (string | null)[] {
    return Array.from({ length: this.partitions }, (_, partition) => {
      const owner = [...this.members.values()].find((member) => member.owned().includes(partition));
      return owner?.id ?? null;
    });
  }

  async end(): Promise<void> {
    for (const { surroundings } of this.members.values()) {
      surroundings.isCut = false;
      surroundings.wake();
    }
    const stopping = [...this.members.values()].map(({ ownership }) => ownership.stop());
    await this.pass(100);
    await Promise.all(stopping);
    await this.backend.close();
  }
}

export async function withCluster(partitions: number, use: (cluster: TestCluster) => Promise<void>): Promise<void> {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const cluster = new TestCluster(clock, await openMemoryBackend({ clock }), partitions);
  try {
    await use(cluster);
  } finally {
    await cluster.end();
  }
}
