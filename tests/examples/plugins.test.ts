// timeout: 600
// takes: 60
/** Every folder of examples/plugins is a package of its own: its tests, its check and its example run in a copy, as its author runs them. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { linkModules } from '../support/linked-modules.js';
import { spec } from '../support/spec.js';
import { root } from './llmteam-process.js';

const outputs: Readonly<Record<string, unknown>> = { wordcount: 2, quorum: [], echo: 'SAY HELLO' };

spec('example plugins', (test) => {
  test('each is run by this test', () => {
    assert.equal(readdirSync(join(root, 'examples/plugins')).sort(), Object.keys(outputs).sort());
  });

  for (const [name, output] of Object.entries(outputs)) {
    test(
      `${name}: lints, tests, passes its check and runs its example`,
      () => {
        const folder = mkdtempSync(join(tmpdir(), 'llmteam-example-'));
        const run = (program: string, ...args: readonly string[]): string => {
          const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
          assert.is(status, 0, stdout + stderr);
          return stdout;
        };
        try {
          cpSync(join(root, 'examples/plugins', name), folder, { recursive: true });
          linkModules(folder);
          run('npm', 'run', 'lint');
          run('npm', 'test');
          run('npm', 'run', 'check');
          const llmteam = join(root, 'clients/cli/bin/llmteam.js');
          const result = JSON.parse(run(process.execPath, llmteam, 'run', 'example.json', '-i', 'input.json', '-q'));
          assert.equal(result.output, output);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
      { timeoutMs: 240_000 },
    );
  }
});
