import type { BoundedLabels, Labels } from './bounded-labels.js';

interface Counted {
  readonly labels: Labels;
  count: number;
}

/** Accumulates counts until they are collected, because prom-client is too slow for hot paths. */
export class Tally {
  private readonly counted = new Map<string, Counted>();

  constructor(
    private readonly names: readonly string[],
    private readonly bounds: BoundedLabels,
  ) {}

  add(count: number, labels: Labels): void {
    let key = '';
    for (const name of this.names) key += `${this.bounds.value(name, labels[name] as string)}\n`;
    const known = this.counted.get(key);
    if (known === undefined) this.counted.set(key, { labels: { ...this.bounds.of(labels) }, count });
    else known.count += count;
  }

  /** Reports and resets the counts accumulated since the last call. */
  flush(report: (labels: Labels, count: number) => void): void {
    for (const { labels, count } of this.counted.values()) report(labels, count);
    this.counted.clear();
  }
}
