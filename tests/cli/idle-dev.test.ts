import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Cli, withCli } from './support/cli.js';
import { startDev } from './support/dev-service.js';

const patience = { timeoutMs: 60_000 };

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { count: number }[] }[];
  }[];
}

/** How often the checks of a route were compiled by an `llmteam dev` that got these requests, according to V8 coverage. */
async function compiledChecks(cli: Cli, paths: readonly string[]): Promise<number> {
  const folder = join(cli.folder, 'coverage');
  const dev = await startDev(cli, '0', [], { NODE_V8_COVERAGE: folder });
  for (const path of paths) await (await fetch(dev.url + path)).text();
  await dev.stop();
  const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage);
  const functions = reports.flatMap(({ result }) => result.flatMap((script) => script.functions));
  const compiling = functions.filter(({ functionName }) => functionName === 'RequestChecks');
  return compiling.reduce((sum, { ranges }) => sum + (ranges[0]?.count ?? 0), 0);
}

/** Writes the megabytes of V8's young generation when the process ends: as it is, and after 64 MB that all survived. */
const weighing = `
  const { writeFileSync } = require('node:fs');
  const { getHeapSpaceStatistics } = require('node:v8');
  const megabytes = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size / 2 ** 20;
  process.on('exit', () => {
    const idle = megabytes();
    const kept = Array.from({ length: 1_000 }, () => Array.from({ length: 1_000 }, (_, index) => ({ index })));
    writeFileSync('weights.json', JSON.stringify({ idle, loaded: kept.length > 0 ? megabytes() : 0 }));
  });
`;

spec('an idle llmteam dev', (test) => {
  test(
    'has compiled the checks of the routes that were asked for, and of no other',
    () => withCli(async (cli) => assert.is(await compiledChecks(cli, ['/health', '/ready', '/health']), 2)),
    patience,
  );

  test(
    'has the young generation of a process that starts, which grows under load',
    () =>
      withCli(async (cli) => {
        const preload = cli.write('weighing.cjs', weighing);
        const dev = await startDev(cli, '0', [], { NODE_OPTIONS: `--require ${preload}` });
        await dev.stop();
        const { idle, loaded } = JSON.parse(readFileSync(join(cli.folder, 'weights.json'), 'utf8'));
        assert.ok(idle <= 4, `${idle} MB when idle`);
        assert.ok(loaded >= 2 * idle, `${loaded} MB under load, ${idle} MB when idle`);
      }),
    patience,
  );
});
