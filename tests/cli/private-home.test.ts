import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { echo } from '../gateway/support/segments.js';
import { spec } from '../support/spec.js';
import { withCli } from './support/cli.js';
import { startDev } from './support/dev-service.js';

/** Paths below a folder, and the folder itself, that others than their user may use. */
function openToOthers(folder: string): string[] {
  const below = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return [folder, ...below].filter((path) => (statSync(path).mode & 0o077) !== 0);
}

spec('the home folder', (test) => {
  test(
    'is for its user only, with everything that runs and a service leave in it',
    async () => {
      await withCli(async (cli) => {
        const home = join(cli.folder, '.llmteam');
        const file = cli.write('echo.json', echo);
        assert.is((await cli.call(['run', file, '-j', '{"a":1}'])).code, 0);
        const running = await startDev(cli);
        const client = new LlmteamClient({ url: running.url, key: String(running.key) });
        await client.storeSegment(echo);
        // Large enough for a blob.
        await client.startRun('echo', { input_data: { text: 'x'.repeat(500_000) } }, { wait: 20 });
        const names = readdirSync(home, { recursive: true, encoding: 'utf8' });
        for (const part of ['journal.db', 'journal.db-wal', 'owner.sock', 'run-configs', 'blobs/']) {
          assert.ok(
            names.some((name) => name.includes(part)),
            `${part} in ${names.join(' ')}`,
          );
        }
        assert.equal(openToOthers(home), []);
        await running.stop();
        assert.equal(openToOthers(home), []);
      });
    },
    { timeoutMs: 60_000 },
  );
});
