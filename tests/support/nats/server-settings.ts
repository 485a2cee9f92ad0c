/** What a test wants of its nats-server, and the configuration file that says so. */
import type { NatsSuite } from './server-binary.js';

export interface NatsServerOptions {
  /** Default: `testing`, or what TEST_NATS_SUITE says. */
  readonly suite?: NatsSuite;
  /** `always`: an acknowledged message is on the disk. Default: the server's own two minutes. */
  readonly sync_interval?: 'always';
  /** Bytes all streams on file may take together. */
  readonly max_file_store?: number;
  /** Bytes of one message. Default: the server's own 1 MB. */
  readonly max_payload?: number;
  /** False: a server without JetStream. */
  readonly jetstream?: boolean;
  /** More of the server's configuration, as its file has it: `authorization { … }`. */
  readonly config?: string;
  /** Where the streams are kept, for instance a small file system. It is not removed at the end. Default: a folder of its own, which is. */
  readonly store_dir?: string;
  /** How long the server may take until it accepts connections. Default 8 000. */
  readonly start_timeout_ms?: number;
}

export interface NatsPlaces {
  readonly port: number | 'any';
  readonly store_dir: string;
  readonly ports_dir: string;
}

export function config_text(options: NatsServerOptions, { port, store_dir, ports_dir }: NatsPlaces): string {
  return [
    'server_name: llmteam-test',
    'host: 127.0.0.1',
    `port: ${port === 'any' ? -1 : port}`,
    `ports_file_dir: ${JSON.stringify(ports_dir)}`,
    ...(options.max_payload === undefined ? [] : [`max_payload: ${options.max_payload}`]),
    ...(options.jetstream === false ? [] : jetstream_lines(options, store_dir)),
    options.config ?? '',
  ].join('\n');
}

function jetstream_lines({ sync_interval, max_file_store }: NatsServerOptions, store_dir: string): string[] {
  return [
    'jetstream {',
    `  store_dir: ${JSON.stringify(store_dir)}`,
    ...(sync_interval === undefined ? [] : [`  sync_interval: ${sync_interval}`]),
    ...(max_file_store === undefined ? [] : [`  max_file_store: ${max_file_store}`]),
    '}',
  ];
}
