import { type Directive, defineControl, definePlugin, Type } from '@llmteam/plugin';

const wait: Directive = { do: 'wait_signal', name: 'vote', correlation: null };

export const step = defineControl({
  type: 'quorum',
  description: 'Waits for several votes.',
  config: Type.Object(
    { votes: Type.Integer({ minimum: 1 }), seconds: Type.Number({ exclusiveMinimum: 0 }) },
    { additionalProperties: false },
  ),
  state: Type.Array(Type.String()),
  outputs: { output: Type.Array(Type.String()), late: Type.Array(Type.String()) },
  examples: [{ votes: 2, seconds: 60 }],
  react(occurrence, { config, state = [] }) {
    switch (occurrence.kind) {
      case 'started':
        return { state, directives: [{ do: 'start_timer', name: 'late', after_seconds: config.seconds }, wait] };
      case 'signal_received': {
        const votes = [...state, JSON.stringify(occurrence.payload)];
        const isEnough = votes.length >= config.votes;
        return { state: votes, directives: [isEnough ? { do: 'complete', ports: { output: votes } } : wait] };
      }
      default:
        return { directives: [{ do: 'complete', ports: { late: state } }] };
    }
  },
});

export default definePlugin({ name: 'quorum', stepTypes: [step] });
