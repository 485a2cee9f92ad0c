// timeout: 600
// takes: 30
/** Every cache and list is bounded: neither many runs nor many steps make a process grow. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const runner = fileURLToPath(new URL('./memory-runner.js', import.meta.url));

function peak(what: 'steps' | 'runs', count: number): { peak_mb: number; statuses: Record<string, number> } {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-memory-'));
  try {
    return JSON.parse(execFileSync(process.execPath, [runner, what, String(count), folder], { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

spec('memory', (test) => {
  test(
    'a run of 10,000 steps stays under 300 MB',
    () => {
      const { peak_mb, statuses } = peak('steps', 10_000);
      console.log(`a run of 10,000 steps: ${peak_mb} MB`);
      assert.equal(statuses, { completed: 1 });
      assert.ok(peak_mb < 300, `${peak_mb} MB`);
    },
    { timeoutMs: 250_000 },
  );

  test(
    '10,000 small runs in a row stay under 300 MB',
    () => {
      const { peak_mb, statuses } = peak('runs', 10_000);
      console.log(`10,000 runs: ${peak_mb} MB`);
      assert.equal(statuses, { completed: 10_000 });
      assert.ok(peak_mb < 300, `${peak_mb} MB`);
    },
    { timeoutMs: 300_000 },
  );
});
