import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { withFolder } from '../folder.js';
import { repeat } from '../measure.js';
import { residentMb } from '../resident-memory.js';
import type { Row } from '../row.js';

const llmteam = fileURLToPath(new URL('../../../clients/cli/bin/llmteam.js', import.meta.url));
const idleMs = 10_000;
const mostMb = 90;

/** What does a server take that has nothing to do? Five starts, each in a folder of its own. The baseline is a Node process that sleeps. */
export async function idleMemory(): Promise<Row> {
  const floor = await repeat(5, () =>
    withProcess(['-e', 'setTimeout(() => {}, 60_000)'], '.', (node) => settled(node)),
  );
  const measured = await repeat(5, () =>
    withFolder((folder) => withProcess([llmteam, 'dev', '--port', '0'], folder, healthyAndSettled)),
  );
  return {
    key: 'idle_dev_mb',
    question: 'resident memory (VmRSS) of an empty `llmteam dev`, 10 s after it is ready',
    unit: 'MB',
    measured,
    floor,
    target: `≤ ${mostMb} MB`,
    isMet: measured.max <= mostMb,
  };
}

async function withProcess<T>(
  args: readonly string[],
  folder: string,
  measure: (child: ChildProcess) => Promise<T>,
): Promise<T> {
  const env = { ...process.env, HOME: folder };
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  try {
    return await measure(child);
  } finally {
    child.kill();
    await ended;
  }
}

async function healthyAndSettled(dev: ChildProcess): Promise<number> {
  const [line] = (await once(createInterface({ input: dev.stdout ?? process.stdin }), 'line')) as [string];
  const url = line.replace('Listening on ', '');
  const health = await fetch(`${url}/health`);
  if (health.status !== 200) throw new Error(`${url}/health answered ${health.status}`);
  return settled(dev);
}

async function settled({ pid = 0 }: ChildProcess): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  return residentMb(pid);
}
