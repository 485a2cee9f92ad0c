import type { ControlType, ErrorInfo, Json, Reaction } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { strict } from './config-schema.js';
import { controlMetadata, errorPort, port } from './metadata.js';
import { complete, errorJson, fail, nothing } from './reaction.js';

const Config = Type.Object(
  {
    merge_strategy: Type.Optional(
      Type.Enum(['all', 'any', 'first'], {
        default: 'all',
        description:
          '`all`: the list of what arrived, in edge order. `first`: the first to arrive; the others are cancelled. ' +
          '`any`: the same, but branches that fail are passed over as long as another may arrive.',
      }),
    ),
  },
  strict,
);
type Config = Static<typeof Config>;

interface State {
  /** In order of arrival. */
  readonly arrived: { readonly edge: number; readonly value: Json }[];
  failures: number;
  last_error: ErrorInfo | null;
}

/** Brings branches together again. */
export const parallelJoinType: ControlType<Config, State> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'parallel_join',
    display_name: 'Parallel join',
    description: 'Waits for all branches, or takes the first, and fires `output`. Input ports may have any name.',
    icon: 'git-merge',
    color: '#6366f1',
    config: Config,
    input_ports: [port('*', 'What a branch gives.')],
    output_ports: [port('output', 'A list in edge order (`all`), or one value.'), errorPort],
    examples: [{}, { merge_strategy: 'any' }],
  }),
  activation: 'each',
  catchesFailures(config) {
    return config.merge_strategy === 'any';
  },
  react(occurrence, view) {
    // `started` need not come first: every branch may fail before one arrives.
    const state = view.state ?? { arrived: [], failures: 0, last_error: null };
    switch (occurrence.kind) {
      case 'input_arrived':
        if (takesFirst(view.config)) return complete({ output: occurrence.value }, [{ do: 'cancel_upstream' }]);
        state.arrived.push({ edge: occurrence.edge, value: occurrence.value });
        return { state, directives: [] };
      case 'branch_failed':
        state.failures += 1;
        state.last_error = occurrence.error;
        return { state, directives: [] };
      case 'inputs_closed':
        return takesFirst(view.config) ? nobodyArrived(state) : complete({ output: inEdgeOrder(state) });
      default:
        return nothing;
    }
  },
};

function takesFirst(config: Config): boolean {
  return config.merge_strategy === 'first' || config.merge_strategy === 'any';
}

function inEdgeOrder({ arrived }: State): readonly Json[] {
  return [...arrived].sort((one, other) => one.edge - other.edge).map(({ value }) => value);
}

function nobodyArrived({ failures, last_error }: State): Reaction<State> {
  if (last_error === null) return fail('BRANCHES_FAILED', 'no branch arrived at the join', { failures });
  const { error_code, error_message } = last_error;
  const message = `no branch arrived at the join; ${failures} failed, the last with ${error_code}: ${error_message}`;
  return fail('BRANCHES_FAILED', message, { failures, cause: errorJson(last_error) });
}
