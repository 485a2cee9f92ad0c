// takes: 10
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { jsonOf, withCli } from './support/cli.js';
import { doubling, waiting } from './support/segments.js';

const patience = { timeoutMs: 120_000 };

spec('several commands in one folder', (test) => {
  test(
    'five runs at once do not disturb each other, and all of them are listed',
    () =>
      withCli(async ({ write, call }) => {
        write('doubling.json', doubling);
        const ended = await Promise.all(
          [1, 2, 3, 4, 5].map((n) => call(['run', 'doubling.json', '-j', `{"n": ${n}}`])),
        );
        const results = ended.map((one) => jsonOf(one));
        assert.equal(
          results.map(({ output }) => output),
          [1, 2, 3, 4, 5].map((n) => ({ doubled: 2 * n })),
        );
        const { runs } = jsonOf<{ runs: { run_id: string }[] }>(await call(['runs', 'list', '--json']));
        assert.equal(new Set(runs.map(({ run_id }) => run_id)), new Set(results.map(({ run_id }) => run_id)));
      }),
    patience,
  );

  test(
    'lists and looks work while runs are under way, over the stores of all of them',
    () =>
      withCli(async ({ write, start, call }) => {
        write('waiting.json', waiting);
        const started = [1, 2, 3].map(() => start(['run', 'waiting.json', '--json']));
        const ids = await Promise.all(started.map(async (one) => (await one.event('step.waiting', 'wait')).run_id));
        const { runs } = jsonOf<{ runs: { run_id: string; status: string }[] }>(await call(['runs', 'list', '--json']));
        assert.equal(new Set(runs.map(({ run_id }) => run_id)), new Set(ids));
        assert.ok(runs.every(({ status }) => status === 'running'));
        for (const id of ids) assert.is((await call(['runs', 'signal', id, 'go'])).code, 0);
        for (const one of started) assert.is((await one.ended).code, 0);
      }),
    patience,
  );
});
