import { guardedMetricsExposure, type Metrics, openMetrics, openMetricsExposure } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const asOpenMetrics = { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' };

/** Samples by name and labels, and the names of families by type. */
function parsed(text: string): { samples: Map<string, number>; exemplars: Map<string, string>; families: Set<string> } {
  const [samples, exemplars, families] = [new Map<string, number>(), new Map<string, string>(), new Set<string>()];
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) \S+$/.exec(line);
    if (type !== null) families.add(type[1] as string);
    if (line === '' || line.startsWith('#')) continue;
    const found = /^([a-zA-Z_:][\w:]*(?:\{.*?\})?) (\S+)(?: # (\{.*\} \S+ \S+))?$/.exec(line);
    if (found === null || !/^(-?[\d.]+(e[+-]?\d+)?|[+-]Inf|NaN)$/i.test(found[2] as string))
      throw new Error(`not a sample: ${line}`);
    samples.set(found[1] as string, Number(found[2]));
    if (found[3] !== undefined) exemplars.set(found[1] as string, found[3]);
  }
  return { samples, exemplars, families };
}

async function read(metrics: Metrics, request = {}): Promise<ReturnType<typeof parsed>> {
  return parsed((await openMetricsExposure(metrics.registry)(request)).text);
}

const few = { max_tenants: 2, max_segments: 1 };
const byTenant = { name: 'things_total', help: 'Things.', labels: ['tenant_id'] };

spec('the labels of metrics', (test) => {
  test('tell so many tenants apart, the same in every series, and lose no count', async () => {
    const metrics = await openMetrics({}, few);
    const things = metrics.counter(byTenant);
    const times = metrics.histogram({ name: 'seconds', help: 'Times.', labels: ['tenant_id', 'kind'] }, [1]);
    for (const tenantId of ['a', 'b', 'c', 'a', 'd']) {
      things.add(1, { tenant_id: tenantId });
      times.observe(2, { tenant_id: tenantId, kind: tenantId });
    }
    things.add(3, { tenant_id: 'd' });
    metrics.lookedUpBy({ name: 'level', help: 'A level.', labels: ['tenant_id'] }, () =>
      ['d', 'c', 'b'].map((tenantId) => ({ labels: { tenant_id: tenantId }, value: 2 })),
    );
    const { samples } = await read(metrics);
    const of = (name: string): Record<string, number | undefined> =>
      Object.fromEntries(['a', 'b', 'c', 'other'].map((id) => [id, samples.get(`llmteam_${name}{tenant_id="${id}"}`)]));
    assert.equal(of('things_total'), { a: 2, b: 1, c: undefined, other: 5 });
    assert.equal(of('level'), { a: undefined, b: 2, c: undefined, other: 4 });
    assert.is(samples.get('llmteam_seconds_count{tenant_id="other",kind="d"}'), 1, 'other labels stay');
  });

  test('bound models, providers and step types without being told to', async () => {
    const metrics = await openMetrics({});
    const calls = metrics.counter({ name: 'calls_total', help: 'Calls.', labels: ['model'] });
    for (let place = 0; place < 150; place++) calls.add(1, { model: `m${place}` });
    const { samples } = await read(metrics);
    const models = [...samples.keys()].filter((name) => name.startsWith('llmteam_calls_total'));
    assert.is(models.length, 101);
    assert.is(samples.get('llmteam_calls_total{model="other"}'), 50);
  });

  test('of ages: those of several tenants are as old as the oldest of them', async () => {
    const metrics = await openMetrics({}, { max_tenants: 1, max_segments: 1 });
    const ages = { name: 'oldest_seconds', help: 'Age.', labels: ['tenant_id'], aggregator: 'max' } as const;
    const told = [4, 7, 5].map((value, place) => ({ labels: { tenant_id: `t${place}` }, value }));
    metrics.lookedUpBy(ages, () => told);
    const { samples } = await read(metrics);
    assert.is(samples.get('llmteam_oldest_seconds{tenant_id="other"}'), 7);
    const open = parsed((await guardedMetricsExposure(metrics.registry, null)({})).text);
    assert.is(open.samples.get('llmteam_oldest_seconds'), 7);
  });

  test('a series that cannot be read is not told, rather than as it was', async () => {
    const metrics = await openMetrics({});
    const state = { isBroken: false };
    metrics.lookedUpBy({ name: 'level', help: 'A level.', labels: ['queue'] }, async () => {
      if (state.isBroken) throw new Error('away');
      return [{ labels: { queue: 'work@1' }, value: 3 }];
    });
    assert.is((await read(metrics)).samples.get('llmteam_level{queue="work@1"}'), 3);
    state.isBroken = true;
    assert.is((await read(metrics)).samples.get('llmteam_level{queue="work@1"}'), undefined);
  });
});

