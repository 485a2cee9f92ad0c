/**
 * Purpose: who sees which metrics. The names of tenants and segments are not for everybody who reaches an address.
 * Does not own: the metrics.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { LlmteamError } from '@llmteam/contracts';
import type { Metric, Registry, RegistryContentType } from 'prom-client';

/** Labels whose values tell one tenant about another. */
const privateLabels: ReadonlySet<string> = new Set(['tenant_id', 'segment_id']);

/** Who asks, and how: headers of the request. */
export interface MetricsRequest {
  readonly authorization?: string | undefined;
  /** OpenMetrics, which has exemplars, is for those who ask for it; others get the Prometheus text format. */
  readonly accept?: string | undefined;
}

export interface MetricsText {
  readonly type: string;
  readonly text: string;
}

/** What `/metrics` is at one address. @throws LlmteamError `UNAUTHENTICATED` */
export type MetricsExposure = (request: MetricsRequest) => Promise<MetricsText>;

/** Every label, for everybody who reaches the address. */
export function openMetricsExposure(registry: Registry): MetricsExposure {
  return ({ accept }) => rendered(registry, accept, { isPrivate: true });
}

/** With a token: every label, for its holder only. Without: for everybody, but added up over tenants and segments. */
export function guardedMetricsExposure(registry: Registry, token: string | null): MetricsExposure {
  if (token === null) return ({ accept }) => rendered(registry, accept, { isPrivate: false });
  return async ({ authorization, accept }) => {
    const given = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (given === undefined || !isSame(given, token)) {
      throw new LlmteamError('UNAUTHENTICATED', 'the metrics need the token of the configuration');
    }
    return rendered(registry, accept, { isPrivate: true });
  };
}

function isSame(given: string, token: string): boolean {
  const [one, other] = [given, token].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

/** `isPrivate`: with the private labels. */
async function rendered(
  registry: Registry,
  accept: string | undefined,
  { isPrivate }: { readonly isPrivate: boolean },
): Promise<MetricsText> {
  const isOpenMetrics = /\bapplication\/openmetrics-text\b/i.test(accept ?? '');
  if (isPrivate && !isOpenMetrics) return { type: registry.contentType, text: await registry.metrics() };
  // Its own class: importing prom-client here would load it for every command.
  const kind = registry.constructor as typeof Registry;
  const view = new kind();
  if (isOpenMetrics) (view as OfAnyType).setContentType(kind.OPENMETRICS_CONTENT_TYPE);
  for (const metric of registry.getMetricsAsArray() as unknown as readonly Metric[]) {
    const shown = isPrivate ? metric : summed(metric);
    view.registerMetric(isOpenMetrics ? openMetric(shown) : shown);
  }
  return { type: view.contentType, text: await view.metrics() };
}

/** prom-client renames counters for OpenMetrics, so it gets a copy. Their samples keep `_total`, their families do not have it. */
function openMetric(metric: Metric): Metric {
  const name = nameOf(metric).replace(/_total$/, '');
  const get = async () => {
    const data = await metric.get();
    return (data.type as unknown) === 'counter' ? { ...data, name } : data;
  };
  return { name: nameOf(metric), get } as unknown as Metric;
}

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  value: number;
}

/** The metric as it is rendered, without the private labels. The values of our series can be added, unless their aggregator is `max`. */
function summed(metric: Metric): Metric {
  const get = async () => {
    const data = await metric.get();
    const isMost = (data.aggregator as string) === 'max';
    const sums = new Map<string, Sample>();
    for (const { labels, value, ...rest } of data.values as readonly Sample[]) {
      const shown = Object.fromEntries(Object.entries(labels).filter(([name]) => !privateLabels.has(name)));
      const key = JSON.stringify([rest.metricName, shown]);
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, { ...rest, labels: shown, value });
      else sum.value = isMost ? Math.max(sum.value, value) : sum.value + value;
    }
    return { ...data, values: [...sums.values()] };
  };
  return { name: nameOf(metric), get } as unknown as Metric;
}

function nameOf(metric: Metric): string {
  return (metric as unknown as { readonly name: string }).name;
}

/** A registry whose content type is not fixed by its type. */
interface OfAnyType {
  setContentType(type: RegistryContentType): void;
}
