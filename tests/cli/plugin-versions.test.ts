// takes: 15
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginPage, VersionUse } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { type Installed, install } from '../support/installed-plugins.js';
import { spec } from '../support/spec.js';
import { type Cli, jsonOf, resultOf, withCli } from './support/cli.js';
import { askingAt, startDev } from './support/dev-service.js';
import { chain } from './support/segments.js';

const patience = { timeoutMs: 120_000 };

const first: Installed = {
  alias: 'acme-ocr',
  packageName: '@acme/llmteam-ocr',
  name: 'ocr',
  version: '1.4.0',
  types: ['ocr'],
  providers: ['acme'],
};
const second: Installed = { ...first, alias: 'acme-ocr-v2', version: '2.0.0', providers: [] };

const scan = chain(
  'scan',
  [
    { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } },
    { step_id: 'read', type: 'ocr@1' },
  ],
  { params: { timeout_seconds: null } },
);

function configure({ write, folder }: Cli, plugins: readonly Installed[]): void {
  for (const one of plugins) install(folder, one);
  write('llmteam.config.json', {
    plugins: plugins.map(({ alias }) => ({ package: alias, isolation: 'inline' })),
    llms: { default: { provider: 'offline' } },
  });
}

interface Removal {
  readonly is_removable: boolean;
  readonly needed: readonly VersionUse[];
}

spec('versions of plugins on the command line', (test) => {
  test(
    'plugin list says what is loaded and what live runs need; remove --check and doctor fail with the list',
    () =>
      withCli(async (cli) => {
        configure(cli, [first, second]);
        const running = cli.start(['run', cli.write('scan.json', scan), '--json']);
        const { run_id } = await running.event('step.started', 'wait');
        running.signal('SIGKILL');
        await running.ended;

        const page = jsonOf<PluginPage>(await cli.call(['plugin', 'list', '--json']));
        const ocr = page.plugins.filter(({ name }) => name === 'ocr');
        assert.equal(
          ocr.map(({ version, package: from, isolation, granted }) => [version, from, isolation, granted]),
          [
            ['1.4.0', 'acme-ocr', 'inline', []],
            ['2.0.0', 'acme-ocr-v2', 'inline', []],
          ],
        );
        const used = page.versions.filter(({ type_id }) => type_id === 'ocr');
        assert.equal(
          used.map(({ version, runs, is_provided }) => [version, runs, is_provided]),
          [['1.4.0', [run_id], true]],
        );
        const shown = await cli.call(['plugin', 'list']);
        assert.match(shown.stdout, /^ocr +1\.4\.0 +inline +ocr +acme$/m);
        assert.match(shown.stdout, /^ocr +1\.4\.0 +1\s*$/m, shown.stdout);

        const [needed, free, unknown, unchecked] = await Promise.all([
          cli.call(['plugin', 'remove', 'ocr@1', '--check']),
          cli.call(['plugin', 'remove', 'ocr@2', '--check', '--json']),
          cli.call(['plugin', 'remove', 'ocr@3', '--check']),
          cli.call(['plugin', 'remove', 'ocr@1']),
        ]);
        assert.is(needed.code, 1, needed.stderr);
        assert.is(needed.stdout, `ocr 1.4.0 cannot be removed:\n  ocr 1.4.0: run ${run_id}\n`);
        assert.is(free.code, 0, free.stderr);
        assert.equal([jsonOf<Removal>(free).is_removable, jsonOf<Removal>(free).needed], [true, []]);
        assert.equal([unknown.code, unchecked.code], [2, 2]);
        assert.match(unknown.stderr, /no loaded plugin is 'ocr@3'; loaded: .*ocr@1\.4\.0, ocr@2\.0\.0/);
        assert.match(unchecked.stderr, /take its entry out of 'plugins'/);

        assert.match((await cli.call(['doctor'])).stdout, /^ok {7}versions: every version/m);
        configure(cli, [second]);
        rmSync(join(cli.folder, 'node_modules/acme-ocr'), { recursive: true });
        const orphaned = await cli.call(['doctor']);
        assert.is(orphaned.code, 1, orphaned.stdout);
        assert.match(
          orphaned.stdout,
          new RegExp(`^problem {2}versions: nothing provides ocr 1\\.4\\.0: run ${run_id}$`, 'm'),
        );
      }),
    patience,
  );

  test(
    'a run goes on with another version of the same major',
    () =>
      withCli(async (cli) => {
        configure(cli, [first]);
        const running = cli.start(['run', cli.write('scan.json', scan), '--json']);
        const { run_id } = await running.event('step.started', 'wait');
        running.signal('SIGKILL');
        await running.ended;

        configure(cli, [{ ...first, version: '1.5.0', run: "return { output: 'read by 1.5.0' };" }]);
        assert.match((await cli.call(['doctor'])).stdout, /^ok {7}versions: every version/m);
        await cli.call(['runs', 'signal', run_id, 'go']);
        const resumed = await cli.call(['runs', 'resume', run_id, '--json']);
        assert.is(resultOf(resumed).output, 'read by 1.5.0', resumed.stderr);
      }),
    patience,
  );

  test(
    'at a gateway they say what its workers have, and stored segments count too',
    () =>
      withCli(async (cli) => {
        configure(cli, [first, second]);
        const dev = await startDev(cli);
        const there = askingAt(dev.url, dev.key);
        await cli.call(['run', cli.write('scan.json', scan), '--timeout', '1'], there);
        const [listed, needed, free, older] = await Promise.all([
          cli.call(['plugin', 'list', '--json'], there),
          cli.call(['plugin', 'remove', 'ocr@1', '--check', '--json'], there),
          cli.call(['plugin', 'remove', 'ocr@2', '--check'], there),
          cli.call(['catalog', 'ocr@1', '--json'], there),
        ]);
        const { plugins } = jsonOf<PluginPage>(listed);
        assert.equal(
          plugins.filter(({ name }) => name === 'ocr').map(({ version, workers }) => [version, workers]),
          [
            ['2.0.0', 1],
            ['1.4.0', 1],
          ],
        );
        assert.is(needed.code, 1, needed.stderr);
        assert.equal(
          jsonOf<Removal>(needed).needed.map(({ type_id, segments }) => [type_id, segments]),
          [['ocr', ['scan']]],
        );
        assert.is(free.code, 0, free.stderr);
        assert.is(jsonOf<{ version: string }>(older).version, '1.4.0');
        await dev.stop();
      }),
    patience,
  );
});
