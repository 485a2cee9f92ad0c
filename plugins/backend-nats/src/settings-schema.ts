/**
 * The settings of the NATS backend, as they are written in a configuration. A module of its own, without the client, because the host
 * shows and checks them as its section `nats` before anything is opened.
 */
import { type Static, type TObject, type TProperties, Type } from 'typebox';

/**
 * A closed object. A key with a default is optional in the file but not in the type, because defaults are filled in before it is
 * read.
 */
function section<P extends TProperties>(properties: P, description: string, rules: object): TObject<P> {
  const schema: object = Type.Object(properties, { additionalProperties: false, description, ...rules });
  const { required = [], ...rest } = schema as { readonly required?: readonly string[] };
  const needed = required.filter((key) => !('default' in (properties[key] as object)));
  return (needed.length === 0 ? rest : { ...rest, required: needed }) as TObject<P>;
}

const secret = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, writeOnly: true, description: `${description} Or \`env:NAME\`.` }));

const path = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

const tlsSettings = section(
  {
    ca_file: path('The CA certificates to verify the server with. Paths are relative to this file.'),
    cert_file: path('The client certificate, if the server requires one.'),
    key_file: path('The key of the client certificate.'),
  },
  'If present, the connection must be encrypted.',
  { dependentRequired: { cert_file: ['key_file'], key_file: ['cert_file'] } },
);

export const natsSettings = section(
  {
    servers: Type.Array(
      Type.String({
        pattern: '^(nats|tls)://[^/\\s,]+$',
        description: '`nats://host:port`, optionally with a user and password, or a token, before `@`.',
      }),
      { minItems: 1, default: ['nats://127.0.0.1:4222'], description: 'The servers of one cluster.' },
    ),
    namespace: Type.String({
      pattern: '^[a-z][a-z0-9_]*$',
      maxLength: 32,
      default: 'llmteam',
      description: 'Prefix of streams, subjects and buckets: installations with different namespaces share nothing.',
    }),
    user: Type.Optional(Type.String({ minLength: 1 })),
    password: secret('The password of `user`.'),
    token: secret('A token, instead of `user`.'),
    creds_file: path('A credentials file, instead of `user`; the path is relative to this file.'),
    tls: Type.Optional(tlsSettings),
    partitions: Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 4,
      description:
        'How many partitions the journal has; fixed once the streams are created. Use 16 to 64 for a cluster.',
    }),
    replicas: Type.Enum([1, 3, 5], { default: 1, description: 'How many servers of the cluster store each stream.' }),
    jobs_storage: Type.Enum(['memory', 'file'], {
      default: 'memory',
      description: 'memory is faster; jobs lost by a server are derived from the journal and republished.',
    }),
    dedupe_window_seconds: Type.Number({
      minimum: 1,
      maximum: 3_600,
      default: 30,
      description: 'The deduplication window for message ids.',
    }),
    job_lease_seconds: Type.Number({
      minimum: 1,
      maximum: 3_600,
      default: 15,
      description: 'How long a worker may be silent before its job is redelivered to another.',
    }),
    max_journal_bytes: Type.Integer({
      minimum: -1,
      default: -1,
      description: 'The maximum size of one partition; new runs are refused beyond it. -1 means no limit.',
    }),
    atomic_batches: Type.Boolean({
      default: false,
      description:
        'Publishes pending entries in atomic batches, if the server supports it (2.12 and later). Use it with ' +
        '`sync_interval: always`; other servers are faster without it.',
    }),
  },
  'The NATS JetStream server that connects coordinators, workers and gateways.',
  { dependentRequired: { password: ['user'] } },
);
export type WrittenNatsSettings = Static<typeof natsSettings>;
