/**
 * Purpose: who sees which metrics. The names of tenants and segments are not for everybody who reaches an address.
 * Does not own: the metrics.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { LlmteamError } from '@llmteam/contracts';
import type { Metric, Registry } from 'prom-client';

/** Labels whose values tell one tenant about another. */
const privateLabels: ReadonlySet<string> = new Set(['tenant_id', 'segment_id']);

/** What `/metrics` is at one address. */
export interface MetricsExposure {
  readonly contentType: string;
  /** The metrics in the Prometheus text format, for a request with this `Authorization`. @throws LlmteamError `UNAUTHENTICATED` */
  text(authorization: string | undefined): Promise<string>;
}

/** Every label, for everybody who reaches the address. */
export function openMetricsExposure(registry: Registry): MetricsExposure {
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

/** With a token: every label, for its holder only. Without: for everybody, but added up over tenants and segments. */
export function guardedMetricsExposure(registry: Registry, token: string | null): MetricsExposure {
  const { contentType } = registry;
  if (token === null) return { contentType, text: () => textWithoutPrivateLabels(registry) };
  return {
    contentType,
    text: async (authorization) => {
      const given = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (given === undefined || !isSame(given, token)) {
        throw new LlmteamError('UNAUTHENTICATED', 'the metrics need the token of the configuration');
      }
      return registry.metrics();
    },
  };
}

function isSame(given: string, token: string): boolean {
  const [one, other] = [given, token].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

async function textWithoutPrivateLabels(registry: Registry): Promise<string> {
  // Its own class: importing prom-client here would load it for every command.
  const view = new (registry.constructor as new () => Registry)();
  for (const metric of registry.getMetricsAsArray() as unknown as readonly Metric[])
    view.registerMetric(summed(metric));
  return view.metrics();
}

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  value: number;
}

/** The metric as it is rendered, without the private labels. The values of all our series can be added. */
function summed(metric: Metric): Metric {
  const get = async () => {
    const data = await metric.get();
    const sums = new Map<string, Sample>();
    for (const { labels, value, ...rest } of data.values as readonly Sample[]) {
      const shown = Object.fromEntries(Object.entries(labels).filter(([name]) => !privateLabels.has(name)));
      const key = JSON.stringify([rest.metricName, shown]);
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, { ...rest, labels: shown, value });
      else sum.value += value;
    }
    return { ...data, values: [...sums.values()] };
  };
  return { name: nameOf(metric), get } as unknown as Metric;
}

function nameOf(metric: Metric): string {
  return (metric as unknown as { readonly name: string }).name;
}
