/**
 * Purpose: improves an output iteration by iteration and returns the best one, not the last.
 * Owns: comparing scores, deciding when to stop, the `critic_loop.*` events.
 * Does not own: producing and judging the output; the region does that.
 * Invariants:
 *  C1 exactly one iteration runs at a time; iterations count from 1 in events and history, scopes from 0
 *  C2 `best` has the highest score so far; on a tie the earlier one wins
 *  C3 a gain smaller than `min_improvement` may become the best but still counts as no improvement
 *  C4 an approved iteration is returned whatever its score
 *  C5 a failed iteration fails the step only if there is no best output yet
 */
import {
  type ControlType,
  type ControlView,
  type Directive,
  type ErrorInfo,
  type EventPayloads,
  type EventType,
  errorInfo,
  type Json,
  type JsonObject,
  type Reaction,
} from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { longestSeconds, strict } from './config-schema.js';
import { type Judgement, readJudgement, type Verdict } from './judgement.js';
import { controlMetadata, errorPort, inputPort, port } from './metadata.js';
import { complete, errorJson, fail, iterationError, nothing } from './reaction.js';

const Config = Type.Object(
  {
    max_iterations: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 20, default: 5, description: 'The maximum number of iterations.' }),
    ),
    quality_threshold: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, default: 0.8, description: 'The lowest score that is good enough.' }),
    ),
    no_improvement_limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 20,
        default: 2,
        description: 'Consecutive iterations without improvement before stopping.',
      }),
    ),
    min_improvement: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        default: 0.05,
        description: 'How far a score must exceed the best to count as an improvement.',
      }),
    ),
    timeout_seconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: longestSeconds,
        default: 300,
        description: 'For all iterations together.',
      }),
    ),
  },
  strict,
);
type Config = Static<typeof Config>;

type Reason = EventPayloads['critic_loop.completed']['reason'];
interface Scored {
  readonly output: Json;
  readonly score: number;
}
type HistoryEntry = {
  readonly iteration: number;
  readonly score: number;
  readonly verdict: Verdict;
  readonly feedback: Json;
};
interface State {
  /** The running iteration, counted from 1. */
  iteration: number;
  best: Scored | null;
  /** Consecutive iterations without improvement. */
  without_improvement: number;
  readonly history: HistoryEntry[];
}
type View = ControlView<Config, State>;

export const criticLoopType: ControlType<Config, State> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'critic_loop',
    display_name: 'Critic loop',
    description:
      'Runs the steps between `body` and `next`, which produce an output and score it, until it is good enough or stops ' +
      'improving; fires the best output.',
    icon: 'refresh-cw',
    color: '#8b5cf6',
    config: Config,
    input_ports: [
      inputPort,
      port('next', '`output`, `score` 0 … 1, `verdict` approved/revise/rejected, `feedback`, `suggestions`.', 'object'),
    ],
    output_ports: [
      port(
        'body',
        '`{input, previous_output, feedback, suggestions, score}`; all but `input` are empty at first.',
        'object',
      ),
      port(
        'done',
        '`{output, score, iterations, reason, history}` of the best iteration; `error` too if a later one failed.',
        'object',
      ),
      errorPort,
    ],
    supports_timeout: true,
    supports_retry: true,
    examples: [{}, { max_iterations: 8, quality_threshold: 0.9, timeout_seconds: 900 }],
  }),
  hasRegion: true,
  react(occurrence, view) {
    if (occurrence.kind === 'started') return start(view);
    const { state } = view;
    if (state === undefined) return nothing;
    switch (occurrence.kind) {
      case 'scope_completed':
        return judged(view, state, occurrence.value);
      case 'scope_failed':
        return iterationEnded(state, iterationError(occurrence.index, occurrence.error));
      case 'timer_fired':
        return timedOut(view, state);
      default:
        return nothing;
    }
  },
};

function settings(config: Config): Required<Config> {
  return {
    max_iterations: config.max_iterations ?? 5,
    quality_threshold: config.quality_threshold ?? 0.8,
    no_improvement_limit: config.no_improvement_limit ?? 2,
    min_improvement: config.min_improvement ?? 0.05,
    timeout_seconds: config.timeout_seconds ?? 300,
  };
}

