/** A gateway in a separate process, measured from outside: either `llmteam dev` or an installation on NATS. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LlmteamClient } from '@llmteam/sdk';
import { withFolder } from '../folder.js';
import { withBenchServer } from '../nats/bench-server.js';
import { residentMb } from '../resident-memory.js';

export interface Target {
  readonly name: string;
  readonly port: number;
  readonly key: string;
  readonly client: LlmteamClient;
  /** Creates an API key, by default of an admin. */
  makeKey(tenant: string, role?: 'admin' | 'viewer'): Promise<string>;
  /** Resident memory of the gateway process in MB. */
  memoryMb(): number;
  /** Kills the gateway with SIGKILL and restarts it on the same port; resolves with the milliseconds from start to ready. */
  killAndStart(): Promise<number>;
}

const llmteam = fileURLToPath(new URL('../../../clients/cli/bin/llmteam.js', import.meta.url));
const noopPlugin = fileURLToPath(new URL('../../noop-plugin', import.meta.url));
const patienceMs = 60_000;

/** Limits per tenant that no benchmark reaches. */
const generous = {
  requests_per_second: 1_000_000,
  starts_per_second: 1_000_000,
  active_runs: 1_000_000,
  open_streams: 1_000_000,
};

class Process {
  constructor(readonly child: ChildProcess) {}

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}

class Processes {
  private readonly all: Process[] = [];

  constructor(
    private readonly folder: string,
    private readonly config: string,
    /** Options of Node.js. */
    private readonly nodeOptions = '',
  ) {}

  start(words: readonly string[]): Process {
    const env = { ...process.env, LLMTEAM_LOG_LEVEL: 'error', HOME: this.folder, NODE_OPTIONS: this.nodeOptions };
    const args = [llmteam, ...words, '--config', this.config];
    const started = new Process(spawn(process.execPath, args, { cwd: this.folder, env, stdio: 'ignore' }));
    this.all.push(started);
    return started;
  }

  async call(words: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [llmteam, ...words, '--config', this.config], {
      cwd: this.folder,
      env: { ...process.env, HOME: this.folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    for await (const chunk of child.stdout) text += String(chunk);
    return text.trim();
  }

  async end(): Promise<void> {
    await Promise.all(this.all.map((one) => one.end('SIGKILL')));
  }
}

export async function withDev<T>(
  work: (target: Target) => Promise<T>,
  limits: object = {},
  nodeOptions = '',
): Promise<T> {
  return withFolder(async (folder) => {
    const port = await freePort();
    const config = writeConfig(folder, { gateway: { limits: { ...generous, ...limits } } });
    const words = ['dev', '--port', String(port)];
    return measured('embedded', new Processes(folder, config, nodeOptions), words, [], port, work);
  });
}

export async function withNats<T>(work: (target: Target) => Promise<T>, limits: object = {}): Promise<T> {
  return withBenchServer('default', ({ url }) =>
    withFolder(async (folder) => {
      const port = await freePort();
      const http = { host: '127.0.0.1', port: 0 };
      const gateway = { http: { ...http, port }, limits: { ...generous, ...limits } };
      const config = writeConfig(folder, {
        nats: { servers: [url] },
        coordinator: { http },
        worker: { http },
        gateway,
      });
      const processes = new Processes(folder, config);
      for (const kind of ['coordinator', 'worker']) processes.start(['serve', kind]);
      return measured('NATS', processes, ['serve', 'gateway'], ['--nats'], port, work);
    }),
  );
}

async function measured<T>(
  name: string,
  processes: Processes,
  words: readonly string[],
  ofKeys: readonly string[],
  port: number,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  const state = { gateway: processes.start(words) };
  const makeKey: Target['makeKey'] = (tenant, role = 'admin') =>
    processes.call(['keys', 'create', '--role', role, '--tenant', tenant, ...ofKeys]);
  try {
    await ready(port);
    const key = await makeKey('bench');
    const client = new LlmteamClient({ url: `http://127.0.0.1:${port}`, key });
    return await work({
      name,
      port,
      key,
      client,
      makeKey,
      memoryMb: () => residentMb(state.gateway.child.pid ?? 0),
      killAndStart: async () => {
        await state.gateway.end('SIGKILL');
        const began = performance.now();
        state.gateway = processes.start(words);
        await ready(port);
        return performance.now() - began;
      },
    });
  } finally {
    await processes.end();
  }
}

function writeConfig(folder: string, sections: object): string {
  const path = join(folder, 'llmteam.config.json');
  writeFileSync(path, JSON.stringify({ plugins: [{ package: noopPlugin, isolation: 'inline' }], ...sections }));
  return path;
}

async function ready(port: number): Promise<void> {
  const until = performance.now() + patienceMs;
  while (performance.now() < until) {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null);
    await answer?.text();
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the gateway is not ready after ${patienceMs} ms`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
