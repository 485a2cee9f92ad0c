import {
  type ControlType,
  type Directive,
  type ErrorInfo,
  type FiredPorts,
  type Json,
  type JsonObject,
  jobConfigKeyword,
  type RetryPolicy,
} from '@llmteam/contracts';

interface Config {
  /** Inputs of jobs that run at the same time, batch by batch. */
  readonly batches: readonly (readonly Json[])[];
  /** What a job runs. Default: `work`, with its input as result. */
  readonly ask?: { readonly config?: JsonObject; readonly retry?: RetryPolicy; readonly timeout_seconds?: number };
  /** Whether the error of a job is its result. */
  readonly tolerates?: boolean;
  /** Whether the first result of a batch ends it. */
  readonly first_only?: boolean;
  /** The job that it asks for. Default: the one that it has. */
  readonly job?: string;
}

interface State {
  batch: number;
  started: number;
  open: number[];
  results: Json[];
}

/** A control type that runs jobs and gives the list of their results, in the order in which they ended. */
export const callsType: ControlType<Config, State> = {
  kind: 'control',
  metadata: {
    type_id: 'calls',
    display_name: 'Calls',
    description: 'Runs jobs.',
    category: 'control',
    icon: 'cog',
    color: '#888888',
    config_schema: {
      type: 'object',
      properties: {
        batches: { type: 'array', items: { type: 'array' } },
        ask: { type: 'object', properties: { config: { [jobConfigKeyword]: true } } },
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
  jobs: ({ ask = {} }) => {
    const { config = {}, retry, timeout_seconds } = ask as NonNullable<Config['ask']>;
    const limits = { ...(retry !== undefined && { retry }), ...(timeout_seconds !== undefined && { timeout_seconds }) };
    return [{ name: 'ask', type: 'work', config, at: '/ask', ...limits }];
  },
  react(occurrence, { config, state = { batch: -1, started: 0, open: [], results: [] } }) {
    switch (occurrence.kind) {
      case 'started':
        return goOn(config, state);
      case 'job_completed':
        return take(config, state, occurrence.index, resultOf(occurrence.ports));
      case 'job_failed':
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
  const cancelled = state.open.map((open): Directive => ({ do: 'cancel_job', index: open }));
  state.open = [];
  const { directives } = goOn(config, state);
  return { state, directives: [...cancelled, ...directives] };
}

/** Runs the next batch that is not empty. */
function goOn({ batches, job = 'ask' }: Config, state: State): { state: State; directives: Directive[] } {
  while (++state.batch < batches.length) {
    const batch = batches[state.batch] ?? [];
    if (batch.length === 0) continue;
    const directives = batch.map((input): Directive => {
      state.open.push(state.started);
      return { do: 'run_job', job, index: state.started++, input };
    });
    return { state, directives };
  }
  return { state, directives: [{ do: 'complete', ports: { output: state.results } }] };
}