function start(view: View): Reaction<State> {
  const values = settings(view.config);
  const noPrevious = { previous_output: null, feedback: null, suggestions: [], score: null };
  return {
    state: { iteration: 1, best: null, without_improvement: 0, history: [] },
    directives: [
      emit('critic_loop.started', { ...values }),
      { do: 'start_timer', name: 'timeout', after_seconds: values.timeout_seconds },
      ...iteration(view, 1, noPrevious),
    ],
  };
}

function iteration(view: View, number: number, previous: JsonObject): readonly Directive[] {
  const value = { input: view.input, ...previous };
  return [
    emit('critic_loop.iteration_started', { iteration: number }),
    { do: 'open_scope', index: number - 1, value, item: value },
  ];
}

function judged(view: View, state: State, value: Json): Reaction<State> {
  const judgement = readJudgement(value);
  if (typeof judgement === 'string') {
    const index = state.iteration - 1;
    const message = `iteration with index ${index} failed: ${judgement}`;
    return iterationEnded(state, errorInfo('ITERATION_FAILED', message, { index }));
  }
  const { output, score, verdict, feedback, suggestions } = judgement;
  state.history.push({ iteration: state.iteration, score, verdict, feedback });
  const events = [
    emit('critic_loop.iteration_completed', { iteration: state.iteration, score, verdict }),
    ...compare(state, judgement, settings(view.config).min_improvement),
  ];
  const reason = reasonToStop(settings(view.config), state, judgement);
  const chosen = verdict === 'approved' || state.best === null ? judgement : state.best;
  if (reason !== null) return finish(state, reason, chosen, events);
  state.iteration += 1;
  const next = iteration(view, state.iteration, { previous_output: output, feedback, suggestions, score });
  return { state, directives: [...events, ...next] };
}

/** Updates `best` and `without_improvement`; the first iteration has nothing to compare with. */
function compare(state: State, { output, score }: Judgement, minImprovement: number): readonly Directive[] {
  const { best } = state;
  if (best === null || score > best.score) state.best = { output, score };
  if (best === null) return [];
  // The epsilon absorbs rounding: 0.7 - 0.65 is less than 0.05 in binary floating point.
  const improved = score > best.score && score - best.score > minImprovement - 1e-9;
  state.without_improvement = improved ? 0 : state.without_improvement + 1;
  if (improved) return [emit('critic_loop.improvement', { from: best.score, to: score })];
  return [emit('critic_loop.no_improvement', { best: Math.max(best.score, score), count: state.without_improvement })];
}

/** A final verdict takes precedence over the score. */
function reasonToStop(limits: Required<Config>, state: State, { verdict, score }: Judgement): Reason | null {
  if (verdict !== 'revise') return verdict;
  if (score >= limits.quality_threshold) return 'quality_threshold';
  if (state.without_improvement >= limits.no_improvement_limit) return 'no_improvement';
  return state.iteration >= limits.max_iterations ? 'max_iterations' : null;
}

/** A failed iteration ends the loop, which keeps its best output so far. */
function iterationEnded(state: State, error: ErrorInfo): Reaction<State> {
  if (state.best === null) return { directives: [{ do: 'fail', error }] };
  return finish(state, 'iteration_failed', state.best, [], { error: errorJson(error) });
}

function timedOut(view: View, state: State): Reaction<State> {
  if (state.best !== null) return finish(state, 'timeout', state.best, []);
  const { timeout_seconds } = settings(view.config);
  return fail('STEP_TIMEOUT', `no iteration finished within timeout_seconds = ${timeout_seconds}`);
}

function finish(
  state: State,
  reason: Reason,
  { output, score }: Scored,
  events: readonly Directive[],
  more: JsonObject = {},
): Reaction<State> {
  const iterations = state.history.length;
  const done = { output, score, iterations, reason, history: state.history, ...more };
  return complete({ done }, [...events, emit('critic_loop.completed', { reason, score, iterations })]);
}

type CriticEvent = Extract<EventType, `critic_loop.${string}`>;

function emit<T extends CriticEvent>(eventType: T, payload: EventPayloads[T]): Directive {
  return { do: 'emit', event_type: eventType, payload } as Directive;
}
