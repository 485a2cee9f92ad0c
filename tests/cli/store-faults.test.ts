import * as assert from 'uvu/assert';
import { notTestedHere } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import { jsonOf, withCli } from './support/cli.js';
import { chain, transform } from './support/segments.js';

const patience = { timeoutMs: 120_000 };
const long = chain(
  'long',
  Array.from({ length: 1_500 }, (_, place) => transform(`s${place}`, "'some text to fill the journal'")),
);

spec('a store that fails', (test) => {
  test(
    'ends the command with 1 and the way to go on; afterwards the run is continued to its end',
    () =>
      withCli(async ({ write, call }) => {
        if (process.platform === 'win32') return notTestedHere('a store that cannot grow', 'Windows has no ulimit');
        const failed = await call(['run', write('long.json', long), '--quiet'], { fileBlocks: 700 });
        assert.is(failed.code, 1);
        assert.is(failed.stdout, '');
        assert.match(failed.stderr, /^error STORE_(FULL|FAILED): /);
        const [, runId = ''] = /can be resumed with: llmteam runs resume (\S+)/.exec(failed.stderr) ?? [];
        const resumed = await call(['runs', 'resume', runId]);
        assert.is(resumed.code, 0, resumed.stderr);
        assert.is(jsonOf(resumed).steps_completed, 1_500);
      }),
    patience,
  );

  test(
    'a home that cannot be made is told',
    () =>
      withCli(async ({ write, call }) => {
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
