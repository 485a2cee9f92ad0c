import { type ControlType, type ControlView, type Json, JsonValue, literalKeyword, PortName } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { cel, exactlyOneOf, required, strict } from './config-schema.js';
import { isList, isObject, jsonEqual } from './json.js';
import { controlMetadata, inputPort } from './metadata.js';
import { complete, nothing, wrongResult } from './reaction.js';

const literalPort = { ...PortName, [literalKeyword]: true };
const Port = Type.Unsafe<string>({ ...literalPort, description: 'The port that fires.' });
const Case = Type.Object(
  {
    value: Type.Optional(
      Type.Unsafe<Json>({
        ...JsonValue,
        description: 'Matches if the top-level `expression` evaluates to this value.',
      }),
    ),
    expression: Type.Optional(cel('boolean', 'Matches if this is true.')),
    port: Port,
  },
  { ...strict, ...exactlyOneOf('value', 'expression'), description: 'Either a value or an expression, and a port.' },
);
const noCaseHasAValue = {
  properties: { cases: { type: 'array', items: { type: 'object', properties: { value: false } } } },
};
const Config = Type.Object(
  {
    expression: Type.Optional(cel('any', 'Compared as JSON with the `value` of each case.')),
    cases: Type.Array(Case, { minItems: 1, maxItems: 256, description: 'Tested in order; the first match wins.' }),
    default_port: Type.Optional(
      Type.Unsafe<string>({ ...literalPort, default: 'default', description: 'Fires if no case matches.' }),
    ),
  },
  { ...strict, if: noCaseHasAValue, else: required('expression') },
);
type Config = Static<typeof Config>;

/** Routes its input to one of many ports. */
export const switchType: ControlType<Config, never> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'switch',
    display_name: 'Switch',
    description:
      'Fires the port of the first matching case, or `default_port`, with the input. The cases define the ports.',
    icon: 'split',
    color: '#6366f1',
    config: Config,
    input_ports: [inputPort],
    output_ports: [],
    examples: [
      {
        expression: 'input.kind',
        cases: [
          { value: 'invoice', port: 'invoice' },
          { value: 'order', port: 'order' },
        ],
        default_port: 'other',
      },
      { cases: [{ expression: 'input.total > 1000', port: 'large' }] },
    ],
  }),
  ports({ cases, default_port = 'default' }) {
    const named = (isList(cases) ? cases : []).map((one) => (isObject(one) ? one.port : null));
    return { output: [...new Set([...named, default_port])].filter((name) => typeof name === 'string') };
  },
  react(occurrence, view) {
    return occurrence.kind === 'started' ? choose(view) : nothing;
  },
};

function choose(view: ControlView<Config, never>) {
  const compared = once(() => view.evaluate('/expression'));
  for (const [index, one] of view.config.cases.entries()) {
    const pointer = `/cases/${index}/expression`;
    const holds = one.expression === undefined ? jsonEqual(compared(), one.value ?? null) : view.evaluate(pointer);
    if (typeof holds !== 'boolean') return wrongResult(pointer, 'true or false', holds);
    if (holds) return complete({ [one.port]: view.input });
  }
  return complete({ [view.config.default_port ?? 'default']: view.input });
}

/** Evaluates lazily, and at most once. */
function once(evaluate: () => Json): () => Json {
  let value: Json | undefined;
  return () => {
    if (value === undefined) value = evaluate();
    return value;
  };
}
