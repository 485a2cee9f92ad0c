import { spareTurns } from '@llmteam/kernel';

/** What a parked replay holds in memory can be forgotten. */
export interface Parked {
  forget(): void;
}

/**
 * Limits how many histories are read at once, and how many replays of blocked readers stay in memory, so that many readers together do not
 * exhaust it: each replay holds the state of a run. Tenants take turns, so that one that reads much delays the others little.
 */
export class ReplayGate {
  /** By tenant, in the order of their turns. */
  private readonly waiting = new Map<string, (() => void)[]>();
  private readonly parked = new Set<Parked>();
  private inside = 0;

  constructor(
    private readonly places: number,
    private readonly maxParked: number,
  ) {}

  async pass<T>(tenantId: string, read: () => Promise<T>): Promise<T> {
    if (this.inside >= this.places) await new Promise<void>((resolve) => this.queue(tenantId, resolve));
    else this.inside++;
    try {
      // Readings are often short, and the next may enter at once.
      await spareTurns.next();
      return await read();
    } finally {
      const next = this.next();
      if (next === null) this.inside--;
      else next();
    }
  }

  private queue(tenantId: string, enter: () => void): void {
    const queued = this.waiting.get(tenantId);
    if (queued === undefined) this.waiting.set(tenantId, [enter]);
    else queued.push(enter);
  }

  /** The first in the queue of the tenant whose turn it is; that tenant's next turn comes after those of all others. */
  private next(): (() => void) | null {
    const [turn] = this.waiting;
    if (turn === undefined) return null;
    const [tenantId, queued] = turn;
    const enter = queued.shift() ?? null;
    this.waiting.delete(tenantId);
    if (queued.length > 0) this.waiting.set(tenantId, queued);
    return enter;
  }

  /** Keeps a replay for its reader to go on; forgets the one that was parked longest if there are too many. */
  park(replay: Parked): void {
    this.parked.add(replay);
    if (this.parked.size <= this.maxParked) return;
    const [oldest] = this.parked;
    oldest?.forget();
  }

  unpark(replay: Parked): void {
    this.parked.delete(replay);
  }
}
