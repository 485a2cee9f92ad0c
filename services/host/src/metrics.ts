/**
 * Purpose: a process's Prometheus metrics in one registry, including Node's default metrics.
 * Owns: the prefix `llmteam_`. Our series have the documented labels; Node's carry labels that identify the process.
 * Imported lazily: commands have no metrics.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { BoundedLabels, type LabelBounds, type Labels } from './bounded-labels.js';
import { ExemplarPace } from './exemplar-pace.js';
import { Tally } from './tally.js';

export interface MetricName {
  /** Without the prefix `llmteam_`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** What several values of a gauge make where labels are left out. Default: their sum. */
  readonly aggregator?: 'sum' | 'max';
}

/** One of several values of a series. */
export interface Told {
  readonly labels: Labels;
  readonly value: number;
}

type Read<T> = () => T | Promise<T>;

export class Metrics {
  /** For metric types not covered below. Duplicate names are rejected. */
  readonly registry = new Registry();

  /** Every series with the label of a tenant, a segment and the like goes through it. */
  private readonly bounds: BoundedLabels;

  constructor(labelsOfProcess: Labels, bounds?: LabelBounds) {
    this.bounds = new BoundedLabels(bounds);
    collectDefaultMetrics({ register: this.registry, labels: labelsOfProcess });
  }

  counter(name: MetricName): { add(count?: number, labels?: Labels): void } {
    const tally = new Tally(name.labels ?? [], this.bounds);
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
    const tally = new Tally(name.labels ?? [], this.bounds);
    new Gauge({
      ...this.described(name),
      collect() {
        tally.flush((labels, count) => this.inc(labels, count));
      },
    });
    return { add: (count, labels = {}) => tally.add(count, labels) };
  }

  /** A gauge read on every scrape; if reading fails, the previous value is kept. */
  lookedUp(name: MetricName, read: Read<number>): void {
    new Gauge({
      ...this.described(name),
      async collect() {
        const value = await settled(read);
        if (value !== null) this.set(value);
      },
    });
  }

  /** A gauge with labels, read on every scrape; values that are bounded away are added up. If reading fails, nothing is told. */
  lookedUpBy(name: MetricName, read: Read<readonly Told[]>): void {
    const { bounds } = this;
    const isMost = name.aggregator === 'max';
    new Gauge({
      ...this.described(name),
      async collect() {
        const told = await settled(read);
        this.reset();
        if (isMost) for (const { labels, value } of highest(told ?? [], bounds)) this.set(labels, value);
        else for (const { labels, value } of told ?? []) this.inc(bounds.of(labels), value);
      },
    });
  }

  /** The same for a counter. */
  counted(name: MetricName, read: Read<number>): void {
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

  /** `traceId`: of the sampled trace that the value is from, if any; some become exemplars. */
  histogram(name: MetricName, buckets: readonly number[]): Observed {
    // Registered by hand: prom-client refuses exemplars where the registry shows none by default; ours shows them to who asks for them.
    const described = { ...this.described(name), registers: [] };
    const histogram = new Histogram({ ...described, buckets: [...buckets], enableExemplars: true });
    this.registry.registerMetric(histogram);
    const pace = new ExemplarPace(buckets);
    return {
      observe: (value, given = {}, traceId = null) => {
        const labels = this.bounds.of(given);
        const isExemplar = traceId !== null && pace.take(value, performance.now());
        histogram.observe({ labels, value, ...(isExemplar && { exemplarLabels: { trace_id: traceId } }) });
      },
    };
  }

  private described({ name, help, labels = [], aggregator = 'sum' }: MetricName) {
    return { name: `llmteam_${name}`, help, labelNames: [...labels], registers: [this.registry], aggregator };
  }
}

/** One value for each set of labels. */
function highest(told: readonly Told[], bounds: BoundedLabels): readonly Told[] {
  const byLabels = new Map<string, Told>();
  for (const { labels: given, value } of told) {
    const labels = bounds.of(given);
    const key = JSON.stringify(labels);
    byLabels.set(key, { labels, value: Math.max(value, byLabels.get(key)?.value ?? value) });
  }
  return [...byLabels.values()];
}

export interface Observed {
  observe(value: number, labels?: Labels, traceId?: string | null): void;
}

/** Null if reading failed: one failing series must not fail the whole scrape. */
async function settled<T>(read: Read<T>): Promise<T | null> {
  try {
    return await read();
  } catch {
    return null;
  }
}
