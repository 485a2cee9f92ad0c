/** What a parked replay holds in memory can be forgotten. */
export interface Parked {
  forget(): void;
}

/**
 * Limits how many histories are read at once, and how many replays of blocked readers stay in memory, so that many readers together do not
 * exhaust it: each replay holds the state of a run.
 */
export class ReplayGate {
  private readonly waiting: (() => void)[] = [];
  private readonly parked = new Set<Parked>();
  private inside = 0;

  constructor(private readonly places: number) {}

  async pass<T>(read: () => Promise<T>): Promise<T> {
    if (this.inside >= this.places) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.inside++;
    try {
      return await read();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.inside--;
      else next();
    }
  }

  /** Keeps a replay for its reader to go on; forgets the one that was parked longest if there are too many. */
  park(replay: Parked): void {
    this.parked.add(replay);
    if (this.parked.size <= this.places) return;
    const [oldest] = this.parked;
    oldest?.forget();
  }

  unpark(replay: Parked): void {
    this.parked.delete(replay);
  }
}
