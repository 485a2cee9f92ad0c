/** The baseline of a durable step on JetStream: the least work that two processes and a server can do for it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { withBenchServer } from './bench-server.js';
import type { RawLoop } from './raw-settings.js';

/** Resolves with the total of all runs in milliseconds. */
export async function rawLoopMs(sync: 'default' | 'always', loop: Omit<RawLoop, 'servers'>): Promise<number> {
  return withBenchServer(sync, async ({ url: servers }) => {
    const coordinator = child('raw-coordinator', [JSON.stringify({ ...loop, servers })]);
    await once(coordinator, 'message');
    const worker = child('raw-worker', [servers]);
    await once(worker, 'message');
    try {
      const printed = outputOf(coordinator);
      coordinator.send('go');
      return Number(await printed);
    } finally {
      worker.kill();
      coordinator.kill();
    }
  });
}

function child(name: string, args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(`children/${name}.js`, import.meta.url));
  return fork(path, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
}

async function outputOf(process: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of process.stdout ?? []) text += String(chunk);
  return text;
}
