import { JsonValue } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';

const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type HttpMethod = (typeof httpMethods)[number];

const ExpectedStatus = Type.Union([
  Type.Integer({ minimum: 100, maximum: 599 }),
  Type.String({ pattern: '^[1-5]xx$', description: 'A class of status codes, e.g. `2xx`.' }),
]);
export type ExpectedStatus = Static<typeof ExpectedStatus>;

const QueryScalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);
const QueryValue = Type.Union([QueryScalar, Type.Array(QueryScalar)]);
export type QueryValue = Static<typeof QueryValue>;

export const HttpActionConfig = Type.Object(
  {
    client_ref: Type.Optional(
      Type.String({ description: 'A configured client: its `base_url`, headers and network permissions.' }),
    ),
    url: Type.Optional(
      Type.String({ maxLength: 8_192, description: 'The URL, if no client is used. Public hosts only.' }),
    ),
    path: Type.Optional(
      Type.String({
        maxLength: 8_192,
        description: 'Appended to `base_url` or `url`, and cannot escape it. Must not contain `?` or `#`.',
      }),
    ),
    method: Type.Optional(Type.Enum([...httpMethods], { default: 'POST' })),
    headers: Type.Optional(
      Type.Unsafe<Readonly<Record<string, string>>>({
        type: 'object',
        additionalProperties: { type: 'string' },
        maxProperties: 64,
        description: "Added to the client's headers, which cannot be overridden.",
      }),
    ),
    query: Type.Optional(
      Type.Unsafe<Readonly<Record<string, QueryValue>>>({
        type: 'object',
        additionalProperties: QueryValue,
        maxProperties: 256,
        description: 'Added to the URL. A list repeats its key; null omits it.',
      }),
    ),
    body: Type.Optional({
      ...JsonValue,
      description:
        'A string is sent as is, null means no body, anything else is sent as JSON. Default: the input, or no body for ' +
        'GET, HEAD, DELETE and OPTIONS.',
    }),
    expect_status: Type.Optional(
      Type.Union([ExpectedStatus, Type.Array(ExpectedStatus, { minItems: 1, maxItems: 64 })], {
        default: '2xx',
        description:
          'Status codes that count as success: 200, `2xx`, or a list of these. An expected redirect is not followed.',
      }),
    ),
    response: Type.Optional(
      Type.Enum(['json', 'text'], {
        default: 'json',
        description: 'How to read the body. An empty body is null, or an empty string.',
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
