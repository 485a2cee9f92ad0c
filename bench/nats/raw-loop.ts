/** The raw floor of a durable step on JetStream: the least that two processes and a server can do for it, in the same run. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { with_bench_server } from './bench-server.js';
import type { RawLoop } from './raw-settings.js';

/** Milliseconds for all runs. */
export async function raw_loop_ms(sync: 'default' | 'always', loop: Omit<RawLoop, 'servers'>): Promise<number> {
  return with_bench_server(sync, async ({ url: servers }) => {
    const coordinator = child('raw-coordinator', [JSON.stringify({ ...loop, servers })]);
    await once(coordinator, 'message');
    const worker = child('raw-worker', [servers]);
    await once(worker, 'message');
    try {
      const printed = output_of(coordinator);
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

async function output_of(process: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of process.stdout ?? []) text += String(chunk);
  return text;
}
