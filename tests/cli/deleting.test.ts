import type { RunView } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { jsonOf, withCli } from './support/cli.js';
import { doubling } from './support/segments.js';

const patience = { timeoutMs: 120_000 };

spec('llmteam runs delete', (test) => {
  test(
    'deletes a local run for good, also from an index that is rebuilt, and needs --yes where nobody can be asked',
    () =>
      withCli(async ({ write, call }) => {
        write('doubling.json', doubling);
        const [first, second] = [
          jsonOf(await call(['run', 'doubling.json'])),
          jsonOf(await call(['run', 'doubling.json'])),
        ];
        const asked = await call(['runs', 'delete', first.run_id]);
        assert.is(asked.code, 2);
        assert.match(asked.stderr, '--yes');
        const deleted = await call(['runs', 'delete', first.run_id, '--yes']);
        assert.equal([deleted.code, deleted.stderr], [0, `Run ${first.run_id} is deleted.\n`]);
        const shown = await call(['runs', 'show', first.run_id]);
        assert.is(shown.code, 1);
        assert.match(shown.stderr, 'RUN_UNKNOWN');
        assert.is((await call(['index', 'rebuild'])).code, 0);
        const { runs } = jsonOf<{ runs: RunView[] }>(await call(['runs', 'list', '--json']));
        assert.equal(
          runs.map(({ run_id }) => run_id),
          [second.run_id],
        );
        assert.is((await call(['runs', 'show', second.run_id])).code, 0);
      }),
    patience,
  );
});
