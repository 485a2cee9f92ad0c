// timeout: 240
// takes: 25
// mostly waits
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { withInstallation } from '../services/support/installation.js';
import { until } from '../services/support/until.js';
import { spec } from '../support/spec.js';
import { typeFaults } from './dashboard-types.js';
import { chosen, type Dashboard, dashboards, filledIn, labelVariables } from './dashboards.js';
import { root } from './image-tree.js';
import { ObservedLoad, traceId } from './observed-load.js';
import { isDrawn, observeFolder, Prometheus, prometheusPrograms, promtool } from './prometheus.js';

const rulesFile = join(observeFolder, 'rules/llmteam.yml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>;
}

function alertRules(): Rule[] {
  const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** What an alert looks at, whatever its values are. */
function withoutLimits(expr: string): string {
  return expr.replaceAll(/absent\(([^()]*)\)/g, '$1').replaceAll(/ (?:>|==) [\d.]+(?= |$)/g, '');
}

/** The titles of panels that show nothing, with what they ask. */
async function emptyPanels(
  prometheus: Prometheus,
  { uid, panels }: Dashboard,
  variables: Readonly<Record<string, string>>,
): Promise<string[]> {
  const empty: string[] = [];
  for (const { title, targets = [] } of panels)
    for (const { expr } of targets) {
      const query = filledIn(expr, variables);
      if (!isDrawn(await prometheus.range(query))) empty.push(`${uid} ${title}: ${query}`);
    }
  return empty;
}

/** As they are at first, and with every value chosen one by one. */
async function variablesOf(prometheus: Prometheus, dashboard: Dashboard): Promise<Record<string, string>[]> {
  const [all, each]: Record<string, string>[] = [{}, {}];
  for (const { name, label, series, allValue } of labelVariables(dashboard)) {
    const values = await prometheus.values(label, series);
    assert.ok(values.length > 0, `${dashboard.uid}: $${name} has no values`);
    Object.assign(all as object, { [name]: allValue });
    Object.assign(each as object, { [name]: chosen(values) });
  }
  return [all ?? {}, each ?? {}];
}

/** What panels and alerts ask that has no answer. */
async function emptyQueries(prometheus: Prometheus): Promise<string[]> {
  const empty: string[] = [];
  for (const dashboard of dashboards())
    for (const variables of await variablesOf(prometheus, dashboard))
      empty.push(...(await emptyPanels(prometheus, dashboard, variables)));
  for (const { alert, expr } of alertRules())
    if (!isDrawn(await prometheus.range(withoutLimits(expr)))) empty.push(`${alert}: ${withoutLimits(expr)}`);
  return empty;
}

/** On a busy machine a scrape may come too late to see a counter grow: then there is more load, and it is asked again. */
async function emptyQueriesBeside(load: ObservedLoad, prometheus: Prometheus): Promise<string[]> {
  let empty = await emptyQueries(prometheus);
  for (let left = 4; empty.length > 0 && left > 0; left--) {
    await load.shortRuns();
    empty = await emptyQueries(prometheus);
  }
  return empty;
}

/** Waits until the expression of an alert holds for something with this label. */
async function alerted(prometheus: Prometheus, name: string, label: string, value: string): Promise<void> {
  await until(
    `the alert ${name}`,
    async () => (await prometheus.alerts()).some(({ labels }) => labels.alertname === name && labels[label] === value),
    40_000,
  );
}

spec('the dashboards of deploy/observe', (test) => {
  test(
    'are what the schema of Grafana says, without a field that it does not know',
    () => {
      assert.equal(typeFaults(dashboards()), []);
      const [one] = structuredClone(dashboards()) as [Dashboard];
      const broken = { ...one, refesh: '5s', panels: one.panels.map((panel) => ({ ...panel, options: { legnd: 1 } })) };
      const faults = typeFaults([broken]);
      assert.match(String(faults[0]), /llmteam-gateway: .*"refesh"' does not exist/);
      assert.is(
        faults.filter((fault) => fault.includes('"legnd"')).length,
        one.panels.filter(({ targets }) => targets).length,
      );
    },
    { timeoutMs: 120_000 },
  );

  test('are linked with each other, and every panel has a unit, a text and a place of its own', () => {
    const names = ['gateway', 'models', 'runs', 'steps', 'workers'].map((name) => `llmteam-${name}`);
    assert.equal(
      dashboards().map(({ uid }) => uid),
      names,
    );
    for (const { uid, tags, links, panels } of dashboards()) {
      assert.equal([tags, links.flatMap((link) => link.tags)], [['llmteam'], ['llmteam']], uid);
      assert.is(new Set(panels.map(({ id }) => id)).size, panels.length, uid);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}/${y + Math.floor(cell / w)}`),
      );
      assert.is(new Set(cells).size, cells.length, `${uid}: panels lie on each other`);
      for (const { title, type, description = '', fieldConfig } of panels.filter(
        ({ targets }) => targets !== undefined,
      )) {
        assert.ok(['stat', 'timeseries'].includes(type), `${uid} ${title}`);
        assert.ok(description !== '' && fieldConfig?.defaults.unit !== undefined, `${uid} ${title}`);
      }
    }
  });

  test('lead to traces by the exemplars of every graph of durations that has them', () => {
    const asked = dashboards().flatMap(({ panels }) => panels.flatMap(({ targets = [] }) => targets));
    const withTraces = asked
      .filter(({ exemplar }) => exemplar === true)
      .map(({ expr }) => /(llmteam_\w+)_bucket/.exec(expr)?.[1]);
    const series = ['gateway_request_duration', 'queue_wait', 'segment_duration', 'step_duration'];
    assert.equal(
      [...new Set(withTraces)].sort(),
      series.map((name) => `llmteam_${name}_seconds`),
    );
  });
});

spec('the alerts of deploy/observe', (test) => {
  const names = [
    'TargetDown',
    'NoWorker',
    'BacklogGrows',
    'OldRuns',
    'CoordinatorLag',
    'ErrorRate',
    'TaskOverdue',
    'SpansLost',
  ];

  test('say what is wrong, how bad it is, and where the guide is', () => {
    const rules = alertRules();
    const expected = [...names, 'UnreadableMessages'].map((name) => `Llmteam${name}`);
    assert.equal([...new Set(rules.map(({ alert }) => alert))], expected);
    for (const { alert, labels, annotations } of rules) {
      assert.ok(['critical', 'warning'].includes(labels.severity), alert);
      assert.ok(annotations.summary !== '' && annotations.description !== '', alert);
      assert.is(annotations.runbook_url, `docs/guides/operate.md#${alert.toLowerCase()}`);
    }
  });
});

const programs = prometheusPrograms('the dashboards and alerts of deploy/observe on a Prometheus');
if (programs !== null) {
  spec('a Prometheus with the configuration of deploy/observe', (test) => {
    test('finds nothing wrong with it, and its alerts fire when they should', () => {
      assert.match(promtool(programs, 'check', 'config', join(observeFolder, 'prometheus.yml')), /1 rule files found/);
      assert.match(promtool(programs, 'check', 'rules', '--lint=all', '--lint-fatal', rulesFile), /SUCCESS/);
      const tests = join(root, 'tests/deploy/alerts.test.yml');
      assert.ok(existsSync(tests));
      for (const { alert } of alertRules()) assert.match(readFileSync(tests, 'utf8'), `alertname="${alert}"`);
      assert.match(promtool(programs, 'test', 'rules', tests), /SUCCESS/);
    });

    test(
      'has data for every panel and every alert after a mixed load',
      () =>
        withInstallation({}, async (installation) => {
          const load = await ObservedLoad.start(installation);
          const prometheus = await Prometheus.start(programs, installation.cli, load.ports);
          await load.run(prometheus);
          await alerted(prometheus, 'LlmteamNoWorker', 'queue', 'ledger@1');
          await alerted(prometheus, 'LlmteamSpansLost', 'job', 'gateway');
          assert.equal(await emptyQueriesBeside(load, prometheus), []);
          const exemplars = await prometheus.exemplars('llmteam_segment_duration_seconds_bucket');
          assert.ok(exemplars.some(({ trace_id }) => trace_id === traceId));
          await load.abandonTask();
          await alerted(prometheus, 'LlmteamTargetDown', 'job', 'coordinator');
          await alerted(prometheus, 'LlmteamTaskOverdue', 'tenant_id', 'acme');
        }),
      { timeoutMs: 180_000 },
    );
  });
}
