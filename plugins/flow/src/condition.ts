import type { ControlType } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { cel, strict } from './config-schema.js';
import { controlMetadata, inputPort, port } from './metadata.js';
import { complete, nothing, wrongResult } from './reaction.js';

const Config = Type.Object({ expression: cel('boolean', 'Which of the two ports fires.') }, strict);
type Config = Static<typeof Config>;

/** Routes its input to one of two ports. */
export const conditionType: ControlType<Config, never> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'condition',
    display_name: 'Condition',
    description: 'Evaluates an expression and fires `true` or `false` with the input.',
    icon: 'git-branch',
    color: '#6366f1',
    config: Config,
    input_ports: [inputPort],
    output_ports: [port('true', 'The input, if the expression is true.'), port('false', 'The input, if it is false.')],
    examples: [{ expression: 'input.score >= 0.8' }, { expression: 'has(steps.review) && steps.review.output.ok' }],
  }),
  react(occurrence, view) {
    if (occurrence.kind !== 'started') return nothing;
    const holds = view.evaluate('/expression');
    if (typeof holds !== 'boolean') return wrongResult('/expression', 'true or false', holds);
    return complete({ [String(holds)]: view.input });
  },
};
