/** The five kinds of a request body. Each is a key of the config; at most one may be present. */
import { expectedKeyword, JsonValue } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);
export const ScalarOrList = Type.Union([Scalar, Type.Array(Scalar)]);
export type ScalarOrList = Static<typeof ScalarOrList>;

const base64 = { pattern: '^[A-Za-z0-9+/]*={0,2}$', [expectedKeyword]: 'base64' } as const;

const MultipartPart = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 1_024, description: 'The name of the field.' }),
    value: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean()], { description: 'Its text.' })),
    base64: Type.Optional(
      Type.String({
        ...base64,
        description: 'Its bytes in base64, instead of `value`; it is a file then.',
      }),
    ),
    filename: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1_024, description: 'Makes it a file. Default for `base64`: `name`.' }),
    ),
    content_type: Type.Optional(
      Type.String({
        pattern: '^[!-~]+/[!-~]+( ?;[ -~]*)?$',
        [expectedKeyword]: 'a media type such as text/csv',
        description: 'The media type of a file. Default: `application/octet-stream`, or `text/plain` for `value`.',
      }),
    ),
  },
  {
    additionalProperties: false,
    oneOf: [
      { properties: { value: {} }, required: ['value'] },
      { properties: { base64: {} }, required: ['base64'] },
    ],
    description: 'Exactly one of `value` and `base64`.',
  },
);
export type MultipartPart = Static<typeof MultipartPart>;

export const bodyProperties = {
  body: Type.Optional({
    ...JsonValue,
    description:
      'A string is sent as is, null means no body, anything else is sent as JSON. Default, if none of the other body keys is ' +
      'there: the input, or no body for GET, HEAD, DELETE and OPTIONS.',
  }),
  form: Type.Optional(
    Type.Unsafe<Readonly<Record<string, ScalarOrList>>>({
      type: 'object',
      additionalProperties: ScalarOrList,
      maxProperties: 1_024,
      description: 'Sent as `application/x-www-form-urlencoded`. A list repeats its key; null omits it.',
    }),
  ),
  multipart: Type.Optional(
    Type.Array(MultipartPart, {
      minItems: 1,
      maxItems: 1_024,
      description: 'Fields and files in this order, sent as `multipart/form-data`.',
    }),
  ),
  text: Type.Optional(
    Type.String({ description: 'Sent as `text/plain; charset=utf-8`, unless `headers` name another type.' }),
  ),
  binary: Type.Optional(
    Type.String({
      ...base64,
      description: 'Bytes in base64, sent as `application/octet-stream` unless `headers` name another type.',
    }),
  ),
};

const bodyKeys = ['body', 'form', 'multipart', 'text', 'binary'] as const;

/** For each kind, none of those after it: one problem per key too many, where mutual exclusion would report two. */
export const atMostOneBody = Object.fromEntries(
  bodyKeys.slice(0, -1).map((key, index) => {
    const others = bodyKeys.slice(index + 1).map((other) => [other, false]);
    return [key, { properties: Object.fromEntries(others) }];
  }),
);
