import { JsonRecord, type SchemaUse, schemaKeyword, templateKeyword } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { refusedKeywords } from './output-schema.js';

const prompt =
  'May contain `${ CEL }`, such as `${input.user.name}`, `{name}` for a field of the input, `{.}` for the whole input, and ' +
  '`{input}`: the field of that name, or the whole input if there is none. `{{` and `}}` are literal braces. Filled in one pass.';

function listed(keywords: readonly string[]): string {
  return keywords.map((keyword) => `\`${keyword}\``).join(', ');
}

export const LlmAgentConfig = Type.Object(
  {
    llm_ref: Type.String({ minLength: 1, description: 'A configured model.' }),
    system_prompt: Type.Optional(
      Type.String({
        [templateKeyword]: true,
        description: `The role of the model and how it should answer. ${prompt}`,
      }),
    ),
    user_prompt_template: Type.Optional(
      Type.String({
        [templateKeyword]: true,
        description: `The user message. ${prompt} Default: the input, as is if it is a string, else as JSON.`,
      }),
    ),
    prompt_template_id: Type.Optional(
      Type.String({
        description: 'A stored prompt. Not available in this version: every id fails with `UNKNOWN_REF`.',
      }),
    ),
    temperature: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 2,
        description: "0 gives the most repeatable answers. Default: the provider's; some models accept no other.",
      }),
    ),
    max_tokens: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          'The maximum length of the answer. An answer that is cut off has the `finish_reason` `length`; as JSON it is ' +
          "invalid. Default: the provider's.",
      }),
    ),
    output_format: Type.Optional(
      Type.Enum(['text', 'json', 'markdown'], {
        description: 'With `json` the answer is parsed. Default: `json` if there is an `output_schema`, else `text`.',
      }),
    ),
    output_schema: Type.Optional({
      ...JsonRecord,
      [schemaKeyword]: { refused: [...refusedKeywords] } satisfies SchemaUse,
      description:
        `A JSON Schema that the answer must match. Refused in it: ${listed(refusedKeywords)}. ` +
        'A `$ref` leads to a part of it.',
    }),
    allow_empty: Type.Optional(
      Type.Boolean({ default: false, description: 'Whether an empty answer is an answer; else it is `LLM_FAILED`.' }),
    ),
    tools: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Tools the model may call. Not available in this version: must be empty.',
      }),
    ),
    fallback_llm_refs: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        maxItems: 16,
        description: 'Models to try in order when the previous one fails or refuses.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type LlmAgentConfig = Static<typeof LlmAgentConfig>;
