import { expectedKeyword } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { atMostOneBody, bodyProperties, ScalarOrList } from './body-config.js';

const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type HttpMethod = (typeof httpMethods)[number];

const ExpectedStatus = Type.Union([
  Type.Integer({ minimum: 100, maximum: 599 }),
  Type.String({
    pattern: '^[1-5]xx$',
    [expectedKeyword]: 'a class of status codes such as 2xx',
    description: 'A class of status codes, e.g. `2xx`.',
  }),
]);
export type ExpectedStatus = Static<typeof ExpectedStatus>;

/** What no URL parser takes, so that a literal mistake is found when the segment is loaded; hosts are checked by @llmteam/egress. */
const urlPattern =
  '^[Hh][Tt][Tt][Pp][Ss]?://' +
  '(\\[[0-9A-Fa-f:.]+\\]|[^\\u0000-\\u0020\\u007f/?#@\\\\:\\[\\]<>^|]+)' +
  '(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])?)?' +
  '([/?#][^\\u0000-\\u001f\\u007f]*)?$';

const urlForm = 'an http or https URL without user name and password, such as https://api.example.com/v1';

export const HttpActionConfig = Type.Object(
  {
    client_ref: Type.Optional(
      Type.String({ description: 'A configured client: its `base_url`, headers and network permissions.' }),
    ),
    url: Type.Optional(
      Type.String({
        maxLength: 8_192,
        // Not beside `maxLength`: the description tells readers of the catalog more.
        allOf: [{ pattern: urlPattern, [expectedKeyword]: urlForm }],
        description: 'An http or https URL without user name and password, if no client is used. Public hosts only.',
      }),
    ),
    path: Type.Optional(
      Type.String({
        maxLength: 8_192,
        pattern: '^[^?#]*$',
        [expectedKeyword]: 'a path without ? and #; parameters go into `query`',
        description: 'Appended to `base_url` or `url`, and cannot escape it. Must not contain `?` or `#`.',
      }),
    ),
    method: Type.Optional(Type.Enum([...httpMethods], { default: 'POST' })),
    headers: Type.Optional(
      Type.Unsafe<Readonly<Record<string, string>>>({
        type: 'object',
        propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", [expectedKeyword]: 'the name of a header' },
        additionalProperties: {
          type: 'string',
          pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$',
          [expectedKeyword]: 'one line of printable Latin-1 characters',
        },
        maxProperties: 64,
        description: "Added to the client's headers, which cannot be overridden.",
      }),
    ),
    query: Type.Optional(
      Type.Unsafe<Readonly<Record<string, ScalarOrList>>>({
        type: 'object',
        additionalProperties: ScalarOrList,
        maxProperties: 256,
        description: 'Added to the URL. A list repeats its key; null omits it.',
      }),
    ),
    ...bodyProperties,
    idempotent: Type.Optional(
      Type.Boolean({
        description:
          'Whether the service tolerates the same request twice. If not, a request that may have arrived is not sent again. ' +
          'Default: true, except for POST and PATCH.',
      }),
    ),
    expect_status: Type.Optional(
      Type.Union([ExpectedStatus, Type.Array(ExpectedStatus, { minItems: 1, maxItems: 64 })], {
        default: '2xx',
        description:
          'Status codes that count as success: 200, `2xx`, or a list of these. An expected redirect is not followed.',
      }),
    ),
    response: Type.Optional(
      Type.Enum(['json', 'text', 'base64'], {
        default: 'json',
        description:
          'How to read the body: base64 is for bytes of any kind. An empty body is null, or an empty string. Of equal keys in ' +
          'one JSON object the last counts.',
      }),
    ),
    charset: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description:
          'The charset of the response, if it does not start with a byte order mark. Default: that of its `Content-Type`, or UTF-8.',
      }),
    ),
    large_numbers: Type.Optional(
      Type.Enum(['refuse', 'string'], {
        default: 'refuse',
        description:
          'What becomes of a number beyond 2^53 in a JSON response whose digits a double cannot hold: an error, or a string with ' +
          'its digits.',
      }),
    ),
    response_headers: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether the port `headers` fires, with the headers of the response.',
      }),
    ),
  },
  {
    additionalProperties: false,
    oneOf: [
      { properties: { client_ref: {} }, required: ['client_ref'] },
      { properties: { url: {} }, required: ['url'] },
    ],
    dependentSchemas: atMostOneBody,
    description: 'Exactly one of `client_ref` and `url`.',
  },
);
export type HttpActionConfig = Static<typeof HttpActionConfig>;
