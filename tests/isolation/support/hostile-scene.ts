/**
 * All rows of the table at once, in every isolation that contains them, as one segment: besides steps that do nothing wrong, and a plugin that
 * leaks over a thousand calls.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Edge, Json, JsonObject, RunView, Segment, Step } from '@llmteam/contracts';
import type { Isolation } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { type HostileRow, hostileRows, isContained } from './hostile-table.js';

const fixture = join(import.meta.dirname, '../../../isolation/hostile');
const modes: readonly Isolation[] = ['inline', 'thread', 'process'];
const leakyModes: readonly Isolation[] = ['thread', 'process'];
const leakyCalls = 1_000;
/** Longer than the slowest row takes on a slow machine. */
const patienceSeconds = 240;

const secretOfEnvironment = 'the-secret-value';
const headerOfEnvironment = 'Bearer the-header-value';
export const hostileEnvironment = { KEY: secretOfEnvironment, HEADER: headerOfEnvironment };

/** Writes a copy of the plugin per mode into a folder. Returns the configuration. */
export function writeHostile(folder: string): JsonObject {
  const grant = { secrets: ['key'], clients: ['guarded'], stores: ['*'] };
  const plugins = modes.map((mode) => {
    const name = `hostile-${mode}`;
    const home = join(folder, 'plugins', name);
    cpSync(fixture, home, { recursive: true });
    const manifest = join(home, 'package.json');
    const description = JSON.parse(readFileSync(manifest, 'utf8'));
    const llmteam = { ...description.llmteam, name };
    writeFileSync(manifest, JSON.stringify({ ...description, name: `@llmteam-tests/${name}`, llmteam }));
    return { package: `./plugins/${name}`, isolation: mode, memory_mb: 64, unresponsive_seconds: 8, grant };
  });
  return {
    plugins,
    secrets: { key: 'env:KEY', other_key: 'env:KEY' },
    clients: { guarded: { base_url: 'https://api.example.com', headers: { authorization: 'env:HEADER' } } },
    stores: ['kept'],
  };
}

interface Placed {
  readonly row: HostileRow;
  readonly stepId: string;
  readonly step: Step;
}

const placed: readonly Placed[] = modes.flatMap((mode) =>
  hostileRows
    .filter((row) => isContained(row, mode))
    .map((row) => {
      const { name, config, timeout_seconds = patienceSeconds } = row;
      const stepId = `${name}_${mode}`;
      return { row, stepId, step: { step_id: stepId, type: `hostile_${mode}`, config, timeout_seconds } };
    }),
);

/** Steps that do nothing wrong, one after the other, while all others do. */
const calmChains = modes.map((mode) =>
  Array.from({ length: 8 }, (_, at): Step => {
    const config = { act: 'calm', ms: 500 };
    return { step_id: `calm_${mode}_${at}`, type: `hostile_${mode}`, config, timeout_seconds: patienceSeconds };
  }),
);
const other: Step = { step_id: 'other', type: 'transform', config: { expression: '1 + 1' } };
const calm: readonly Step[] = [...calmChains.flat(), other];

/** Every row, each with an edge for its failure, so that the run completes whatever they do. */
export function hostileSegment(): Segment {
  const leaking = leakyModes.flatMap((mode): Step[] => [
    { step_id: `leaky_${mode}`, type: 'map', config: { items: 'input.calls', concurrency: 5 } },
    { step_id: `leaks_${mode}`, type: `hostile_${mode}`, config: { act: 'leaks' }, timeout_seconds: patienceSeconds },
  ]);
  const begin: Step = { step_id: 'begin', type: 'transform', config: { expression: 'input' } };
  const firsts = [
    ...placed.map(({ stepId }) => stepId),
    ...calmChains.map(([first]) => first?.step_id as string),
    ...leakyModes.map((mode) => `leaky_${mode}`),
    other.step_id,
  ];
  const edges: Edge[] = [
    ...firsts.map((to) => ({ from: 'begin', to })),
    ...placed.map(({ stepId }) => ({ from: stepId, from_port: 'error', to: 'caught' })),
    ...calmChains.flatMap((chain) =>
      chain.slice(1).map(({ step_id }, at) => ({ from: chain[at]?.step_id as string, to: step_id })),
    ),
    ...leakyModes.flatMap((mode) => [
      { from: `leaky_${mode}`, from_port: 'body', to: `leaks_${mode}` },
      { from: `leaks_${mode}`, to: `leaky_${mode}`, to_port: 'next' },
    ]),
  ];
  return {
    segment_id: 'hostile',
    name: 'Hostile',
    entrypoint: 'begin',
    params: { max_retries: 0, timeout_seconds: null, on_failure: 'finish_branches' },
    steps: [
      begin,
      ...placed.map(({ step }) => step),
      ...calm,
      ...leaking,
      { step_id: 'caught', type: 'transform', config: { expression: '1' } },
    ],
    edges,
  } as Segment;
}

export const hostileInput = { list: ['given'], calls: Array.from({ length: leakyCalls }, (_, at) => at) };

/** Whether every row ended as the table says, and everybody else well. */
export function assertEnds(view: Pick<RunView, 'status' | 'steps' | 'output' | 'error'>): void {
  assert.is(view.status, 'completed', JSON.stringify(view.error));
  const byId = new Map(view.steps.map((step) => [step.step_id, step]));
  const endOf = (stepId: string): string => {
    const error = byId.get(stepId)?.error;
    if (error != null) return `${error.error_code}: ${error.error_message}`;
    return String(JSON.stringify((view.output as Record<string, Json>)[stepId]));
  };
  const wrong = placed.flatMap(({ row, stepId }) =>
    row.end.test(endOf(stepId)) ? [] : [`${stepId}: ${endOf(stepId).slice(0, 400)}, expected ${row.end}`],
  );
  const harmed = calm.flatMap(({ step_id }) =>
    byId.get(step_id)?.status === 'completed' ? [] : [`${step_id}: ${endOf(step_id)}`],
  );
  const leaky = leakyModes.flatMap((mode) => {
    const step = byId.get(`leaky_${mode}`);
    return step?.status === 'completed' ? [] : [`leaky_${mode}: ${endOf(`leaky_${mode}`)}`];
  });
  assert.equal([...wrong, ...harmed, ...leaky], []);
}

/** Nothing that was said, kept or logged may hold what is configured as secret. */
export function assertNoSecrets(told: Readonly<Record<string, string | Buffer>>): void {
  for (const [where, text] of Object.entries(told)) {
    for (const secret of [secretOfEnvironment, 'the-header-value']) {
      const at = text.indexOf(secret);
      assert.is(at, -1, `a secret in ${where}: …${String(text.slice(Math.max(0, at - 200), at + 50))}…`);
    }
  }
}
