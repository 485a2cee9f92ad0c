import type { StepTypeMetadata } from '@llmteam/contracts';
import { openSchema, type PlainSchema } from './plain-schema.js';

/** The types that come with LLMTeam. The document needs no key, so it shows no others: the catalog does. */
export const builtInTypes: ReadonlySet<string> = new Set([
  'condition',
  'critic_loop',
  'delay',
  'http_action',
  'human_task',
  'llm_agent',
  'loop',
  'map',
  'parallel_join',
  'parallel_split',
  'subworkflow',
  'switch',
  'transform',
  'wait_for_signal',
]);

/** A schema of the config and one of the step for each built-in type: `LlmAgentConfig`, `LlmAgentStep`. */
export function stepSchemas(types: readonly StepTypeMetadata[]): Record<string, PlainSchema> {
  const shown = types.filter(({ type_id }) => builtInTypes.has(type_id));
  return Object.fromEntries(
    shown.flatMap(({ type_id, description, config_schema, examples }) => {
      const name = pascalCase(type_id);
      const config = openSchema(config_schema);
      return [
        [`${name}Config`, { ...config, description: `The config of \`${type_id}\`. ${description}`, examples }],
        [`${name}Step`, stepSchema(type_id, `#/components/schemas/${name}Config`)],
      ];
    }),
  );
}

/** Strings with `${…}` may stand for values of other types, which a static type cannot say: a step may always be a plain `Step` too. */
function stepSchema(type: string, config: string): PlainSchema {
  return {
    description: `A \`Step\` of the type \`${type}\`, with the type of its config.`,
    allOf: [
      { $ref: '#/components/schemas/Step' },
      { type: 'object', properties: { type: { const: type }, config: { $ref: config } }, required: ['type', 'config'] },
    ],
  };
}

function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
