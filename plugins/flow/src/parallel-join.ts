import { type ControlType, type ErrorInfo, type Json, literalKeyword, type Reaction } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { strict } from './config-schema.js';
import { controlMetadata, errorPort, port } from './metadata.js';
import { complete, errorJson, fail, nothing } from './reaction.js';

const Config = Type.Object(
  {
    merge_strategy: Type.Optional(
      Type.Enum(['all', 'any', 'first'], {
        default: 'all',
        [literalKeyword]: true,
        description:
          '`all`: waits for all and gives a list in edge order. `first`: takes the first to arrive and cancels the rest. ' +
          '`any`: like `first`, but ignores failed branches as long as another may still arrive.',
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

/** Joins parallel branches. */
export const parallelJoinType: ControlType<Config, State> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'parallel_join',
    display_name: 'Parallel join',
    description: 'Waits for all branches, or takes the first, and fires `output`. Input ports may have any name.',
    icon: 'git-merge',
    color: '#6366f1',
    config: Config,
    input_ports: [port('*', 'The value of a branch.')],
    output_ports: [port('output', 'A list in edge order (`all`), or one value.'), errorPort],
    examples: [{}, { merge_strategy: 'any' }],
  }),
  activation: 'each',
  catchesFailures(config) {
    return config.merge_strategy === 'any';
  },
  react(occurrence, view) {
    // `started` may not come first: branches can fail before any arrives.
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
        return takesFirst(view.config) ? noBranchArrived(state) : complete({ output: inEdgeOrder(state) });
      default:
        return nothing;
    }
  },
};

function takesFirst(config: Config): boolean {
  return config.merge_strategy === 'first' || config.merge_strategy === 'any';
}

function inEdgeOrder({ arrived }: State): readonly Json[] {
  return [...arrived].sort((a, b) => a.edge - b.edge).map(({ value }) => value);
}

function noBranchArrived({ failures, last_error }: State): Reaction<State> {
  if (last_error === null) return fail('BRANCHES_FAILED', 'no branch arrived at the join', { failures });
  const { error_code, error_message } = last_error;
  const message = `no branch arrived at the join; ${failures} failed, the last with ${error_code}: ${error_message}`;
  return fail('BRANCHES_FAILED', message, { failures, cause: errorJson(last_error) });
}
