import { definePlugin, defineTask, Type } from '@llmteam/plugin';

export const step = defineTask({
  type: 'wordcount',
  description: 'Counts the words of a text.',
  category: 'data',
  config: Type.Object({ longer_than: Type.Integer({ default: 0, minimum: 0 }) }, { additionalProperties: false }),
  input: Type.String({ description: 'The text.' }),
  outputs: { output: Type.Integer({ description: 'How many words it has.' }) },
  examples: [{ longer_than: 3 }],
  run: (_context, { longer_than }, text) => ({
    output: text.split(/\s+/).filter((word) => word.length > longer_than).length,
  }),
});

export default definePlugin({ name: 'wordcount', stepTypes: [step] });
