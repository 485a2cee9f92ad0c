export type Labels = Readonly<Record<string, string>>;

interface Counted {
  readonly labels: Labels;
  count: number;
}

/** Counts that are told to the registry when somebody asks: it does far more per count than what is counted here may cost. */
export class Tally {
  private readonly counted = new Map<string, Counted>();

  constructor(private readonly names: readonly string[]) {}

  add(count: number, labels: Labels): void {
    let key = '';
    for (const name of this.names) key += `${labels[name]}\n`;
    const known = this.counted.get(key);
    if (known === undefined) this.counted.set(key, { labels: { ...labels }, count });
    else known.count += count;
  }

  /** What has come together since the last time. */
  handOver(tell: (labels: Labels, count: number) => void): void {
    for (const { labels, count } of this.counted.values()) tell(labels, count);
    this.counted.clear();
  }
}
