import { type Static, Type } from 'typebox';
import { Role } from './roles.js';
import { PageCursor } from './run-answers.js';

const strict = { additionalProperties: false } as const;
const time = Type.String({ format: 'date-time' });
const timeOrNull = Type.Union([time, Type.Null()]);

const listed = {
  prefix: Type.String({ description: 'The public part of the key, between its underscores. It identifies the key.' }),
  tenant_id: Type.String(),
  role: Role,
  name: Type.String({ description: 'The person or service that uses the key.' }),
  act_for_others: Type.Boolean({ description: 'May name other people on human tasks. Role `admin` always may.' }),
  created_at: time,
  expires_at: timeOrNull,
  revoked_at: timeOrNull,
};

/** An API key as lists show it. */
export const KeyListing = Type.Object(listed, { ...strict, $id: 'KeyListing' });
export type KeyListing = Static<typeof KeyListing>;

export const KeyPage = Type.Object(
  { keys: Type.Array(KeyListing), cursor: PageCursor },
  { ...strict, $id: 'KeyPage', description: 'API keys of the tenant, ordered by prefix.' },
);
export type KeyPage = Static<typeof KeyPage>;

/** The response to creating a key: the only time that the key itself is shown. */
export const KeyCreated = Type.Object(
  { key: Type.String({ description: 'The key itself.' }), ...listed },
  { ...strict, $id: 'KeyCreated' },
);
export type KeyCreated = Static<typeof KeyCreated>;

/** `POST /api/v1/keys` */
export const CreateKeyBody = Type.Object(
  {
    role: Role,
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', maxLength: 128 }),
    act_for_others: Type.Optional(Type.Boolean({ default: false })),
    expires_at: Type.Optional(
      Type.Union([time, Type.Null()], {
        description: 'null: never. Default, and the latest possible: when the key that creates it expires.',
      }),
    ),
  },
  { ...strict, $id: 'CreateKeyBody' },
);
export type CreateKeyBody = Static<typeof CreateKeyBody>;

/** `GET /api/v1/whoami` */
export const KeyIdentity = Type.Object(
  {
    ...listed,
    permissions: Type.Array(Type.String(), { description: 'What the role allows.' }),
  },
  { ...strict, $id: 'KeyIdentity' },
);
export type KeyIdentity = Static<typeof KeyIdentity>;
