import {
  type ControlType,
  type Directive,
  type ErrorInfo,
  type FiredPorts,
  innerConfigKeyword,
  type Json,
  type JsonObject,
  type RetryPolicy,
} from '@llmteam/contracts';

interface Config {
  /** Inputs of inner steps that run at the same time, batch by batch. */
  readonly batches: readonly (readonly Json[])[];
  /** The inner step. Default: `work`, with its input as result. */
  readonly ask?: {
    readonly type?: string;
    readonly config?: JsonObject;
    readonly retry?: RetryPolicy;
    readonly timeout_seconds?: number;
  };
  /** Whether the error of an inner step is its result. */
  readonly tolerates?: boolean;
  /** Whether the first result of a batch ends it. */
  readonly first_only?: boolean;
  /** The inner step that it runs. Default: the one that it has. */
  readonly runs?: string;
}

interface State {
  batch: number;
  started: number;
  open: number[];
  results: Json[];
}

/** A control type that runs inner steps and gives the list of their results, in the order in which they ended. */
export const callsType: ControlType<Config, State> = {
  kind: 'control',
  metadata: {
    type_id: 'calls',
    display_name: 'Calls',
    description: 'Runs inner steps.',
    category: 'control',
    icon: 'cog',
    color: '#888888',
    config_schema: {
      type: 'object',
      properties: {
        batches: { type: 'array', items: { type: 'array' } },
        ask: { type: 'object', properties: { config: { [innerConfigKeyword]: true } } },
      },
      required: ['batches'],
    },
    input_ports: [{ name: 'input', type: 'any', description: 'anything', required: false }],
    output_ports: [{ name: 'output', type: 'array', description: 'the results', required: true }],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: '',
    examples: [{ batches: [[1], [2, 3]] }, { batches: [[1, 2], [3]], first_only: true, tolerates: true }],
    permissions: [],
  },
  innerSteps: ({ ask = {} }) => {
    const { type = 'work', config = {}, retry, timeout_seconds } = ask as NonNullable<Config['ask']>;
    const limits = { ...(retry !== undefined && { retry }), ...(timeout_seconds !== undefined && { timeout_seconds }) };
    return [{ step_id: 'ask', type, config, at: '/ask', ...limits }];
  },
  react(occurrence, { config, state = { batch: -1, started: 0, open: [], results: [] } }) {
    switch (occurrence.kind) {
      case 'started':
        return goOn(config, state);
      case 'step_completed':
        return take(config, state, occurrence.index, resultOf(occurrence.ports));
      case 'step_failed':
        return config.tolerates === true
          ? take(config, state, occurrence.index, occurrence.error.error_code)
          : { state, directives: [failure(occurrence.error)] };
      default:
        return { state, directives: [] };
    }
  },
};

function resultOf(ports: FiredPorts): Json {
  return ports.output ?? Object.keys(ports);
}

function failure(error: ErrorInfo): Directive {
  return { do: 'fail', error };
}

function take(config: Config, state: State, index: number, result: Json) {
  state.results.push(result);
  state.open = state.open.filter((open) => open !== index);
  if (config.first_only !== true) return state.open.length > 0 ? { state, directives: [] } : goOn(config, state);
  const cancelled = state.open.map((open): Directive => ({ do: 'cancel_step', index: open }));
  state.open = [];
  const { directives } = goOn(config, state);
  return { state, directives: [...cancelled, ...directives] };
}

/** Runs the next batch that is not empty. */
function goOn({ batches, runs = 'ask' }: Config, state: State): { state: State; directives: Directive[] } {
  while (++state.batch < batches.length) {
    const batch = batches[state.batch] ?? [];
    if (batch.length === 0) continue;
    const directives = batch.map((input): Directive => {
      state.open.push(state.started);
      return { do: 'run_step', step_id: runs, index: state.started++, input };
    });
    return { state, directives };
  }
  return { state, directives: [{ do: 'complete', ports: { output: state.results } }] };
}
