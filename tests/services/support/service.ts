/** One service process seen from outside: its log, its three HTTP paths, its signals. */
import type { Ended, Started } from '../../cli/support/cli.js';
import { until } from './until.js';

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [key: string]: unknown;
}

export class Service {
  constructor(
    readonly started: Started,
    readonly name: string,
  ) {}

  get ended(): Promise<Ended> {
    return this.started.ended;
  }

  get pid(): number {
    return this.started.process.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.started.signal(name);
  }

  /** The first log line with this message. */
  logged(message: string): Promise<LogLine> {
    return this.started.until(`the log line '${message}'`, ({ stderr }) =>
      linesOf(stderr).find(({ msg }) => msg === message),
    );
  }

  /** Base URL of `/health`, `/ready` and `/metrics`. */
  async url(): Promise<string> {
    const { port } = await this.logged('health, readiness and metrics are served');
    return `http://127.0.0.1:${port}`;
  }

  async get(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${await this.url()}${path}`, { signal: AbortSignal.timeout(5_000) });
    return { status: response.status, text: await response.text() };
  }

  async ready(): Promise<this> {
    await until(`${this.name} that is ready`, async () => (await this.get('/ready')).status === 200);
    return this;
  }

  /** Sums over all labels. */
  async metric(name: string, labels = ''): Promise<number> {
    const { text } = await this.get('/metrics');
    const lines = text.split('\n').filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(labels));
    if (lines.length === 0) throw new Error(`there is no ${name} in\n${text}`);
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  async stop(): Promise<Ended> {
    this.signal('SIGTERM');
    return this.ended;
  }
}

export function linesOf(stderr: string): LogLine[] {
  const whole = stderr.slice(0, stderr.lastIndexOf('\n') + 1).split('\n');
  return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
}
