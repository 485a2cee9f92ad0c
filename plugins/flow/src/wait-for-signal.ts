import { type ControlType, type ControlView, type Directive, literalKeyword, type Reaction } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { longestSeconds, strict } from './config-schema.js';
import { controlMetadata, inputPort, port } from './metadata.js';
import { complete, nothing, wrongConfig } from './reaction.js';

const Config = Type.Object(
  {
    signal: Type.String({
      minLength: 1,
      maxLength: 128,
      [literalKeyword]: true,
      description: 'The name of the signal.',
    }),
    correlation: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'Only a signal sent with the same text is taken. Default: any. A number needs `${string(…)}`.',
      }),
    ),
    timeout_seconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: longestSeconds,
        description: 'Then `timeout` fires. Default: never.',
      }),
    ),
  },
  strict,
);
type Config = Static<typeof Config>;

/** Waits for somebody outside to say something. */
export const waitForSignalType: ControlType<Config, never> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'wait_for_signal',
    display_name: 'Wait for signal',
    description: 'Waits for a signal sent to the run; one that came before is taken at once.',
    icon: 'radio',
    color: '#0ea5e9',
    config: Config,
    input_ports: [inputPort],
    output_ports: [
      port('output', "The signal's payload."),
      port('timeout', '`{signal}`, if none came in time.', 'object'),
    ],
    waits: true,
    examples: [{ signal: 'payment' }, { signal: 'payment', correlation: '${input.order_id}', timeout_seconds: 3600 }],
  }),
  react(occurrence, view) {
    switch (occurrence.kind) {
      case 'started':
        return start(view);
      case 'signal_received':
        return complete({ output: occurrence.payload });
      case 'timer_fired':
        return complete({ timeout: { signal: view.config.signal } });
      default:
        return nothing;
    }
  },
};

function start({ config }: ControlView<Config, never>): Reaction<never> {
  const { signal, correlation = null, timeout_seconds } = config;
  // Anything else would wait for ever: senders give texts.
  if (correlation !== null && typeof correlation !== 'string') {
    return wrongConfig('/correlation', 'a string', correlation);
  }
  // The timer first: the wait may end at once, by a signal that came before.
  const timer: readonly Directive[] =
    timeout_seconds === undefined ? [] : [{ do: 'start_timer', name: 'timeout', after_seconds: timeout_seconds }];
  return { directives: [...timer, { do: 'wait_signal', name: signal, correlation }] };
}
