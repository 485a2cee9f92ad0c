// takes: 10
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { jsonOf, withCli } from './support/cli.js';
import { askingAt, startDev } from './support/dev-service.js';
import { approval, chain, doubling } from './support/segments.js';

const patience = { timeoutMs: 120_000 };
const asking = chain('asking', [approval('ask', 'Really?')], { params: { timeout_seconds: null } });

spec('the beginning of an id', (test) => {
  test(
    'names the run in every command that takes one, in a folder and at a gateway',
    () =>
      withCli(async (cli) => {
        const running = await startDev(cli);
        const { run_id } = jsonOf(await cli.call(['run', cli.write('doubling.json', doubling)]));
        const short = run_id.slice(0, 6);
        for (const options of [{}, askingAt(running.url, running.key)]) {
          const shown = await cli.call(['runs', 'show', short, '--json'], options);
          assert.is(jsonOf(shown).run_id, run_id, shown.stderr);
          assert.is((await cli.call(['runs', 'resume', short, '-q'], options)).code, 0);
          assert.match((await cli.call(['runs', 'events', short], options)).stdout, /segment\.completed/);
        }
        const drawn = await cli.call(['graph', 'doubling.json', '--format', 'mermaid', '--run', short]);
        assert.match(drawn.stdout, /completed/);
        await running.stop();
      }),
    patience,
  );

  test(
    'that several runs share lists them, and one that no run has is unknown',
    () =>
      withCli(async (cli) => {
        cli.write('doubling.json', doubling);
        // Among 17 ids two begin alike.
        const ids: string[] = [];
        while (new Set(ids.map((id) => id[0])).size === ids.length) {
          ids.push(jsonOf(await cli.call(['run', 'doubling.json'])).run_id);
        }
        const first = ids.at(-1)?.[0] ?? '';
        const alike = ids.filter((id) => id.startsWith(first));
        const ambiguous = await cli.call(['runs', 'show', first]);
        assert.is(ambiguous.code, 2);
        assert.match(ambiguous.stderr, `error USAGE: '${first}' could be any of 2 runs:\n`);
        for (const id of alike) assert.match(ambiguous.stderr, id);
        const unknown = await cli.call(['runs', 'show', 'zz']);
        assert.is(unknown.code, 1);
        assert.match(unknown.stderr, /^error RUN_UNKNOWN: there is no run 'zz'/);
      }),
    patience,
  );

  test(
    'names the task: of its run alone, or with the step',
    () =>
      withCli(async (cli) => {
        const started = cli.start(['run', cli.write('asking.json', asking), '--json']);
        const { run_id } = await started.event('human.task_created');
        for (const short of [run_id.slice(0, 5), `${run_id.slice(0, 5)}:ask`, `${run_id.slice(0, 5)}:a`]) {
          assert.match((await cli.call(['tasks', 'show', short])).stdout, `${run_id}:ask`);
        }
        const answered = await cli.call(['tasks', 'answer', run_id.slice(0, 5), '--approve']);
        assert.is(answered.code, 0, answered.stderr);
        assert.is((await started.ended).code, 0);
        assert.match((await cli.call(['tasks', 'show', 'zz'])).stderr, /^error TASK_UNKNOWN/);
      }),
    patience,
  );
});
