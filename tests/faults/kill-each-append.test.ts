// timeout: 900
// takes: 40
// own process: is loaded with `await`
/** Dies at each append of three runs, before and after it is stored; the rest of the run must not be affected. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { bundleRunner } from './bundled-runner.js';
import { withFaultHome } from './fault-home.js';
import type { Orders } from './kill-runner.js';
import { executions } from './ledger.js';
import { readReports } from './read-reports.js';

const runner = await bundleRunner();
process.on('exit', () => rmSync(runner, { force: true }));

/** Dying before an append is the same as dying after the previous one was stored, so one segment is enough for that case. */
const cases = [
  ['chain.json', 'asked'],
  ['chain.json', 'kept'],
  ['loops.json', 'kept'],
  ['branches.json', 'kept'],
] as const;

interface Outcome {
  readonly result: { readonly status: string; readonly output: unknown; readonly steps_completed: number };
  readonly seqs: readonly number[];
}

function runProcess(orders: Orders): Promise<{ outcome: Outcome | null; pid: number; error: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [runner, JSON.stringify(orders)], (_error, stdout, stderr) => {
      const outcome = stdout.trim() === '' ? null : (JSON.parse(stdout) as Outcome);
      resolve({ outcome, pid: child.pid ?? 0, error: stderr });
    });
  });
}

async function killEverywhere(segment: string, moment: Orders['moment']): Promise<number> {
  const clean = await play(segment, 0, moment);
  let kills = 0;
  for (let killAfter = 1; ; killAfter++) {
    const killed = await play(segment, killAfter, moment);
    assert.equal(killed.result.output, clean.result.output, `output after a kill at append ${killAfter}`);
    assert.is(killed.result.status, 'completed');
    assert.is(killed.result.steps_completed, clean.result.steps_completed);
    if (!killed.wasKilled) break;
    kills++;
  }
  return kills;
}

async function play(
  segment: string,
  killAfter: number,
  moment: Orders['moment'],
): Promise<Outcome & { wasKilled: boolean }> {
  return withFaultHome(async ({ home, config, ledger, segments }) => {
    const base = { home, config, segment: join(segments, segment), input: {}, run_id: randomUUID(), moment } as const;
    const first = await runProcess({ ...base, mode: 'run', killAfter });
    if (first.outcome !== null) return { ...first.outcome, wasKilled: false };
    const reported = await readReports(home, base.run_id);
    const second =
      reported === null
        ? await runProcess({ ...base, mode: 'run', killAfter: 0 })
        : await runProcess({ ...base, mode: 'resume', killAfter: 0 });
    assert.ok(second.outcome, `the second process ended without a result: ${second.error}`);
    assert.equal(
      second.outcome.seqs,
      second.outcome.seqs.map((_, place) => place + 1),
      'seq has no gap',
    );
    for (const line of existsSync(ledger) ? executions(readFileSync(ledger, 'utf8')) : []) {
      if (line.pid !== second.pid) continue;
      assert.not.ok(reported?.has(line.attempt), `${line.attempt} was reported before the kill and ran again`);
    }
    return { ...second.outcome, wasKilled: true };
  });
}

spec('kill after each append', (test) => {
  for (const [segment, moment] of cases) {
    test(
      `${segment}: a kill when any one append is ${moment} changes neither output nor events, and no reported step runs again`,
      async () => {
        const kills = await killEverywhere(segment, moment);
        console.log(`${segment}, ${moment}: ${kills} kills`);
        assert.ok(kills >= 8, `${kills} kills`);
      },
      { timeoutMs: 400_000 },
    );
  }
});
