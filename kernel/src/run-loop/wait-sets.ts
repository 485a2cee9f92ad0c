/** The keys that some runs wait for, shared by all runs that wait for the same. */
export interface WaitSet {
  readonly text: string;
  readonly keys: readonly string[];
}

const separator = '\n';

/** How many runs are noted to wait for what. */
export class WaitSets {
  private readonly sets = new Map<string, { readonly set: WaitSet; runs: number }>();
  private noted = 0;

  /** One object for equal keys, as long as a run is counted with them. */
  of(keys: readonly string[]): WaitSet {
    const text = keys.join(separator);
    return this.sets.get(text)?.set ?? { text, keys };
  }

  /** A run is not counted with the former any more, but with the latter. */
  move(from: WaitSet | null, to: WaitSet | null): void {
    if (from !== null) this.leave(from);
    if (to !== null) this.enter(to);
  }

  /** Runs that are counted. */
  get runs(): number {
    return this.noted;
  }

  counts(): { readonly keys: readonly string[]; readonly runs: number }[] {
    return [...this.sets.values()].map(({ set, runs }) => ({ keys: set.keys, runs }));
  }

  private enter(set: WaitSet): void {
    const known = this.sets.get(set.text);
    if (known === undefined) this.sets.set(set.text, { set, runs: 1 });
    else known.runs++;
    this.noted++;
  }

  private leave(set: WaitSet): void {
    const known = this.sets.get(set.text);
    if (known === undefined) return;
    known.runs--;
    this.noted--;
    if (known.runs === 0) this.sets.delete(set.text);
  }
}
