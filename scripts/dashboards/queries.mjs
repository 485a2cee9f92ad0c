/** How series are summed (docs/metrics.md): every gateway counts all runs, every coordinator tells all queues, workers are added up. */

const interval = '$__rate_interval';

export const range = '$__range';

/** Of runs, which every gateway counts: one of them is taken. */
export function ofRuns(series, by, over = interval) {
  const rate = over === range ? 'increase' : 'rate';
  return `sum${byLabels(by)} (max by (tenant_id, segment_id, status) (${rate}(${series}[${over}])))`;
}

/** Of what each process counts for itself. */
export function rateOf(series, by = '', over = interval) {
  return `sum${byLabels(by)} (${over === range ? 'increase' : 'rate'}(${series}[${over}]))`;
}

/** Of a histogram, `of` sums the buckets. */
export function quantile(part, buckets, by = '', of = 'sum') {
  const labels = ['le', ...(by === '' ? [] : [by])].join(', ');
  return `histogram_quantile(${part}, ${of} by (${labels}) (rate(${buckets}[${interval}])))`;
}

/** p50, p95 and p99 in one graph. */
export function quantiles(buckets, of = 'sum') {
  return [0.5, 0.95, 0.99].map((part) => [quantile(part, buckets, '', of), `p${part * 100}`]);
}

export function share(part, whole) {
  return `${part} / (${whole} > 0)`;
}

function byLabels(by) {
  return by === '' ? '' : ` by (${by})`;
}
