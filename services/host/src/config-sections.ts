/** The configuration sections of the service processes. */
import { type JsonObject, JsonRecord } from '@llmteam/contracts';
import { type TObject, type TProperties, Type } from 'typebox';

/**
 * A closed object. A key with a default is optional in the file but not in the type, because defaults are filled in before it is
 * read.
 */
function section<P extends TProperties>(properties: P, description: string): TObject<P> {
  const schema: object = Type.Object(properties, { additionalProperties: false, description });
  const { required = [], ...rest } = schema as { readonly required?: readonly string[] };
  const needed = required.filter((key) => !('default' in (properties[key] as object)));
  return (needed.length === 0 ? rest : { ...rest, required: needed }) as TObject<P>;
}

/** Either the secret itself or `env:NAME`. Never printed or logged. */
const secret = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, writeOnly: true, description: `${description} Or \`env:NAME\`.` }));

const path = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

const forAnybody = {
  section: 'Where `/health`, `/ready` and `/metrics` are served.',
  host: 'The address to listen on; `0.0.0.0` means all. Access is not authenticated.',
} as const;

const forKeys = {
  section: 'Where the API, `/health`, `/ready` and `/metrics` are served.',
  host: 'The address to listen on; `0.0.0.0` means all. The API requires a key; these three paths and the API reference do not.',
} as const;

const forPrometheus = {
  section: '`/metrics` at an address of its own, with all labels and without a token, next to `/health` and `/ready`.',
  host: 'An address that only Prometheus reaches. Access is not authenticated.',
} as const;

function httpSection(port: number, words: { readonly section: string; readonly host: string } = forAnybody) {
  const properties = {
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: words.host }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: port, description: '0 means any free port.' }),
  };
  return { ...section(properties, words.section), default: {} };
}

/** Only for services whose metrics name tenants or segments. */
function metricsSection(port: number) {
  const { default: _, ...http } = httpSection(port, forPrometheus);
  const properties = {
    token: secret('The bearer token that `/metrics` requires; its series then have all labels.'),
    http: Type.Optional(http),
  };
  const description =
    'Who sees the labels `tenant_id` and `segment_id`. By default `/metrics` needs no key, and its series are added up over tenants and ' +
    'segments.';
  return { ...section(properties, description), default: {} };
}

export const logSection = section(
  {
    level: Type.Optional(
      Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], {
        description:
          'Default: `info` for services; commands only print warnings and errors, as plain text. SIGUSR2 sets that of a service to `debug`, and back.',
      }),
    ),
    format: Type.Enum(['auto', 'json', 'pretty'], {
      default: 'auto',
      description: 'The log format of services. auto: pretty on a terminal, else one JSON object per line.',
    }),
  },
  'Logging to stderr.',
);

const distinct = (what: string, most: number) =>
  Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: most,
    description: `How many ${what} a process tells apart; all others are told as \`other\`.`,
  });

export const metricsLimitsSection = section(
  { max_tenants: distinct('tenants', 100), max_segments: distinct('segments', 200) },
  'How many series `/metrics` may have ([metrics](metrics.md)). Sums stay right.',
);

export const tracingSection = section(
  {
    endpoint: Type.String({
      pattern: '^https?://[^/]+',
      description:
        'A receiver of OTLP over HTTP, such as a collector, Jaeger or Tempo: `http://localhost:4318`. `/v1/traces` is added unless it is there.',
    }),
    headers: Type.Record(Type.String(), Type.String(), {
      default: {},
      writeOnly: true,
      description: 'Headers for the receiver, such as `authorization`. Values may be `env:NAME`.',
    }),
    sample_ratio: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 1,
      description: 'Of runs that begin a trace. One that is started within a trace is sampled if its caller is.',
    }),
    record_content: Type.Boolean({
      default: false,
      description: 'Whether the spans of model calls tell prompts and answers.',
    }),
    trace_url: Type.Optional(
      Type.String({
        pattern: '^https?://.*\\{trace_id\\}',
        description: 'Where people look at a trace, shown beside its id: `http://localhost:16686/trace/{trace_id}`.',
      }),
    ),
  },
  'Traces (OpenTelemetry). Without this section nothing is traced.',
);

export const backendSection = section(
  {
    package: Type.String({
      minLength: 1,
      description: 'A package of kind `backend`: its name, or a path relative to this file.',
    }),
    settings: Type.Unsafe<JsonObject>({
      ...JsonRecord,
      default: {},
      description: 'Its settings, which the package defines. Strings may be `env:NAME`.',
    }),
  },
  'What connects coordinators, workers and gateways instead of NATS; `nats` is not used then.',
);

export const retentionSection = section(
  {
    max_age_hours: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'Runs that ended longer ago than this are removed.' }),
    ),
    max_runs: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'About how many ended runs are kept, newest first; divided evenly among the partitions.',
      }),
    ),
  },
  'Which ended runs are kept. Without a limit, all of them.',
);

