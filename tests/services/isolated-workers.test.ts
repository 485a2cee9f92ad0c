// takes: 15
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView, Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Client, type Installation, withInstallation } from './support/installation.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 90_000 };
const hostile = join(import.meta.dirname, '../../../tests/isolation/hostile');

async function withHostileWorker(
  use: (scene: { installation: Installation; client: Client }) => Promise<void>,
): Promise<void> {
  await withInstallation({ environment: { LLMTEAM_NATS_JOB_LEASE_SECONDS: '2' } }, async (installation) => {
    installation.cli.write('llmteam.config.json', { plugins: [{ package: hostile, memory_mb: 64 }] });
    await installation.start('coordinator').ready();
    await installation.withClient((client) => use({ installation, client }));
  });
}

function doing(act: string, config: object = {}, seconds = 20): Segment {
  const step = { step_id: 'a', type: 'hostile', config: { act, ...config }, timeout_seconds: seconds };
  return { segment_id: 's', name: 'S', entrypoint: 'a', params: { max_retries: 0 }, steps: [step] } as Segment;
}

function endOf({ status, error }: RunView): string {
  return error === null ? status : error.error_code;
}

/** Processes of isolates, of whatever parent. */
function isolates(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) && isIsolate(name) ? [Number(name)] : []));
}

function isIsolate(pid: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command.includes('bundle/isolate.js') && command.includes(hostile);
  } catch {
    return false;
  }
}

spec('a worker with plugins from outside', (test) => {
  test(
    'goes on when they exit, loop, fill memory or throw where nobody can catch it, and so do steps beside',
    () =>
      withHostileWorker(async ({ installation, client }) => {
        const worker = await installation.start('worker').ready();
        const end = async (segment: Segment) => endOf(await client.ended(await client.start(segment)));
        const calm = Array.from({ length: 8 }, () => end(doing('calm', { ms: 1_500 })));
        const harmful = { exits: 'STEP_CRASHED', fills_heap: 'STEP_CRASHED', fills_buffers: 'STEP_CRASHED' };
        const ends = await Promise.all(Object.keys(harmful).map((act) => end(doing(act))));
        assert.equal(ends, Object.values(harmful));
        assert.is(await end(doing('strays', { ms: 500 })), 'STEP_FAILED');
        assert.is(await end(doing('loops', {}, 1)), 'STEP_TIMEOUT');
        assert.equal(new Set(await Promise.all(calm)), new Set(['completed']));
        assert.is((await worker.stop()).code, 0);
        await until('the end of all isolates', () => isolates().length === 0);
      }),
    patience,
  );

  test(
    'stops in time although one of them never does, and leaves nothing behind',
    () =>
      withHostileWorker(async ({ installation, client }) => {
        const worker = await installation.start('worker', { LLMTEAM_WORKER_DRAIN_SECONDS: '0.5' }).ready();
        await client.start(doing('loops', {}, 600));
        await until('an isolate', () => isolates().length > 0);
        assert.is((await worker.stop()).code, 0);
        await until('the end of all isolates', () => isolates().length === 0);
      }),
    patience,
  );

  test(
    'leaves no process behind when it is killed, not even one in an endless loop',
    () =>
      withHostileWorker(async ({ installation, client }) => {
        const worker = await installation.start('worker').ready();
        await client.start(doing('loops', {}, 600));
        await until('an isolate', () => isolates().length > 0);
        await new Promise((resolve) => setTimeout(resolve, 500));
        worker.signal('SIGKILL');
        await worker.ended;
        await until('the end of all isolates', () => isolates().length === 0, 5_000);
      }),
    patience,
  );
});
