/**
 * Every folder of examples/ contains a segment of the same name, `input.json`, `expected.json` and a picture, `graph.svg`.
 * `UPDATE_EXAMPLES=1` updates `expected.json` and the pictures; review the diff.
 */
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView, Segment } from '@llmteam/contracts';
import { drawSvg } from 'llmteam';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Finished, type Llmteam, root, startNode, untilThere, withLlmteam } from './llmteam-process.js';

const folder = join(root, 'examples');
const updates = process.env.UPDATE_EXAMPLES === '1';
const timeoutMs = 90_000;

/** How an example is run, and what happens outside meanwhile. */
type Play = (llmteam: Llmteam, files: readonly string[]) => Promise<Finished>;

const plays: Readonly<Record<string, Play>> = {
  article_writer: (llmteam, files) => llmteam.run('run', ...files),
  branch_and_merge: (llmteam, files) => llmteam.run('run', ...files),
  subworkflow: (llmteam, files) => llmteam.run('run', ...files),
  map_http: runWithPageServer,
  research_review: runAndApprove,
};

/** Starts the example's own server on a free port and writes a configuration for it. */
async function runWithPageServer(llmteam: Llmteam, files: readonly string[]): Promise<Finished> {
  const server = startNode([join(folder, 'map_http/server.mjs'), '0']);
  try {
    const [line] = (await once(server.process.stdout as NodeJS.ReadableStream, 'data')) as [string];
    const config = readFileSync(join(folder, 'llmteam.config.json'), 'utf8');
    const path = join(llmteam.home, 'llmteam.config.json');
    writeFileSync(path, config.replace(/"base_url": "http:[^"]*"/, `"base_url": "${line.trim()}"`));
    return await llmteam.run('run', ...files, '--config', path);
  } finally {
    server.process.kill();
    await server.finished;
  }
}

/** Another process answers the human task while the run waits. */
async function runAndApprove(llmteam: Llmteam, files: readonly string[]): Promise<Finished> {
  const run = llmteam.start('run', ...files);
  const taskId = await untilThere(async () => {
    const { stdout } = await llmteam.run('tasks', 'list', '--status', 'open', '--json');
    const { tasks } = JSON.parse(stdout) as { tasks: { task_id: string }[] };
    return tasks[0]?.task_id;
  });
  const answer = await llmteam.run('tasks', 'answer', taskId, '--approve', '--by', 'editor', '--comment', 'Good.');
  assert.is(answer.code, 0, answer.stderr);
  return run.finished;
}

/** The deterministic part of a result. */
function stablePart(result: string): string {
  const { status, output, steps_completed } = JSON.parse(result) as Record<string, unknown>;
  return `${JSON.stringify({ status, output, steps_completed }, null, 2)}\n`;
}

function compareWithFile(path: string, text: string): void {
  if (updates) writeFileSync(path, text);
  assert.is(readFileSync(path, 'utf8'), text, `${path} is stale`);
}

spec('examples', (test) => {
  test('every folder is run by this test', () => {
    const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    // plugins.test.ts runs those of `plugins`, tests/conformance/outside.test.ts that of `backends`.
    assert.equal(folders.map(({ name }) => name).sort(), [...Object.keys(plays), 'backends', 'plugins'].sort());
  });

  for (const [name, play] of Object.entries(plays)) {
    const segment = join(folder, name, `${name}.json`);
    const files = [segment, '-i', join(folder, name, 'input.json')];

    test(
      `${name}: has no problem, not even a hint`,
      async () => {
        await withLlmteam(async (llmteam) => {
          const { code, stdout, stderr } = await llmteam.run('validate', segment, '--json');
          assert.is(code, 0, stdout + stderr);
          assert.equal(JSON.parse(stdout), { valid: true, problems: [] });
        });
      },
      { timeoutMs },
    );

    test(
      `${name}: runs to what expected.json says`,
      async () => {
        await withLlmteam(async (llmteam) => {
          const { code, stdout, stderr } = await play(llmteam, files);
          assert.is(code, 0, stdout + stderr);
          compareWithFile(join(folder, name, 'expected.json'), stablePart(stdout));
        });
      },
      { timeoutMs },
    );

    test(
      `${name}: graph.svg is what the command line draws`,
      async () => {
        await withLlmteam(async (llmteam) => {
          const { code, stdout, stderr } = await llmteam.run('graph', segment);
          assert.is(code, 0, stderr);
          compareWithFile(join(folder, name, 'graph.svg'), stdout);
        });
      },
      { timeoutMs },
    );
  }

  test(
    'the picture in the README is that of a run of research_review',
    async () => {
      await withLlmteam(async (llmteam) => {
        const segment = join(folder, 'research_review/research_review.json');
        const run = await runAndApprove(llmteam, [segment, '-i', join(folder, 'research_review/input.json')]);
        const { run_id } = JSON.parse(run.stdout) as { run_id: string };
        const { code, stdout, stderr } = await llmteam.run('runs', 'show', run_id, '--json');
        assert.is(code, 0, stderr);
        // The picture contains the run's id and duration, and their length determines its width.
        const view: RunView = { ...(JSON.parse(stdout) as RunView), run_id: 'example', duration_ms: 1_200 };
        const picture = drawSvg(JSON.parse(readFileSync(segment, 'utf8')) as Segment, { view });
        const path = join(root, 'docs/img/research_review.svg');
        if (updates) writeFileSync(path, picture);
        assert.is(readFileSync(path, 'utf8'), picture, `${path} is stale`);
      });
    },
    { timeoutMs },
  );

  test(
    'a page that a step cannot fetch fails the run if no edge catches the error',
    async () => {
      await withLlmteam(async (llmteam) => {
        const text = readFileSync(join(folder, 'map_http/map_http.json'), 'utf8');
        const segment = JSON.parse(text) as { edges: { from_port?: string }[]; steps: { step_id: string }[] };
        const uncaught = {
          ...segment,
          steps: segment.steps.filter(({ step_id }) => step_id !== 'missing'),
          edges: segment.edges.filter((edge) => !JSON.stringify(edge).includes('"missing"')),
        };
        const path = join(llmteam.home, 'uncaught.json');
        writeFileSync(path, JSON.stringify(uncaught));
        const input = join(folder, 'map_http/input.json');
        const { code, stdout } = await runWithPageServer(llmteam, [path, '-i', input]);
        assert.is(code, 1);
        const result = JSON.parse(stdout) as { status: string; error: { error_code: string; error_message: string } };
        assert.is(result.status, 'failed');
        assert.is(result.error.error_code, 'ITERATION_FAILED');
        assert.match(result.error.error_message, /404/);
      });
    },
    { timeoutMs },
  );
});
