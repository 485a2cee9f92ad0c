import type { ControlType, ControlView, Directive, Reaction } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { exactlyOneOf, longestSeconds, strict } from './config-schema.js';
import { controlMetadata, inputPort, port } from './metadata.js';
import { parseMoment } from './moment.js';
import { complete, nothing, wrongConfig } from './reaction.js';

const Config = Type.Object(
  {
    seconds: Type.Optional(
      Type.Union([Type.Number({ minimum: 0, maximum: longestSeconds }), Type.String({ pattern: '^\\$\\{' })], {
        description: 'Seconds from when the step becomes ready: a number, or a `${…}` that evaluates to one.',
      }),
    ),
    until: Type.Optional(
      Type.String({
        minLength: 1,
        format: 'date-time',
        description: 'RFC 3339 with an offset, or a `${…}` that evaluates to one. A past time fires at once.',
      }),
    ),
  },
  { ...strict, ...exactlyOneOf('seconds', 'until') },
);
type Config = Static<typeof Config>;

/** Waits for a duration or until a point in time. */
export const delayType: ControlType<Config, never> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'delay',
    display_name: 'Delay',
    description: 'Waits for some seconds or until a point in time, then passes its input on.',
    icon: 'timer',
    color: '#0ea5e9',
    config: Config,
    input_ports: [inputPort],
    output_ports: [port('output', 'The input.')],
    waits: true,
    supports_timeout: true,
    examples: [{ seconds: 30 }, { seconds: '${input.wait}' }, { until: '2030-01-01T08:00:00+01:00' }],
  }),
  react(occurrence, view) {
    if (occurrence.kind === 'started') return start(view);
    return occurrence.kind === 'timer_fired' ? complete({ output: view.input }) : nothing;
  },
};

function start(view: ControlView<Config, never>): Reaction<never> {
  const { seconds, until } = view.config;
  if (until !== undefined) {
    const at = parseMoment(String(until));
    if (at === null) return wrongConfig('/until', 'a date and time with offset (RFC 3339)', until);
    return at <= view.now ? complete({ output: view.input }) : wait({ at });
  }
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= longestSeconds)) {
    return wrongConfig('/seconds', `a number from 0 to ${longestSeconds}`, seconds ?? null);
  }
  return seconds === 0 ? complete({ output: view.input }) : wait({ after_seconds: seconds });
}

function wait(due: { readonly at: number } | { readonly after_seconds: number }): Reaction<never> {
  const timer: Directive = { do: 'start_timer', name: 'due', ...due };
  return { directives: [timer] };
}
