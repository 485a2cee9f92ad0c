import { defineControl, definePlugin, Type } from '@llmteam/plugin';

/** A control type runs inside the engine: it may use only what `react` is given, no clock, no randomness and no I/O. */
export const step = defineControl({
  type: 'template_type',
  description: 'Passes its input on after a pause, or at once if it is large enough.',
  config: Type.Object(
    {
      seconds: Type.Number({ exclusiveMinimum: 0, description: 'How long the pause is.' }),
      at_once_from: Type.Integer({ default: 100, description: 'The number from which on there is none.' }),
    },
    { additionalProperties: false },
  ),
  input: Type.Number({ description: 'A number.' }),
  outputs: { output: Type.Number({ description: 'The same number.' }) },
  examples: [{ seconds: 1 }],
  react({ kind }, { config, input }) {
    const isLarge = typeof input === 'number' && input >= config.at_once_from;
    if (kind === 'started' && !isLarge) {
      return { directives: [{ do: 'start_timer', name: 'pause', after_seconds: config.seconds }] };
    }
    return { directives: [{ do: 'complete', ports: { output: input } }] };
  },
});

export default definePlugin({ name: 'plugin-template', stepTypes: [step] });
