import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { withFolder } from '../folder.js';

export interface BenchServer {
  readonly url: string;
  readonly version: string;
}

const provide = fileURLToPath(new URL('../../../scripts/nats-server.mjs', import.meta.url));
const patienceMs = 10_000;

/** Starts a fresh nats-server of the newest suite on a free port; with `always` it syncs every write. */
export async function withBenchServer<T>(
  sync: 'default' | 'always',
  work: (server: BenchServer) => Promise<T>,
): Promise<T> {
  const binary = execFileSync(process.execPath, [provide, '--print'], { encoding: 'utf8' }).trim();
  const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim();
  return withFolder(async (folder) => {
    const config = join(folder, 'server.conf');
    const interval = sync === 'always' ? ', sync_interval: always' : '';
    writeFileSync(
      config,
      `host: 127.0.0.1\nport: -1\nports_file_dir: ${folder}\njetstream { store_dir: ${folder}/store${interval} }\n`,
    );
    const child = spawn(binary, ['-c', config], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    try {
      return await work({ url: await urlIn(folder), version });
    } finally {
      child.kill();
      await ended;
    }
  });
}

async function urlIn(folder: string): Promise<string> {
  const until = performance.now() + patienceMs;
  while (performance.now() < until) {
    const file = readdirSync(folder).find((name) => name.endsWith('.ports'));
    const url = file === undefined ? undefined : /nats:\/\/[^"]+/.exec(readFileSync(join(folder, file), 'utf8'))?.[0];
    if (url !== undefined) return url;
    await sleep(10);
  }
  throw new Error(`nats-server does not listen after ${patienceMs} ms`);
}
