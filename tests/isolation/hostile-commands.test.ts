// timeout: 600
// takes: 90
/** The table of docs/isolation.md in `llmteam run` and `llmteam dev`: all rows at once, in all modes, and nothing on stdout but results. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { type Cli, type Ended, jsonOf, resultOf, withCli } from '../cli/support/cli.js';
import { startDev } from '../cli/support/dev-service.js';
import { spec } from '../support/spec.js';
import {
  assertEnds,
  assertNoSecrets,
  hostileEnvironment as environment,
  hostileInput,
  hostileSegment,
  writeHostile,
} from './support/hostile-scene.js';

const patience = { timeoutMs: 290_000 };

function write(cli: Cli): void {
  cli.write('llmteam.config.json', writeHostile(cli.folder));
  cli.write('hostile.json', hostileSegment());
  cli.write('input.json', hostileInput);
}

function runAll(cli: Cli): Promise<Ended> {
  return cli.call(['run', 'hostile.json', '--input', 'input.json', '--json'], { environment });
}

async function viewOf(cli: Cli, runId: string): Promise<RunView> {
  return jsonOf<RunView>(await cli.call(['runs', 'show', runId, '--json'], { environment }));
}

/** Every line is JSON, whatever plugins print. */
function assertPure(stdout: string): void {
  for (const line of stdout.trimEnd().split('\n')) assert.not.throws(() => JSON.parse(line), line.slice(0, 200));
}

/** What is kept of the run: the files of its store. */
function keptIn(folder: string): Record<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return Object.fromEntries(files.filter((file) => statSync(file).isFile()).map((file) => [file, readFileSync(file)]));
}

spec('the table of isolation on the command line', (test) => {
  test(
    'run: every row ends as the table says, nothing but results is on stdout, and no secret is anywhere',
    () =>
      withCli(async (cli) => {
        write(cli);
        const ended = await runAll(cli);
        assert.is(ended.code, 0, ended.stderr.slice(-2_000));
        assertPure(ended.stdout);
        const { run_id, output, status, error } = resultOf(ended);
        const view = await viewOf(cli, run_id);
        assertEnds({ output, status, error, steps: view.steps });
        assertNoSecrets({ ...keptIn(join(cli.folder, '.llmteam')), stdout: ended.stdout, stderr: ended.stderr });
      }),
    patience,
  );

  test(
    'dev: every row ends as the table says, dev goes on, and no secret is anywhere',
    () =>
      withCli(async (cli) => {
        write(cli);
        const dev = await startDev(cli, '0', [], environment);
        const ended = await runAll(cli);
        assert.is(ended.code, 0, ended.stderr.slice(-2_000));
        assertPure(ended.stdout);
        const { run_id, output, status, error } = resultOf(ended);
        const view = await viewOf(cli, run_id);
        assertEnds({ output, status, error, steps: view.steps });
        assert.is((await fetch(dev.url)).ok, true);
        const { stdout, stderr } = await dev.stop();
        assertNoSecrets({ ...keptIn(join(cli.folder, '.llmteam')), stdout, stderr, run: ended.stdout + ended.stderr });
      }),
    patience,
  );
});
