import { type Static, Type } from 'typebox';

/** An entry of `llms` with `provider: openai-compatible`. */
export const OpenaiConfig = Type.Object(
  {
    base_url: Type.String({
      pattern: '^https?://[^/?#@]+(/[^?#]*)?$',
      description:
        'Where `/chat/completions` is, e.g. `https://api.openai.com/v1`. Without user name, password and query.',
    }),
    model: Type.String({ minLength: 1, description: 'As the service names it.' }),
    api_key: Type.Optional(Type.String({ writeOnly: true, description: 'Sent as a bearer token.' })),
    headers: Type.Optional(
      Type.Unsafe<Readonly<Record<string, string>>>({
        type: 'object',
        additionalProperties: { type: 'string', writeOnly: true },
        description: 'Sent with every request.',
      }),
    ),
    timeout_seconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 86_400,
        default: 300,
        description: 'Time for one answer, to its last token.',
      }),
    ),
    stream: Type.Optional(
      Type.Boolean({ default: true, description: 'false: for services that cannot stream; nobody sees tokens then.' }),
    ),
    structured_outputs: Type.Optional(
      Type.Boolean({
        default: true,
        description:
          'false: for services without `response_format: json_schema`; the schema goes into the prompt then.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type OpenaiConfig = Static<typeof OpenaiConfig>;
