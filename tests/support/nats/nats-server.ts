/**
 * Purpose: a real nats-server for a test, which can be killed, paused and started again where it was.
 * Owns: the life of the server and a folder with its configuration, log and streams.
 * Invariants:
 *  T1 a server that was started again has the port, the options and the streams it had before
 *  T2 whatever a test does, the server and its folder are gone when `with_nats_server` settles
 *  T3 a server that ends without being told to fails the test, with the end of its log
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { default_suite, type NatsBinary, nats_binary } from './server-binary.js';
import { ServerProcess } from './server-process.js';
import { config_text, type NatsServerOptions } from './server-settings.js';

const default_start_timeout_ms = 8_000;
const log_lines_shown = 40;

/** Starts a server, hands it to `use`, and ends it. */
export async function with_nats_server(
  options: NatsServerOptions,
  use: (server: NatsServer) => Promise<void>,
): Promise<void> {
  const binary = await nats_binary(options.suite ?? default_suite());
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-nats-'));
  const server = new NatsServer(binary, folder, options);
  try {
    await server.start();
    await use(server);
    server.check_alive();
  } finally {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

class NatsServer {
  readonly version: string;
  readonly store_dir: string;
  private readonly binary: string;
  private readonly ports_dir: string;
  private process: ServerProcess | undefined;
  private known_port: number | undefined;

  constructor(
    binary: NatsBinary,
    private readonly folder: string,
    private readonly options: NatsServerOptions,
  ) {
    this.version = binary.version;
    this.binary = binary.path;
    this.store_dir = options.store_dir ?? join(folder, 'store');
    this.ports_dir = join(folder, 'ports');
    mkdirSync(this.ports_dir);
  }

  /** The same through all lives. */
  get port(): number {
    if (this.known_port === undefined) throw new Error('the server has not been started yet');
    return this.known_port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Of the life that goes on. */
  get pid(): number {
    return this.running().pid;
  }

  get runs(): boolean {
    return this.process?.runs === true;
  }

  /** Settles when the server accepts connections: at first on a free port, later on the same one. */
  async start(): Promise<void> {
    if (this.runs) throw new Error('the server runs already');
    this.check_alive();
    const config_file = join(this.folder, 'server.conf');
    const places = { port: this.known_port ?? ('any' as const), store_dir: this.store_dir, ports_dir: this.ports_dir };
    writeFileSync(config_file, config_text(this.options, places));
    const { server, port } = await this.start_process(config_file);
    this.process = server;
    this.known_port = port;
  }

  private async start_process(config_file: string): ReturnType<typeof ServerProcess.start> {
    const timeout_ms = this.options.start_timeout_ms ?? default_start_timeout_ms;
    const deadline = performance.now() + timeout_ms;
    for (;;) {
      const already_logged = this.log().length;
      try {
        const { binary, ports_dir } = this;
        return await ServerProcess.start({ binary, config_file, log_file: this.log_file, ports_dir, timeout_ms });
      } catch (error) {
        // While the server was away, a connection of somebody else may have got its port for a moment.
        const port_was_taken = this.log().slice(already_logged).includes('address already in use');
        if (!port_was_taken || performance.now() > deadline) throw this.with_log(error);
      }
      await sleep(20);
    }
  }

  /** SIGKILL: what was not synced may be lost, as in a crash of the process. */
  async kill(): Promise<void> {
    await this.process?.end('SIGKILL');
  }

  /** A clean end. */
  async stop(): Promise<void> {
    // a process that is stopped would get the signal only when it goes on
    if (this.runs) this.resume();
    await this.process?.end('SIGTERM');
  }

  /** A clean end, if it still runs, and a new life. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** SIGSTOP: connections stay. From when it settles, nothing answers. */
  async pause(): Promise<void> {
    await this.running().pause();
  }

  resume(): void {
    this.running().resume();
  }

  /** All that its lives have written. */
  log(): string {
    try {
      return readFileSync(this.log_file, 'utf8');
    } catch {
      return '';
    }
  }

  /** Fails if the server ended without being told to. */
  check_alive(): void {
    if (!this.process?.ended_by_itself) return;
    throw this.with_log(new Error(`nats-server ended by itself: ${this.process.ending}`));
  }

  private get log_file(): string {
    return join(this.folder, 'server.log');
  }

  private running(): ServerProcess {
    if (!this.process?.runs) throw new Error('the server does not run');
    return this.process;
  }

  private with_log(cause: unknown): Error {
    const message = cause instanceof Error ? cause.message : String(cause);
    const lines = this.log().trimEnd().split('\n').slice(-log_lines_shown);
    return new Error(`${message}\n${lines.map((line) => `  | ${line}`).join('\n')}`, { cause });
  }
}

export type { NatsServer };