export const coordinatorSection = section(
  {
    lease_seconds: Type.Number({
      minimum: 0.5,
      maximum: 300,
      default: 10,
      description: 'How long a coordinator may be silent before another takes over its partitions.',
    }),
    max_resident_runs: Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      default: 500,
      description: 'How many runs are kept in memory per partition; only idle runs can be evicted.',
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
      description: 'Maximum concurrent attempts per step type.',
    }),
    concurrency_by_type: Type.Record(Type.String({ pattern: stepType }), Type.Integer(attemptsAtATime), {
      default: {},
      description: 'Overrides `concurrency` for individual step types.',
      additionalProperties: false,
    }),
    types: Type.Optional(
      Type.Array(Type.String({ pattern: stepType }), {
        minItems: 1,
        uniqueItems: true,
        description: 'Serve only these step types. Default: all that its plugins provide.',
      }),
    ),
    drain_seconds: Type.Number({
      minimum: 0,
      maximum: 86_400,
      default: 30,
      description:
        'How long running attempts may continue after the worker is told to stop; then their jobs are released.',
    }),
    max_deliveries: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 5,
      description:
        'A job whose worker died this many times before reporting fails with `WORKER_LOST`. Jobs released by a stopping worker do not count. Also for `llmteam run` and `llmteam dev`.',
    }),
    http: httpSection(8_082),
    metrics: metricsSection(9_082),
  },
  '`llmteam serve worker`.',
);

const maxCount = 1_000_000_000;
const kib = 1_024;
const maxBytes = 16 * kib * kib;

const limit = (minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, description }));

/** The keys match `GatewayLimits`, which has the defaults. */
const limitsSection = section(
  {
    requests_per_second: limit(1, maxCount, 'Requests per second of a tenant. Default 1,000.'),
    starts_per_second: limit(1, maxCount, 'Runs started per second by a tenant. Default 50.'),
    segment_bytes_per_second: limit(
      kib,
      maxBytes,
      'Bytes of segments that a tenant may have validated or stored per second, on average. Default 1 MiB.',
    ),
    active_runs: limit(1, maxCount, 'Active runs of a tenant, whoever started them. Default 10,000.'),
    open_streams: limit(1, maxCount, 'Concurrent event streams of a tenant. Default 200.'),
    unread_response_bytes: limit(
      kib,
      maxCount,
      'Bytes of responses that clients of a tenant have not read; beyond it, those unread for longest are cut off. Default 16 MiB.',
    ),
    body_bytes: limit(kib, maxBytes, 'Size of a request body. Default 1 MiB.'),
    segment_bytes: limit(kib, maxBytes, 'Size of a segment. Default 4 MiB.'),
    header_count: limit(1, 1_000, 'Number of headers of a request. Default 100.'),
    header_bytes: limit(kib, kib * kib, 'Total size of the headers of a request. Default 16 KiB.'),
    head_ms: limit(
      100,
      600_000,
      'Timeout for receiving the headers of a request; at most `request_ms`. Default 10,000.',
    ),
    request_ms: limit(100, 3_600_000, 'Timeout for receiving a complete request. Default 30,000.'),
    wait_seconds: limit(0, 60, 'The maximum for `?wait=`; longer waits are truncated to it. Default 60.'),
    heartbeat_ms: limit(100, 600_000, 'Interval between heartbeats of a stream. Default 15,000.'),
    slow_reader_ms: limit(
      100,
      600_000,
      'A client that reads nothing for this long is disconnected and may reconnect. Default 10,000.',
    ),
    slow_reader_bytes: limit(kib, maxCount, 'A client with this many unread bytes is disconnected too. Default 1 MiB.'),
  },
  'Limits per tenant, client or request, enforced by each gateway.',
);

/** As browsers send it, without path or default port and in lower case: anything else would never match. */
const origin = '^https?://([a-z0-9_.-]+|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?$';

const hostName = '^([a-z0-9_][a-z0-9._-]{0,252}|\\[[0-9a-f:.]+\\])$';

export const gatewaySection = section(
  {
    http: httpSection(8_080, forKeys),
    metrics: metricsSection(9_080),
    hosts: Type.Array(Type.String({ pattern: hostName }), {
      default: [],
      uniqueItems: true,
      description:
        'Names that requests may have in `Host`, without port, e.g. `llmteam.example.com`. A gateway on a loopback address also answers to ' +
        '`localhost`, `127.0.0.1`, `[::1]` and its address, and to nothing else; one on any other address answers to every name if this is empty.',
    }),
    index_file: path(
      'The file in which a gateway keeps its run and task lists, relative to this file. Used by one process at a time; can be rebuilt at any ' +
        "time. Default: `.llmteam/gateway-<nats.namespace, or the name of the backend's plugin>.db` in the user's home directory.",
    ),
    origins: Type.Array(Type.String({ pattern: origin }), {
      default: [],
      uniqueItems: true,
      description:
        'Origins of web pages that may use the API (CORS), e.g. `https://app.example.com`, `http://localhost:5173`.',
    }),
    drain_seconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 3_600,
        description:
          'How long it goes on serving after it is told to stop, while `/ready` says 503: as long as load balancers take to notice. Default: ' +
          '5, and 0 for `llmteam dev`.',
      }),
    ),
    audit_key: secret(
      'Seals the audit trail, so that nobody without it can change the trail unnoticed; at least 16 characters. The same for all gateways.',
    ),
    former_audit_keys: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      writeOnly: true,
      description:
        'Earlier values of `audit_key`, to verify what was written with them. Each the key itself or `env:NAME`.',
    }),
    limits: { ...limitsSection, default: {} },
  },
  '`llmteam serve gateway`; all but `http` and `index_file` for `llmteam dev` too.',
);
