/**
 * Purpose: a real Prometheus with the configuration and the rules of deploy/observe.
 * Owns: what is different here: addresses, and that it scrapes every second.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Cli } from '../cli/support/cli.js';
import { until } from '../services/support/until.js';
import { freePort } from '../support/free-port.js';
import { notTestedHere } from '../support/not-tested-here.js';
import { root } from './image-tree.js';
import { observedComposeFile } from './installation-of-compose.js';

export interface Programs {
  readonly prometheus: string;
  readonly promtool: string;
}

export const observeFolder = join(root, 'deploy/observe/prometheus');

/** Null if there is none for this machine, which is told. */
export function prometheusPrograms(what: string): Programs | null {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/prometheus.mjs')], {
    encoding: 'utf8',
  });
  const [prometheus, promtool] = stdout.trim().split('\n');
  if (status === 0 && prometheus !== undefined && promtool !== undefined) return { prometheus, promtool };
  notTestedHere(what, stderr.trim());
  return null;
}

/** What it prints. @throws if it finds a fault */
export function promtool({ promtool: path }: Programs, ...args: readonly string[]): string {
  return execFileSync(path, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [at: number, value: string])[];
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

/** Whether a graph of it would show anything. */
export function isDrawn(series: readonly Series[]): boolean {
  return series.some(({ values }) => values.some(([, value]) => Number.isFinite(Number(value))));
}

export class Prometheus {
  private constructor(
    private readonly url: string,
    private readonly startedAt: number,
  ) {}

  /** @param ports Where the metrics of each job are served. */
  static async start(
    programs: Programs,
    cli: Cli,
    ports: Readonly<Record<string, readonly number[]>>,
  ): Promise<Prometheus> {
    const folder = join(cli.folder, 'prometheus');
    cpSync(observeFolder, folder, { recursive: true });
    writeFileSync(join(folder, 'prometheus.yml'), configFor(ports));
    const listen = `127.0.0.1:${await freePort()}`;
    const args = (observedComposeFile().services.prometheus?.command ?? []).map((arg) =>
      arg.replace('/etc/prometheus', folder).replace('=/prometheus', `=${join(folder, 'data')}`),
    );
    cli.launch([programs.prometheus, ...args, `--web.listen-address=${listen}`]);
    const url = `http://${listen}`;
    await until('Prometheus that is ready', async () => (await fetch(`${url}/-/ready`)).ok);
    return new Prometheus(url, Date.now());
  }

  /** As a panel asks: the values since it started, a second apart. */
  async range(expr: string): Promise<Series[]> {
    const { result } = await this.ask<{ result: Series[] }>('query_range', {
      query: expr,
      ...this.sinceStart(),
      step: '1',
    });
    return result;
  }

  /** The values of the last three seconds. */
  async recent(expr: string): Promise<Series[]> {
    const end = Date.now() / 1_000;
    const { result } = await this.ask<{ result: Series[] }>('query_range', {
      query: expr,
      start: String(end - 3),
      end: String(end),
      step: '1',
    });
    return result;
  }

  /** As a variable of a dashboard asks. */
  values(label: string, series: string): Promise<string[]> {
    return this.ask(`label/${label}/values`, { 'match[]': series });
  }

  /** Labels of exemplars. */
  async exemplars(expr: string): Promise<Readonly<Record<string, string>>[]> {
    const found = await this.ask<{ exemplars: { labels: Record<string, string> }[] }[]>('query_exemplars', {
      query: expr,
      ...this.sinceStart(),
    });
    return found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels));
  }

  async alerts(): Promise<readonly Alert[]> {
    return (await this.ask<{ alerts: Alert[] }>('alerts', {})).alerts;
  }

  private sinceStart() {
    return { start: String(this.startedAt / 1_000), end: String(Date.now() / 1_000) };
  }

  private async ask<T>(path: string, query: Readonly<Record<string, string>>): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(query)}`);
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
    if (status !== 'success') throw new Error(`${query.query ?? path}: ${error}`);
    return data;
  }
}

function configFor(ports: Readonly<Record<string, readonly number[]>>): string {
  const config = parse(readFileSync(join(observeFolder, 'prometheus.yml'), 'utf8')) as {
    global: object;
    scrape_configs: { job_name: string }[];
  };
  return stringify({
    ...config,
    global: { ...config.global, scrape_interval: '1s', evaluation_interval: '1s' },
    scrape_configs: config.scrape_configs.map(({ job_name }) => ({
      job_name,
      static_configs: [{ targets: (ports[job_name] ?? []).map((port) => `127.0.0.1:${port}`) }],
    })),
  });
}
