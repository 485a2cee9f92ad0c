/** The sections of the configuration that the service processes read. */
import { type TObject, type TProperties, Type } from 'typebox';

/**
 * An object without other keys than these. A key with a default may be left out of the file, yet the type says that it is there:
 * the defaults are filled in before anybody reads it.
 */
function section<P extends TProperties>(properties: P, description: string, rules: object = {}): TObject<P> {
  const schema: object = Type.Object(properties, { additionalProperties: false, description, ...rules });
  const { required = [], ...rest } = schema as { readonly required?: readonly string[] };
  const needed = required.filter((key) => !('default' in (properties[key] as object)));
  return (needed.length === 0 ? rest : { ...rest, required: needed }) as TObject<P>;
}

/** Either the text itself or `env:NAME`. Never printed, never logged. */
const secret = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, writeOnly: true, description: `${description} Or \`env:NAME\`.` }));

const path = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

const forAnybody = {
  section: 'Where `/health`, `/ready` and `/metrics` are.',
  host: 'The address to listen on; `0.0.0.0` is every one. Nobody is asked who they are.',
} as const;

const forKeys = {
  section: 'Where the API is, and `/health`, `/ready` and `/metrics`.',
  host: 'The address to listen on; `0.0.0.0` is every one. The API needs a key; the three paths and the reference do not.',
} as const;

function httpSection(port: number, words: { readonly section: string; readonly host: string } = forAnybody) {
  const properties = {
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: words.host }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: port, description: '0: any free one.' }),
  };
  return { ...section(properties, words.section), default: {} };
}

export const logSection = section(
  {
    level: Type.Optional(
      Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], {
        description: 'Without it services log from `info` on; commands only say warnings and errors, in plain words.',
      }),
    ),
    format: Type.Enum(['auto', 'json', 'pretty'], {
      default: 'auto',
      description: 'How services log to stderr. auto: pretty on a terminal, else one JSON object a line.',
    }),
  },
  'What is logged to stderr.',
);

const tlsSection = section(
  {
    ca_file: path('Who may vouch for the server. Paths are from this file.'),
    cert_file: path('Our certificate, if the server asks for one.'),
    key_file: path('Its key.'),
  },
  'With it the connection is encrypted, or there is none.',
  { dependentRequired: { cert_file: ['key_file'], key_file: ['cert_file'] } },
);

export const natsSection = section(
  {
    servers: Type.Array(
      Type.String({
        pattern: '^(nats|tls)://[^/\\s,]+$',
        description: '`nats://host:port`; a user and password, or a token, may stand before `@`.',
      }),
      { minItems: 1, default: ['nats://127.0.0.1:4222'], description: 'The servers of one cluster.' },
    ),
    namespace: Type.String({
      pattern: '^[a-z][a-z0-9_]*$',
      maxLength: 32,
      default: 'llmteam',
      description: 'Streams, subjects and buckets begin with it: installations with other names share nothing.',
    }),
    user: Type.Optional(Type.String({ minLength: 1 })),
    password: secret('The password of `user`.'),
    token: secret('Instead of `user`.'),
    creds_file: path('A credentials file, instead of `user`; from this file.'),
    tls: Type.Optional(tlsSection),
    partitions: Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 4,
      description:
        'Into how many journals the runs are spread; fixed when the streams are made. 16 to 64 for a cluster.',
    }),
    replicas: Type.Enum([1, 3, 5], { default: 1, description: 'Servers of the cluster that keep each stream.' }),
    jobs_storage: Type.Enum(['memory', 'file'], {
      default: 'memory',
      description: 'memory is faster: jobs that a server loses follow from the journal and are made anew.',
    }),
    dedupe_window_seconds: Type.Number({
      minimum: 1,
      maximum: 3_600,
      default: 30,
      description: 'How long the server knows the ids of what was appended.',
    }),
    job_lease_seconds: Type.Number({
      minimum: 1,
      maximum: 3_600,
      default: 30,
      description: 'How long a worker may be silent before its job is given to another.',
    }),
    max_journal_bytes: Type.Integer({
      minimum: -1,
      default: -1,
      description: 'The most one partition may hold; then runs are refused. -1: no limit.',
    }),
    atomic_batches: Type.Boolean({
      default: false,
      description:
        'Whether entries that are ready together are written together, where the server can (2.12 and later). For a server with ' +
        '`sync_interval: always`; one without it is faster if this is off.',
    }),
  },
  'The NATS JetStream server that coordinators and workers meet at.',
  { dependentRequired: { password: ['user'] } },
);

