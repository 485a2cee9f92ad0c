/** Options of a test's nats-server and the configuration file for them. */
import type { NatsSuite } from './server-binary.js';

export interface NatsServerOptions {
  /** Default: TEST_NATS_SUITE, or `testing`. */
  readonly suite?: NatsSuite;
  /** `always`: an acked message is on disk. Default: the server's own interval of two minutes. */
  readonly syncInterval?: 'always';
  /** Maximum bytes of all file-based streams together. */
  readonly maxFileStore?: number;
  /** Maximum bytes of a message. Default: the server's own 1 MB. */
  readonly maxPayload?: number;
  /** `false` starts a server without JetStream. */
  readonly jetstream?: boolean;
  /** Additional lines of the server's configuration file: `authorization { … }`. */
  readonly config?: string;
  /** Folder of the streams, for instance on a small file system; not removed at the end. Default: a temporary folder, which is. */
  readonly storeDir?: string;
  /** How long the server may take to accept connections. Default 8,000. */
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