spec('metrics as OpenMetrics', (test) => {
  test('have exemplars, and the same samples as the text format, also afterwards', async () => {
    const metrics = await openMetrics({ service: 'test' });
    const times = metrics.histogram({ name: 'seconds', help: 'Times.', labels: ['tenant_id'] }, [1, 5]);
    times.observe(2, { tenant_id: 'acme' }, traceId);
    times.observe(0.5, { tenant_id: 'acme' });
    times.observe(9, { tenant_id: 'rival' }, traceId);
    metrics.counter(byTenant).add(2, { tenant_id: 'acme' });
    const exposure = openMetricsExposure(metrics.registry);
    const { type, text } = await exposure(asOpenMetrics);
    assert.match(type, /^application\/openmetrics-text; version=1\.0\.0/);
    assert.ok(text.endsWith('\n# EOF\n'));
    const open = parsed(text);
    const ours = (of: ReturnType<typeof parsed>): [string, number][] =>
      [...of.samples].filter(([name]) => name.startsWith('llmteam_'));
    const plain = parsed((await exposure({})).text);
    assert.equal(ours(open), ours(plain));
    assert.equal([open.families.has('llmteam_things'), plain.families.has('llmteam_things_total')], [true, true]);
    assert.is(plain.exemplars.size, 0);
    const bucket = (tenantId: string, le: string): string =>
      `llmteam_seconds_bucket{le="${le}",tenant_id="${tenantId}"}`;
    assert.equal([...open.exemplars.keys()], [bucket('acme', '5'), bucket('rival', '+Inf')]);
    const [labels, value, at] = (open.exemplars.get(bucket('acme', '5')) ?? '').split(' ');
    assert.equal([labels, value], [`{trace_id="${traceId}"}`, '2']);
    assert.ok(Math.abs(Number(at) - Date.now() / 1_000) < 60, 'a time in seconds');
  });

  test('of everybody are without private labels, as those in the text format', async () => {
    const metrics = await openMetrics({});
    metrics.counter(byTenant).add(2, { tenant_id: 'acme' });
    metrics.counter({ ...byTenant, name: 'parts_total' }).add(1, { tenant_id: 'rival' });
    const { text } = await guardedMetricsExposure(metrics.registry, null)(asOpenMetrics);
    assert.not.match(text, /acme|rival|tenant_id/);
    assert.is(parsed(text).samples.get('llmteam_things_total'), 2);
  });

  test('a bucket gets a new exemplar a few times a second, a rare one at once', async () => {
    const metrics = await openMetrics({});
    const times = metrics.histogram({ name: 'seconds', help: 'Times.' }, [1, 5]);
    for (let place = 0; place < 100; place++) times.observe(0.5 + place / 1_000, {}, traceId);
    times.observe(7, {}, traceId);
    const { exemplars } = await read(metrics, asOpenMetrics);
    assert.match(exemplars.get('llmteam_seconds_bucket{le="1"}') ?? '', '} 0.5 ');
    assert.match(exemplars.get('llmteam_seconds_bucket{le="+Inf"}') ?? '', '} 7 ');
  });
});
