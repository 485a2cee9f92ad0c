// timeout: 900
/** Kills processes at random instants, over and over, until at least 200 have died; every run must end as if nothing had happened. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { bundle_runner } from './bundled-runner.js';
import { with_fault_home } from './fault-home.js';
import type { Orders } from './kill-runner.js';
import { executions } from './ledger.js';
import { read_reports } from './read-reports.js';

const runner = await bundle_runner();
process.on('exit', () => rmSync(runner, { force: true }));
const wanted_kills = 200;
const segments = ['loops.json', 'branches.json', 'chain.json'];

interface Outcome {
  readonly result: { readonly status: string; readonly output: unknown };
  readonly seqs: readonly number[];
}

/** Runs a process; kills it `after_ms` after it began to drive the run. */
async function one_process(orders: Orders, after_ms: number | null): Promise<{ outcome: Outcome | null; pid: number }> {
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
  if (after_ms !== null) {
    await Promise.race([driving, ended]);
    await sleep(after_ms);
    child.kill('SIGKILL');
  }
  const signal = await ended;
  const outcome = stdout.trim() === '' ? null : (JSON.parse(stdout) as Outcome);
  if (outcome === null && signal === null) throw new Error(`the process ended by itself without a result: ${stderr}`);
  return { outcome, pid: child.pid ?? 0 };
}

/** After a dozen deaths a run is left alone, so that it ends. */
function moment_of_death(kills: number, span_ms: number | null): number | null {
  return span_ms === null || kills >= 12 ? null : Math.random() * span_ms;
}

/** One run, killed again and again until it ends. */
async function tortured_run(segment: string, span_ms: number | null): Promise<{ outcome: Outcome; kills: number }> {
  return with_fault_home(async ({ home, config, ledger, segments: folder }) => {
    const base = {
      home,
      config,
      segment: join(folder, segment),
      input: {},
      run_id: randomUUID(),
      kill_after: 0,
      moment: 'kept',
    } as const;
    const reported_before = new Map<number, Set<string>>();
    let kills = 0;
    let mode: Orders['mode'] = 'run';
    for (;;) {
      const { outcome, pid } = await one_process({ ...base, mode }, moment_of_death(kills, span_ms));
      check_ledger(ledger, reported_before);
      if (outcome !== null) return { outcome, kills };
      kills++;
      const reported = await read_reports(home, base.run_id);
      if (reported !== null) mode = 'resume';
      reported_before.set(pid, reported ?? new Set());
    }
  });
}

/** What was reported when a process died is executed by no process after it. */
function check_ledger(ledger: string, reported_before: ReadonlyMap<number, ReadonlySet<string>>): void {
  const lines = existsSync(ledger) ? executions(readFileSync(ledger, 'utf8')) : [];
  const dead = [...reported_before];
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
    `${wanted_kills} kills at random instants lose nothing, repeat no reported step and change no output`,
    async () => {
      const clean = new Map<string, unknown>();
      for (const segment of segments) clean.set(segment, (await tortured_run(segment, null)).outcome.result.output);
      let kills = 0;
      let runs = 0;
      const lane = async (): Promise<void> => {
        while (kills < wanted_kills) {
          const segment = segments[runs++ % segments.length] ?? '';
          const { outcome, kills: of_run } = await tortured_run(segment, 60);
          kills += of_run;
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
      assert.ok(kills >= wanted_kills);
      assert.ok(kills > runs, 'a kill on average at least');
    },
    { timeout_ms: 800_000 },
  );
});
