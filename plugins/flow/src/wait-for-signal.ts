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
        description: 'Accepts only signals sent with the same string. Default: any. Wrap a number in `${string(…)}`.',
      }),
    ),
    timeout_seconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: longestSeconds,
        description: 'How long to wait before `timeout` fires. Default: forever.',
      }),
    ),
  },
  strict,
);
type Config = Static<typeof Config>;

/** Waits for a signal from outside the run. */
export const waitForSignalType: ControlType<Config, never> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'wait_for_signal',
    display_name: 'Wait for signal',
    description: 'Waits for a signal sent to the run; one received earlier is consumed at once.',
    icon: 'radio',
    color: '#0ea5e9',
    config: Config,
    input_ports: [inputPort],
    output_ports: [
      port('output', "The signal's payload."),
      port('timeout', '`{signal}`, if none was received in time.', 'object'),
    ],
    waits: true,
    supports_timeout: true,
    supports_retry: true,
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
  // Anything else would wait forever: senders pass strings.
  if (correlation !== null && typeof correlation !== 'string') {
    return wrongConfig('/correlation', 'a string', correlation);
  }
  // Timer first: a signal received earlier may end the wait at once.
  const timer: readonly Directive[] =
    timeout_seconds === undefined ? [] : [{ do: 'start_timer', name: 'timeout', after_seconds: timeout_seconds }];
  return { directives: [...timer, { do: 'wait_signal', name: signal, correlation }] };
}
