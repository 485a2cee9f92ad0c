// timeout: 900
// takes: 40
// own process: is loaded with `await`
/** Kills processes at random instants until at least 200 have died; every run must end as if nothing had happened. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { Random, testSeed } from '../support/random.js';
import { spec } from '../support/spec.js';
import { bundleRunner } from './bundled-runner.js';
import { withFaultHome } from './fault-home.js';
import type { Orders } from './kill-runner.js';
import { executions } from './ledger.js';
import { readReports } from './read-reports.js';

const runner = await bundleRunner();
process.on('exit', () => rmSync(runner, { force: true }));
const wantedKills = 200;
const segments = ['loops.json', 'branches.json', 'chain.json'];

interface Outcome {
  readonly result: { readonly status: string; readonly output: unknown };
  readonly seqs: readonly number[];
}

/** Starts a process and kills it `afterMs` after it began to drive the run. */
async function oneProcess(orders: Orders, afterMs: number | null): Promise<{ outcome: Outcome | null; pid: number }> {
  const child = spawn(process.execPath, [runner, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const driving = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes('driving')) resolve();
    });
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('close', (_code, signal) => resolve(signal)));
  if (afterMs !== null) {
    await Promise.race([driving, ended]);
    await sleep(afterMs);
    child.kill('SIGKILL');
  }
  const signal = await ended;
  const outcome = stdout.trim() === '' ? null : (JSON.parse(stdout) as Outcome);
  if (outcome === null && signal === null) throw new Error(`the process ended by itself without a result: ${stderr}`);
  return { outcome, pid: child.pid ?? 0 };
}

/** Processes are killed at a random moment of this span. */
interface Lethal {
  readonly random: Random;
  readonly spanMs: number;
}

/** A run that has survived a dozen kills is left alone, so that it ends. */
function momentOfDeath(kills: number, lethal: Lethal | null): number | null {
  return lethal === null || kills >= 12 ? null : lethal.random.fraction() * lethal.spanMs;
}

/** Runs one segment and kills it again and again until it ends. */
async function torturedRun(segment: string, lethal: Lethal | null): Promise<{ outcome: Outcome; kills: number }> {
  return withFaultHome(async ({ home, config, ledger, segments: folder }) => {
    const base = {
      home,
      config,
      segment: join(folder, segment),
      input: {},
      run_id: randomUUID(),
      killAfter: 0,
      moment: 'kept',
    } as const;
    const reportedBefore = new Map<number, Set<string>>();
    let kills = 0;
    let mode: Orders['mode'] = 'run';
    for (;;) {
      const { outcome, pid } = await oneProcess({ ...base, mode }, momentOfDeath(kills, lethal));
      checkLedger(ledger, reportedBefore);
      if (outcome !== null) return { outcome, kills };
      kills++;
      const reported = await readReports(home, base.run_id);
      if (reported !== null) mode = 'resume';
      reportedBefore.set(pid, reported ?? new Set());
    }
  });
}

/** No process executes what was reported when a previous one died. */
function checkLedger(ledger: string, reportedBefore: ReadonlyMap<number, ReadonlySet<string>>): void {
  const lines = existsSync(ledger) ? executions(readFileSync(ledger, 'utf8')) : [];
  const dead = [...reportedBefore];
  for (const { pid, attempt } of lines) {
    const own = dead.findIndex(([known]) => known === pid);
    const earlier = own < 0 ? dead : dead.slice(0, own);
    for (const [before, reported] of earlier) {
      assert.not.ok(
        reported.has(attempt),
        `${attempt} was reported when process ${before} died and ran again in ${pid}`,
      );
    }
  }
}

spec('random kills', (test) => {
  test(
    `${wantedKills} kills at random instants lose nothing, repeat no reported step and change no output`,
    async () => {
      const clean = new Map<string, unknown>();
      for (const segment of segments) clean.set(segment, (await torturedRun(segment, null)).outcome.result.output);
      const lethal = { random: new Random(testSeed()), spanMs: 60 };
      let kills = 0;
      let runs = 0;
      const lane = async (): Promise<void> => {
        while (kills < wantedKills) {
          const segment = segments[runs++ % segments.length] ?? '';
          const { outcome, kills: ofRun } = await torturedRun(segment, lethal);
          kills += ofRun;
          assert.is(outcome.result.status, 'completed');
          assert.equal(outcome.result.output, clean.get(segment));
          assert.equal(
            outcome.seqs,
            outcome.seqs.map((_, place) => place + 1),
          );
        }
      };
      await Promise.all([lane(), lane()]);
      console.log(`${kills} kills over ${runs} runs`);
      assert.ok(kills >= wantedKills);
      assert.ok(kills > runs, 'a kill on average at least');
    },
    { timeoutMs: 800_000 },
  );
});
