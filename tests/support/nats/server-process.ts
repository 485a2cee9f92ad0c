/**
 * Purpose: one nats-server process, from start to exit.
 * Owns: the process, its output, the port it reports.
 * Invariants:
 *  N1 the server ends with this process, however this process ends
 *  N2 `end` settles after the server and its guard are gone, and never signals a process id that may have been reused
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnGuarded } from '../guarded-process.js';
import { isStopped } from './process-state.js';

export interface StartOrder {
  readonly binary: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly portsDir: string;
  readonly timeoutMs: number;
}

export class ServerProcess {
  private wantedEnd = false;
  private readonly closed: Promise<unknown>;

  private constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
  ) {
    this.closed = new Promise((resolve) => child.once('close', resolve));
  }

  /** Resolves once the server accepts connections. */
  static async start(order: StartOrder): Promise<{ server: ServerProcess; port: number }> {
    const server = await ServerProcess.spawn(order);
    try {
      return { server, port: await server.toldPort(order) };
    } catch (error) {
      await server.end('SIGKILL');
      throw error;
    }
  }

  private static async spawn({ binary, configFile, logFile }: StartOrder): Promise<ServerProcess> {
    const log = openSync(logFile, 'a');
    try {
      const child = await spawnGuarded(binary, ['-c', configFile], { stdio: ['ignore', log, log] });
      if (child.pid === undefined) throw new Error('a process without an id');
      return new ServerProcess(child, child.pid);
    } finally {
      closeSync(log);
    }
  }

  private async toldPort({ portsDir, timeoutMs }: StartOrder): Promise<number> {
    const deadline = performance.now() + timeoutMs;
    while (this.runs) {
      const port = await portIn(portsDir, this.pid);
      if (port !== undefined) return port;
      if (performance.now() > deadline) throw new Error(`nats-server does not listen after ${timeoutMs} ms`);
      await sleep(5);
    }
    throw new Error(`nats-server ended at once: ${this.ending}`);
  }

  get runs(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Whether the server exited without being told to. */
  get endedByItself(): boolean {
    return !this.runs && !this.wantedEnd;
  }

  get ending(): string {
    return this.child.signalCode ?? `exit code ${this.child.exitCode}`;
  }

  /** Resolves once its last thread has stopped. */
  async pause(): Promise<void> {
    this.child.kill('SIGSTOP');
    while (this.runs && !isStopped(this.pid)) await sleep(1);
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  async end(name: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.runs) {
      this.wantedEnd = true;
      this.child.kill(name);
    }
    await this.closed;
  }
}

/** The server writes `<program>_<pid>.ports` once it listens. */
async function portIn(folder: string, pid: number): Promise<number | undefined> {
  const name = (await readdir(folder)).find((entry) => entry.endsWith(`_${pid}.ports`));
  if (name === undefined) return undefined;
  const port = /"nats":\s*\["nats:\/\/[^"]*:(\d+)"/.exec(await readFile(join(folder, name), 'utf8'))?.[1];
  return port === undefined ? undefined : Number(port);
}
