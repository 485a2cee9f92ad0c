// own process: measures its memory
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Isolation } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withHostileCopy } from './support/hostile-copy.js';
import { endOf, withHostile } from './support/hostile-runtime.js';

const patience = { timeoutMs: 60_000 };
const isolated: readonly Isolation[] = ['thread', 'process'];

const outsiders = { '../../outside': '*', '../../../../..': '*', '.': '*' };

const nonsense = [
  'nonsense',
  'null',
  '[]',
  '{"did":"work","id":1,"work":1,"outcome":null}',
  '{"did":"run","work":1}',
  '{"tell":"log","level":"info","fields":{},"message":{"toString":1}}',
  '{"tell":"stray"}',
  '{"ask":"fetch","id":1,"work":1}',
];

spec('what hostile code says behind the back of the runtime', (test) => {
  for (const isolation of isolated) {
    test(
      `${isolation}: messages that make no sense end at most the attempt`,
      () =>
        withHostile(isolation, async (hostile) => {
          for (const text of nonsense) {
            const end = endOf(await hostile.act('says', { config: { texts: [text] } }));
            assert.match(end, /^1$|^STEP_CRASHED: |^STEP_FAILED: |^STEP_RESULT_INVALID: /, text);
          }
          assert.is((await hostile.calm(0)).status, 'completed');
        }),
      patience,
    );

    test(
      `${isolation}: an error that it says another run caused is not logged as that run's`,
      () =>
        withHostile(isolation, async (hostile) => {
          const cause = { run_id: 'another-run', step_id: 'a', attempt: 1, is_running: false };
          const stray = { tell: 'stray', error: { error_code: 'STEP_FAILED', error_message: 'forged' }, cause };
          await hostile.act('says', { config: { texts: [JSON.stringify(stray)] } });
          const lines = hostile.logged.filter((line) => line.includes('forged'));
          assert.is(lines.length, 1, lines.join('\n'));
          assert.not.match(String(lines[0]), 'another-run');
        }),
      patience,
    );

    test(
      `${isolation}: a message of too many parts is not even parsed`,
      () =>
        withHostile(isolation, async (hostile) => {
          assert.match(endOf(await hostile.act('bomb')), /^STEP_CRASHED: .*too many parts/);
        }),
      patience,
    );

    test(
      `${isolation}: what it asks for and does not read does not fill the memory of the host`,
      () =>
        withHostile(
          isolation,
          async (hostile) => {
            const before = process.memoryUsage.rss();
            const end = endOf(await hostile.act('ignores'));
            assert.is(end, "STEP_CRASHED: plugin 'hostile' did not read what it was sent while the step ran");
            const grownMb = (process.memoryUsage.rss() - before) / 1024 / 1024;
            assert.ok(grownMb < 600, `${grownMb} MB more`);
            assert.is((await hostile.calm(0)).status, 'completed');
          },
          { grant: { stores: ['*'] } },
        ),
      patience,
    );

    test(
      `${isolation}: a flood of tokens ends with its attempt`,
      () =>
        withHostile(isolation, async (hostile) => {
          const end = endOf(await hostile.act('streams', { timeout_seconds: 5 }));
          assert.match(end, /^STEP_(CRASHED|TIMEOUT): /);
          assert.is((await hostile.calm(0)).status, 'completed');
        }),
      patience,
    );

    test(
      `${isolation}: no handle of a process can be had`,
      () =>
        withHostile(isolation, async (hostile) => {
          assert.is(endOf(await hostile.act('handles')), '"PERMISSION_DENIED"');
        }),
      patience,
    );
  }

  test(
    'process: with a link out of its package it is not even loaded',
    () =>
      withHostileCopy({}, async (folder) => {
        symlinkSync('/', join(folder, 'assets'));
        const error = await withHostile('process', async () => undefined, { package: folder }).catch(
          (thrown) => thrown,
        );
        assert.is(error?.code, 'PLUGIN_INVALID');
        assert.match(error.message, /the link '.*\/assets' leads to '\/', which is outside/);
      }),
    patience,
  );

  test(
    'process: what is no name of a package opens no folder',
    () =>
      withHostileCopy({ optionalDependencies: outsiders }, (folder) => {
        const path = join(folder, '../outside/package.json');
        mkdirSync(join(folder, 'node_modules'));
        mkdirSync(join(folder, '../outside'));
        writeFileSync(path, '{}');
        return withHostile(
          'process',
          async (hostile) => {
            const { output } = await hostile.act('files', { config: { path } });
            assert.equal(output, ['ERR_ACCESS_DENIED', 'ERR_ACCESS_DENIED']);
          },
          { package: folder },
        );
      }),
    patience,
  );
});
