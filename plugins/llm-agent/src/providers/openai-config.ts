import { expectedKeyword } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';

/** The config of an `llms` entry with `provider: openai-compatible`. */
export const OpenaiConfig = Type.Object(
  {
    base_url: Type.String({
      pattern: '^https?://[^/?#@]+(/[^?#]*)?$',
      [expectedKeyword]:
        'an http or https URL such as https://api.openai.com/v1, without user name, password and query',
      description:
        'The URL that `/chat/completions` is appended to, e.g. `https://api.openai.com/v1`. No user name, password or query.',
    }),
    model: Type.String({ minLength: 1, description: "The service's name for the model." }),
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
        description: 'Timeout of one call, up to the last token.',
      }),
    ),
    stream: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Set to false for services that cannot stream; there are no live tokens then.',
      }),
    ),
    structured_outputs: Type.Optional(
      Type.Boolean({
        default: true,
        description:
          'Set to false for services without `response_format: json_schema`; the schema goes into the prompt instead.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type OpenaiConfig = Static<typeof OpenaiConfig>;
