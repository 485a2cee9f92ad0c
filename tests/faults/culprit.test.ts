/** Who a crash of the owner of a local store counts against. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { LocalStores } from '@llmteam/embedded';
import { loadConfig } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { withCli } from '../cli/support/cli.js';
import { writeDeadlyPlugin } from '../cli/support/deadly-plugin.js';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';

/** The steps that a crash counted against, in alphabetical order. */
async function countedSteps(culprit: 'known' | 'unknown'): Promise<string[]> {
  const steps: string[] = [];
  await withCli(async ({ folder, write }) => {
    writeDeadlyPlugin({ write });
    const home = join(folder, '.llmteam');
    const config = join(folder, 'llmteam.config.json');
    const runner = join(import.meta.dirname, 'culprit-runner.js');
    const { status, stderr } = spawnSync(process.execPath, [runner, home, config, culprit], { cwd: folder });
    assert.is(status, 3, String(stderr));
    const store = await new LocalStores({ home, config: loadConfig(config), log: quietLogger }).openAny();
    for (const { key } of await store.kv.list('crashed/')) steps.push(/\/([a-z]+)#1$/.exec(key)?.[1] ?? key);
    await store.close();
    const again = await new LocalStores({ home, config: loadConfig(config), log: quietLogger }).openAny();
    const times = (await again.kv.list('crashed/')).map(({ value }) => (value as { times?: number }).times);
    assert.equal(
      times,
      steps.map(() => 1),
      'a note counts once',
    );
    await again.close();
  });
  return steps.sort();
}

spec('a crash of the owner of a store', (test) => {
  test('counts against the culprit alone if it is known', async () => {
    assert.equal(await countedSteps('known'), ['one']);
  });

  test('counts against all that ran if it is not', async () => {
    assert.equal(await countedSteps('unknown'), ['one', 'three', 'two']);
  });
});