export const retentionSection = section(
  {
    max_age_hours: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'Runs that ended longer ago are removed.' }),
    ),
    max_runs: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'About so many runs that ended are kept, the newest; spread evenly over the partitions.',
      }),
    ),
  },
  'Which runs that ended are kept. Without a limit all are.',
);

export const coordinatorSection = section(
  {
    lease_seconds: Type.Number({
      minimum: 0.5,
      maximum: 300,
      default: 10,
      description: 'How long a partition waits for a coordinator that fell silent before another takes it over.',
    }),
    max_resident_runs: Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      default: 500,
      description: 'States of runs kept in memory per partition, as far as idle runs allow.',
    }),
    http: httpSection(8_081),
  },
  '`llmteam serve coordinator`.',
);

const stepType = '^[a-z][a-z0-9_]{0,63}$';
const attemptsAtATime = { minimum: 1, maximum: 10_000 } as const;

export const workerSection = section(
  {
    concurrency: Type.Integer({
      ...attemptsAtATime,
      default: 16,
      description: 'Attempts at a time, per step type.',
    }),
    concurrency_by_type: Type.Record(Type.String({ pattern: stepType }), Type.Integer(attemptsAtATime), {
      default: {},
      description: 'The same for single step types.',
      additionalProperties: false,
    }),
    types: Type.Optional(
      Type.Array(Type.String({ pattern: stepType }), {
        minItems: 1,
        uniqueItems: true,
        description: 'Serves only these of the step types that its plugins bring.',
      }),
    ),
    drain_seconds: Type.Number({
      minimum: 0,
      maximum: 86_400,
      default: 30,
      description: 'How long attempts may go on after the worker was told to stop; then their jobs are handed back.',
    }),
    max_deliveries: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 5,
      description:
        'A job that so many workers took and did not live to report ends as `WORKER_LOST`. What a worker that stops hands back does not count.',
    }),
    http: httpSection(8_082),
  },
  '`llmteam serve worker`.',
);

const most = 1_000_000_000;
const kib = 1_024;
const mostBytes = 16 * kib * kib;

const limit = (minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, description }));

/** The keys are those of `GatewayLimits`, which has the defaults. */
const limitsSection = section(
  {
    requests_per_second: limit(1, most, 'Of a tenant. Without it 1,000.'),
    starts_per_second: limit(1, most, 'Runs that a tenant starts. Without it 50.'),
    active_runs: limit(1, most, 'Runs of a tenant that have not ended, whoever started them. Without it 10,000.'),
    open_streams: limit(1, most, 'Runs that readers of a tenant follow at a time. Without it 200.'),
    body_bytes: limit(kib, mostBytes, 'Of a request. Without it 1 MiB.'),
    segment_bytes: limit(kib, mostBytes, 'Of a segment. Without it 4 MiB.'),
    header_count: limit(1, 1_000, 'Headers of a request. Without it 100.'),
    header_bytes: limit(kib, kib * kib, 'Of all its headers. Without it 16 KiB.'),
    head_ms: limit(100, 600_000, 'For the head of a request to arrive; at most `request_ms`. Without it 10,000.'),
    request_ms: limit(100, 3_600_000, 'For all of a request to arrive. Without it 30,000.'),
    wait_seconds: limit(0, 60, 'The longest `?wait=`; who asks for more is answered after it. Without it 60.'),
    heartbeat_ms: limit(100, 600_000, 'Between two signs of life of a stream. Without it 15,000.'),
    slow_reader_ms: limit(
      100,
      600_000,
      'A reader that takes nothing for so long is cut off, and may come back. Without it 10,000.',
    ),
    slow_reader_bytes: limit(kib, most, 'And one that leaves so much waiting. Without it 1 MiB.'),
  },
  'What one tenant, one client or one request may use, of each gateway.',
);

/** As browsers send it: no path, no default port, lower case. What is written otherwise would never match. */
const origin = '^https?://([a-z0-9_.-]+|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?$';

export const gatewaySection = section(
  {
    http: httpSection(8_080, forKeys),
    index_file: path(
      'The lists of runs and tasks that a gateway on NATS keeps, from this file; of one process. They can be made anew at any time. ' +
        'Without it `.llmteam/gateway-<namespace>.db` in the home of the user.',
    ),
    origins: Type.Array(Type.String({ pattern: origin }), {
      default: [],
      uniqueItems: true,
      description:
        'Web pages that may use the API, as browsers send them: `https://app.example.com`, `http://localhost:5173`.',
    }),
    limits: { ...limitsSection, default: {} },
  },
  '`llmteam serve gateway`; `origins` and `limits` for `llmteam dev` too.',
);
