/**
 * Purpose: a process's Prometheus metrics in one registry, including Node's default metrics.
 * Owns: the prefix `llmteam_`. Our series have the documented labels; Node's carry labels that identify the process.
 * Imported lazily: commands have no metrics.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type Labels, Tally } from './tally.js';

export interface MetricName {
  /** Without the prefix `llmteam_`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

export class Metrics {
  /** For metric types not covered below. Duplicate names are rejected. */
  readonly registry = new Registry();

  constructor(labelsOfProcess: Labels) {
    collectDefaultMetrics({ register: this.registry, labels: labelsOfProcess });
  }

  counter(name: MetricName): { add(count?: number, labels?: Labels): void } {
    const tally = new Tally(name.labels ?? []);
    new Counter({
      ...this.described(name),
      collect() {
        tally.flush((labels, count) => this.inc(labels, count));
      },
    });
    return { add: (count = 1, labels = {}) => tally.add(count, labels) };
  }

  /** A gauge that is incremented and decremented. */
  gauge(name: MetricName): { add(count: number, labels?: Labels): void } {
    const tally = new Tally(name.labels ?? []);
    new Gauge({
      ...this.described(name),
      collect() {
        tally.flush((labels, count) => this.inc(labels, count));
      },
    });
    return { add: (count, labels = {}) => tally.add(count, labels) };
  }

  /** A gauge read on every scrape; if reading fails, the previous value is kept. */
  lookedUp(name: MetricName, read: () => number | Promise<number>): void {
    new Gauge({
      ...this.described(name),
      async collect() {
        const value = await settled(read);
        if (value !== null) this.set(value);
      },
    });
  }

  /** The same for a counter. */
  counted(name: MetricName, read: () => number | Promise<number>): void {
    new Counter({
      ...this.described(name),
      async collect() {
        const count = await settled(read);
        if (count === null) return;
        this.reset();
        this.inc(count);
      },
    });
  }

  histogram(name: MetricName, buckets: readonly number[]): { observe(value: number, labels?: Labels): void } {
    const histogram = new Histogram({ ...this.described(name), buckets: [...buckets] });
    return { observe: (value, labels = {}) => histogram.observe(labels, value) };
  }

  private described({ name, help, labels = [] }: MetricName) {
    return { name: `llmteam_${name}`, help, labelNames: [...labels], registers: [this.registry] };
  }
}

/** Null if reading failed: one failing series must not fail the whole scrape. */
async function settled(read: () => number | Promise<number>): Promise<number | null> {
  try {
    return await read();
  } catch {
    return null;
  }
}
