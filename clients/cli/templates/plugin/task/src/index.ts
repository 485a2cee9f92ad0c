import { definePlugin, defineTask, Type } from '@llmteam/plugin';

export const step = defineTask({
  type: 'template_type',
  description: 'Counts the words of a text.',
  category: 'data',
  config: Type.Object(
    { longer_than: Type.Integer({ default: 0, minimum: 0, description: 'Count only words with more letters.' }) },
    { additionalProperties: false },
  ),
  input: Type.String({ description: 'The text.' }),
  outputs: { output: Type.Integer({ description: 'How many words it has.' }) },
  examples: [{ longer_than: 3 }],
  run({ log }, { longer_than }, text) {
    const words = text.split(/\s+/).filter((word) => word.length > longer_than);
    log.debug({ words: words.length }, 'counted');
    return { output: words.length };
  },
});

export default definePlugin({ name: 'plugin-template', stepTypes: [step] });
