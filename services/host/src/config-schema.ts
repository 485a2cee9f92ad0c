/** The schema of `llmteam.config.json`: types, defaults, bounds and the descriptions in docs/config.md. */
import { JsonRecord, Name } from '@llmteam/contracts';
import { type Static, type TSchema, Type } from 'typebox';
import { natsSettings } from './built-in-backends.js';
import { pluginEntry, pluginPackage } from './config-plugins.js';
import {
  backendSection,
  coordinatorSection,
  gatewaySection,
  logSection,
  metricsLimitsSection,
  retentionSection,
  tracingSection,
  workerSection,
} from './config-sections.js';

const strict = { additionalProperties: false } as const;
const tenants = Type.Optional(
  Type.Array(Name, {
    minItems: 1,
    uniqueItems: true,
    description: 'Only these tenants may use it; for all others the name does not exist. Default: every tenant.',
  }),
);
const handle = Type.String({ pattern: '^env:[A-Za-z_][A-Za-z0-9_]*$' });
const storeName = Type.String({ minLength: 1 });

const named = <T extends TSchema>(schema: T) => Type.Record(Type.String({ pattern: '^[A-Za-z0-9._-]+$' }), schema);

/** Strings of the form `env:NAME` refer to environment variables, which are read when first needed. */
export const ConfigFile = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    plugins: Type.Optional(
      Type.Array(Type.Union([pluginPackage, pluginEntry]), {
        description:
          'Additional plugin packages: package names, or paths relative to this file. As an object, with how they run and what they may use; ' +
          'such an entry may also name a built-in package.',
      }),
    ),
    llms: Type.Optional(
      named(
        Type.Object(
          { provider: Type.String({ description: 'A provider listed by `llmteam providers`.' }), tenants },
          { description: 'All other keys are defined by the provider.' },
        ),
      ),
    ),
    clients: Type.Optional(
      named(
        Type.Object(
          {
            base_url: Type.String({ pattern: '^https?://' }),
            headers: Type.Optional(Type.Record(Type.String(), Type.String())),
            allow_private_network: Type.Optional(Type.Boolean({ default: false })),
            tenants,
          },
          strict,
        ),
      ),
    ),
    stores: Type.Optional(Type.Array(Type.Union([storeName, Type.Object({ name: storeName, tenants }, strict)]))),
    secrets: Type.Optional(named(Type.Union([handle, Type.Object({ value: handle, tenants }, strict)]))),
    settings: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z0-9._-]+(@[0-9]+)?$' }), JsonRecord, {
        description:
          'What plugins get when they start, by name. `<name>@<major>` is for that major version, and wins over `<name>`.',
      }),
    ),
    canary: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$' }),
        Type.Object(
          {
            version: Type.String({ minLength: 1, description: 'A version or a range; the newest in it is taken.' }),
            share: Type.Number({
              minimum: 0,
              maximum: 1,
              description: 'Of new runs, chosen by their id. 0 turns it off.',
            }),
          },
          strict,
        ),
        {
          description:
            'By step type: a share of new runs takes another version than the one its segment is pinned to, if the segment allows it (`type`, ' +
            '`type@range`) and is valid with it. Runs that have started stay as they are.',
        },
      ),
    ),
    synchronous: Type.Optional(
      Type.Enum(['full', 'relaxed'], {
        default: 'full',
        description: 'full: acknowledged writes survive a power failure. relaxed: they survive a crash of the process.',
      }),
    ),
    log: Type.Optional(logSection),
    metrics: Type.Optional(metricsLimitsSection),
    tracing: Type.Optional(tracingSection),
    backend: Type.Optional(backendSection),
    nats: Type.Optional(natsSettings),
    retention: Type.Optional(retentionSection),
    coordinator: Type.Optional(coordinatorSection),
    worker: Type.Optional(workerSection),
    gateway: Type.Optional(gatewaySection),
  },
  { ...strict, $id: 'LlmteamConfig', description: '`llmteam.config.json`' },
);
export type ConfigFile = Static<typeof ConfigFile>;
