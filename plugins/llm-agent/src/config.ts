import { JsonRecord } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';

const prompt = 'Takes `{name}` placeholders, filled from the input; `{{` and `}}` are braces.';

export const LlmAgentConfig = Type.Object(
  {
    llm_ref: Type.String({ minLength: 1, description: 'A model of the configuration.' }),
    system_prompt: Type.Optional(Type.String({ description: `Who the model is and how it answers. ${prompt}` })),
    user_prompt_template: Type.Optional(
      Type.String({ description: `What the model is asked. ${prompt} Default: the input, text as it is, else JSON.` }),
    ),
    prompt_template_id: Type.Optional(
      Type.String({
        description: 'A stored prompt. None can be configured in this version, so every id is `UNKNOWN_REF`.',
      }),
    ),
    temperature: Type.Optional(
      Type.Number({ minimum: 0, maximum: 2, default: 0.7, description: '0: as repeatable as the model can be.' }),
    ),
    max_tokens: Type.Optional(
      Type.Integer({ minimum: 1, description: "The longest answer. Default: the provider's." }),
    ),
    output_format: Type.Optional(
      Type.Enum(['text', 'json', 'markdown'], {
        description: '`json`: the answer is parsed. Default: `json` if there is an `output_schema`, else `text`.',
      }),
    ),
    output_schema: Type.Optional({ ...JsonRecord, description: 'JSON Schema that the answer must match.' }),
    tools: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Tools the model may call. Not available in this version: must be empty.',
      }),
    ),
    fallback_llm_refs: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        maxItems: 16,
        description: 'Models that are asked in turn if the one before fails or refuses.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type LlmAgentConfig = Static<typeof LlmAgentConfig>;
