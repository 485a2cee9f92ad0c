import { type Static, Type } from 'typebox';

const strict = { additionalProperties: false } as const;
const maxItems = 256;

const host = '^(\\*|(\\*\\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\\[[0-9a-fA-F:.]+\\])(:[0-9]{1,5})?$';
const name = '^(\\*|[A-Za-z0-9][A-Za-z0-9._-]{0,127})$';

const list = (pattern: string, description: string) =>
  Type.Optional(Type.Array(Type.String({ pattern }), { uniqueItems: true, maxItems, description }));

/**
 * What a plugin uses besides the values it is given. In its manifest: what it asks for. In the configuration: what the operator grants. A
 * handler may use what both name.
 */
export const Permissions = Type.Object(
  {
    network: list(
      host,
      'Hosts of `context.fetch`: `api.example.com`, `*.example.com` for every host below it, `api.example.com:8443` for a port other than ' +
        'that of the scheme, `*` for every host. Private networks are reached only if the operator grants the host by its own name.',
    ),
    clients: list(name, 'Entries of `clients` in the configuration; `*`: each that a segment names.'),
    secrets: list(name, 'Entries of `secrets`.'),
    stores: list(name, 'Entries of `stores`; `*`: each that a segment names.'),
    llm: list(name, 'Entries of `llms`; `*`: each that a segment names.'),
  },
  { ...strict, $id: 'Permissions' },
);
export type Permissions = Static<typeof Permissions>;

/** The singular of each kind, as it is written in `StepTypeMetadata.permissions`: `secret:acme_key`. */
export const permissionKinds = {
  network: 'network',
  clients: 'client',
  secrets: 'secret',
  stores: 'store',
  llm: 'llm',
} as const satisfies Record<keyof Permissions, string>;

export type PermissionKind = (typeof permissionKinds)[keyof Permissions];

/** `{secrets: ['acme_key']}` → `['secret:acme_key']` */
export function permissionList(permissions: Permissions): string[] {
  const kinds = Object.entries(permissionKinds) as [keyof Permissions, PermissionKind][];
  return kinds.flatMap(([section, kind]) => (permissions[section] ?? []).map((what) => `${kind}:${what}`));
}
