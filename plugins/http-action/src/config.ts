import { JsonValue } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';

const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type HttpMethod = (typeof httpMethods)[number];

const ExpectedStatus = Type.Union([
  Type.Integer({ minimum: 100, maximum: 599 }),
  Type.String({ pattern: '^[1-5]xx$', description: 'A class of statuses: `2xx`.' }),
]);
export type ExpectedStatus = Static<typeof ExpectedStatus>;

const QueryScalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);
const QueryValue = Type.Union([QueryScalar, Type.Array(QueryScalar)]);
export type QueryValue = Static<typeof QueryValue>;

export const HttpActionConfig = Type.Object(
  {
    client_ref: Type.Optional(
      Type.String({ description: 'A client of the configuration: its `base_url`, headers and network rights.' }),
    ),
    url: Type.Optional(
      Type.String({ maxLength: 8_192, description: 'Where to, if there is no client. Public hosts only.' }),
    ),
    path: Type.Optional(
      Type.String({
        maxLength: 8_192,
        description: 'Appended to `base_url` or `url`; cannot leave it. Holds no `?` or `#`.',
      }),
    ),
    method: Type.Optional(Type.Enum([...httpMethods], { default: 'POST' })),
    headers: Type.Optional(
      Type.Unsafe<Readonly<Record<string, string>>>({
        type: 'object',
        additionalProperties: { type: 'string' },
        maxProperties: 64,
        description: "Added to the client's, which cannot be replaced.",
      }),
    ),
    query: Type.Optional(
      Type.Unsafe<Readonly<Record<string, QueryValue>>>({
        type: 'object',
        additionalProperties: QueryValue,
        maxProperties: 256,
        description: 'Added to the URL. A list repeats its key; null leaves the key out.',
      }),
    ),
    body: Type.Optional({
      ...JsonValue,
      description:
        'Text is sent as it is, null is no body, all else is JSON. Default: the input, or none for GET, HEAD, DELETE.',
    }),
    expect_status: Type.Optional(
      Type.Union([ExpectedStatus, Type.Array(ExpectedStatus, { minItems: 1, maxItems: 64 })], {
        default: '2xx',
        description:
          'Statuses that are a success: 200, `2xx`, or a list of both. An expected redirect is not followed.',
      }),
    ),
    response: Type.Optional(
      Type.Enum(['json', 'text'], {
        default: 'json',
        description: 'How to read the body. An empty one is null, or an empty text.',
      }),
    ),
  },
  {
    additionalProperties: false,
    oneOf: [
      { properties: { client_ref: {} }, required: ['client_ref'] },
      { properties: { url: {} }, required: ['url'] },
    ],
    description: 'Exactly one of `client_ref` and `url`.',
  },
);
export type HttpActionConfig = Static<typeof HttpActionConfig>;
