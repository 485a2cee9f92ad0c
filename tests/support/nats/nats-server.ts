/**
 * Purpose: a real nats-server for a test, which can be killed, paused and restarted in place.
 * Owns: the lifecycle of the server and a folder with its configuration, log and streams.
 * Invariants:
 *  T1 a restarted server has the same port, options and streams as before
 *  T2 the server and its folder are gone when `withNatsServer` settles, whatever the test did
 *  T3 a server that exits unexpectedly fails the test, with the tail of its log
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultSuite, type NatsBinary, natsBinary } from './server-binary.js';
import { ServerProcess } from './server-process.js';
import { configText, type NatsServerOptions } from './server-settings.js';

const defaultStartTimeoutMs = 8_000;
const logLinesShown = 40;

/** Runs `use` with a fresh server and stops it afterwards. */
export async function withNatsServer(
  options: NatsServerOptions,
  use: (server: NatsServer) => Promise<void>,
): Promise<void> {
  const binary = await natsBinary(options.suite ?? defaultSuite());
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-nats-'));
  const server = new NatsServer(binary, folder, options);
  try {
    await server.start();
    await use(server);
    server.checkAlive();
  } finally {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

class NatsServer {
  readonly version: string;
  readonly storeDir: string;
  private readonly binary: string;
  private readonly portsDir: string;
  private process: ServerProcess | undefined;
  private knownPort: number | undefined;

  constructor(
    binary: NatsBinary,
    private readonly folder: string,
    private readonly options: NatsServerOptions,
  ) {
    this.version = binary.version;
    this.binary = binary.path;
    this.storeDir = options.storeDir ?? join(folder, 'store');
    this.portsDir = join(folder, 'ports');
    mkdirSync(this.portsDir);
  }

  /** Stable across restarts. */
  get port(): number {
    if (this.knownPort === undefined) throw new Error('the server has not been started yet');
    return this.knownPort;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Of the current process. */
  get pid(): number {
    return this.running().pid;
  }

  get runs(): boolean {
    return this.process?.runs === true;
  }

  /** Resolves once the server accepts connections: the first time on a free port, later on the same one. */
  async start(): Promise<void> {
    if (this.runs) throw new Error('the server runs already');
    this.checkAlive();
    const configFile = join(this.folder, 'server.conf');
    const places = { port: this.knownPort ?? ('any' as const), storeDir: this.storeDir, portsDir: this.portsDir };
    writeFileSync(configFile, configText(this.options, places));
    const { server, port } = await this.startProcess(configFile);
    this.process = server;
    this.knownPort = port;
  }

  private async startProcess(configFile: string): ReturnType<typeof ServerProcess.start> {
    const timeoutMs = this.options.startTimeoutMs ?? defaultStartTimeoutMs;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const alreadyLogged = this.log().length;
      try {
        const { binary, portsDir } = this;
        return await ServerProcess.start({ binary, configFile, logFile: this.logFile, portsDir, timeoutMs });
      } catch (error) {
        // While the server was down, an outgoing connection of another process may have taken its port for a moment.
        const portWasTaken = this.log().slice(alreadyLogged).includes('address already in use');
        if (!portWasTaken || performance.now() > deadline) throw this.withLog(error);
      }
      await sleep(20);
    }
  }

  /** SIGKILL: writes that were not synced may be lost, as in a crash. */
  async kill(): Promise<void> {
    await this.process?.end('SIGKILL');
  }

  /** Shuts the server down gracefully. */
  async stop(): Promise<void> {
    // A stopped process would receive the signal only after SIGCONT.
    if (this.runs) this.resume();
    await this.process?.end('SIGTERM');
  }

  /** Shuts the server down gracefully if it runs, and starts it again. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** SIGSTOP: connections stay open. Once it resolves, nothing responds. */
  async pause(): Promise<void> {
    await this.running().pause();
  }

  resume(): void {
    this.running().resume();
  }

  /** The log of all processes so far. */
  log(): string {
    try {
      return readFileSync(this.logFile, 'utf8');
    } catch {
      return '';
    }
  }

  /** @throws if the server exited unexpectedly */
  checkAlive(): void {
    if (!this.process?.endedByItself) return;
    throw this.withLog(new Error(`nats-server ended by itself: ${this.process.ending}`));
  }

  private get logFile(): string {
    return join(this.folder, 'server.log');
  }

  private running(): ServerProcess {
    if (!this.process?.runs) throw new Error('the server does not run');
    return this.process;
  }

  private withLog(cause: unknown): Error {
    const message = cause instanceof Error ? cause.message : String(cause);
    const lines = this.log().trimEnd().split('\n').slice(-logLinesShown);
    return new Error(`${message}\n${lines.map((line) => `  | ${line}`).join('\n')}`, { cause });
  }
}

export type { NatsServer };
