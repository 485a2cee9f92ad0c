/** What a test wants of its nats-server, and the configuration file that says so. */
import type { NatsSuite } from './server-binary.js';

export interface NatsServerOptions {
  /** Default: `testing`, or what TEST_NATS_SUITE says. */
  readonly suite?: NatsSuite;
  /** `always`: an acknowledged message is on the disk. Default: the server's own two minutes. */
  readonly syncInterval?: 'always';
  /** Bytes all streams on file may take together. */
  readonly maxFileStore?: number;
  /** Bytes of one message. Default: the server's own 1 MB. */
  readonly maxPayload?: number;
  /** False: a server without JetStream. */
  readonly jetstream?: boolean;
  /** More of the server's configuration, as its file has it: `authorization { … }`. */
  readonly config?: string;
  /** Where the streams are kept, for instance a small file system. It is not removed at the end. Default: a folder of its own, which is. */
  readonly storeDir?: string;
  /** How long the server may take until it accepts connections. Default 8 000. */
  readonly startTimeoutMs?: number;
}

export interface NatsPlaces {
  readonly port: number | 'any';
  readonly storeDir: string;
  readonly portsDir: string;
}

export function configText(options: NatsServerOptions, { port, storeDir, portsDir }: NatsPlaces): string {
  return [
    'server_name: llmteam-test',
    'host: 127.0.0.1',
    `port: ${port === 'any' ? -1 : port}`,
    `ports_file_dir: ${JSON.stringify(portsDir)}`,
    ...(options.maxPayload === undefined ? [] : [`max_payload: ${options.maxPayload}`]),
    ...(options.jetstream === false ? [] : jetstreamLines(options, storeDir)),
    options.config ?? '',
  ].join('\n');
}

function jetstreamLines({ syncInterval, maxFileStore }: NatsServerOptions, storeDir: string): string[] {
  return [
    'jetstream {',
    `  store_dir: ${JSON.stringify(storeDir)}`,
    ...(syncInterval === undefined ? [] : [`  sync_interval: ${syncInterval}`]),
    ...(maxFileStore === undefined ? [] : [`  max_file_store: ${maxFileStore}`]),
    '}',
  ];
}
