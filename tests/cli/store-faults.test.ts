import * as assert from 'uvu/assert';
import { not_tested_here } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import { json_of, with_cli } from './support/cli.js';
import { chain, transform } from './support/segments.js';

const patience = { timeout_ms: 120_000 };
const long = chain(
  'long',
  Array.from({ length: 1_500 }, (_, place) => transform(`s${place}`, "'some text to fill the journal'")),
);

spec('a store that fails', (test) => {
  test(
    'ends the command with 1 and the way to go on; afterwards the run is continued to its end',
    () =>
      with_cli(async ({ write, call }) => {
        if (process.platform === 'win32') return not_tested_here('a store that cannot grow', 'Windows has no ulimit');
        const failed = await call(['run', write('long.json', long), '--quiet'], { file_blocks: 400 });
        assert.is(failed.code, 1);
        assert.is(failed.stdout, '');
        assert.match(failed.stderr, /^error STORE_(FULL|FAILED): /);
        const [, run_id = ''] = /can be continued with: llmteam runs resume (\S+)/.exec(failed.stderr) ?? [];
        const resumed = await call(['runs', 'resume', run_id]);
        assert.is(resumed.code, 0, resumed.stderr);
        assert.is(json_of(resumed).steps_completed, 1_500);
      }),
    patience,
  );

  test(
    'a home that cannot be made is told',
    () =>
      with_cli(async ({ write, call }) => {
        write('file', 'no folder');
        const ended = await call(['run', write('long.json', long), '--home', 'file/home']);
        assert.is(ended.code, 1);
        assert.match(
          ended.stderr,
          /^error FILE_UNREADABLE: cannot use the folder '.*': part of the path is not a folder\n$/,
        );
      }),
    patience,
  );
});
