/**
 * Purpose: what a process counts, for Prometheus: one registry, the series of Node itself among the others.
 * Owns: the prefix `llmteam_`; the labels of ours are those that are documented, those of Node's series say whose process it is.
 * Loaded when it is asked for: commands count nothing.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type Labels, Tally } from './tally.js';

export interface MetricName {
  /** Without `llmteam_`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

export class Metrics {
  /** For series of another shape than those below. A name that is there already is refused. */
  readonly registry = new Registry();
  readonly contentType = this.registry.contentType;

  constructor(labelsOfProcess: Labels) {
    collectDefaultMetrics({ register: this.registry, labels: labelsOfProcess });
  }

  counter(name: MetricName): { add(count?: number, labels?: Labels): void } {
    const tally = new Tally(name.labels ?? []);
    new Counter({
      ...this.described(name),
      collect() {
        tally.handOver((labels, count) => this.inc(labels, count));
      },
    });
    return { add: (count = 1, labels = {}) => tally.add(count, labels) };
  }

  /** Counts up and down by itself. */
  gauge(name: MetricName): { add(count: number, labels?: Labels): void } {
    const tally = new Tally(name.labels ?? []);
    new Gauge({
      ...this.described(name),
      collect() {
        tally.handOver((labels, count) => this.inc(labels, count));
      },
    });
    return { add: (count, labels = {}) => tally.add(count, labels) };
  }

  /** Looked at when somebody asks; a look that fails leaves the value of the last one. */
  lookedUp(name: MetricName, look: () => number | Promise<number>): void {
    new Gauge({
      ...this.described(name),
      async collect() {
        const value = await settled(look);
        if (value !== null) this.set(value);
      },
    });
  }

  /** The same for what only grows. */
  counted(name: MetricName, look: () => number | Promise<number>): void {
    new Counter({
      ...this.described(name),
      async collect() {
        const count = await settled(look);
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

  text(): Promise<string> {
    return this.registry.metrics();
  }

  private described({ name, help, labels = [] }: MetricName) {
    return { name: `llmteam_${name}`, help, labelNames: [...labels], registers: [this.registry] };
  }
}

/** null: the look failed. The other series are worth more than an answer that fails as a whole. */
async function settled(look: () => number | Promise<number>): Promise<number | null> {
  try {
    return await look();
  } catch {
    return null;
  }
}
