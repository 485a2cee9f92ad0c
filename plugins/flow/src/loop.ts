import { type ControlType, type ControlView, caps, type ErrorInfo, type Json, type Reaction } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { cel, strict, unless } from './config-schema.js';
import { isList } from './json.js';
import { controlMetadata, errorPort, inputPort, nextPort, port } from './metadata.js';
import { complete, errorJson, fail, iterationFailed, nothing, wrongResult } from './reaction.js';

const Config = Type.Object(
  {
    loop_type: Type.Enum(['foreach', 'while', 'until', 'range'], {
      description:
        '`foreach` and `range` iterate over `items`; `while` and `until` test `condition` on the last result.',
    }),
    items: Type.Optional(
      cel('any', '`foreach`: a list. `range`: a whole number n for 0 … n-1, or `[start, end]` for start … end-1.'),
    ),
    condition: Type.Optional(
      cel(
        'boolean',
        "`input` and `loop.item` are the last iteration's result, initially the step's input. `while`: continues as long " +
          'as it is true, tested before each iteration. `until`: stops once it is true, tested after each.',
      ),
    ),
    max_iterations: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: caps.loop_iterations,
        default: 1_000,
        description: 'More items than this are an error; `while` and `until` stop there with `completed: false`.',
      }),
    ),
    continue_on_error: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'A failed iteration yields `{error}` instead of failing the step; `while` and `until` keep the previous value.',
      }),
    ),
  },
  {
    ...strict,
    allOf: [
      unless('loop_type', ['while', 'until'], withOnly('items', 'condition')),
      unless('loop_type', ['foreach', 'range'], withOnly('condition', 'items')),
    ],
  },
);
type Config = Static<typeof Config>;

/** What `foreach` and `range` iterate over: a list, or `count` numbers from `start`. */
interface Course {
  readonly items: readonly Json[] | null;
  readonly start: number;
  readonly count: number;
}
interface State {
  /** Index of the running or next iteration. */
  index: number;
  readonly results: Json[];
  /** Null for `while` and `until`. The name is part of snapshots. */
  readonly course: Course | null;
  /** For `while` and `until`: the last iteration's result. */
  carried: Json;
}
type View = ControlView<Config, State>;

/** Runs its region repeatedly, one iteration at a time. */
export const loopType: ControlType<Config, State> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'loop',
    display_name: 'Loop',
    description:
      'Runs the steps between `body` and `next` for each item, a number of times, or depending on a condition.',
    icon: 'repeat',
    color: '#8b5cf6',
    config: Config,
    input_ports: [inputPort, nextPort],
    output_ports: [
      port('body', "Passed to the region: the item, the number or the last iteration's result."),
      port('done', '`{results, iterations, completed}`, one result per iteration.', 'object'),
      errorPort,
    ],
    supports_timeout: true,
    supports_retry: true,
    examples: [
      { loop_type: 'foreach', items: 'input.pages' },
      { loop_type: 'range', items: '[1, 11]' },
      { loop_type: 'while', condition: 'input.cursor != ""', max_iterations: 50 },
      { loop_type: 'until', condition: 'input.done', continue_on_error: true },
    ],
  }),
  hasRegion: true,
  react(occurrence, view) {
    if (occurrence.kind === 'started') return start(view);
    const { state } = view;
    if (state === undefined) return nothing;
    if (occurrence.kind === 'scope_completed') return onScopeCompleted(view, state, occurrence.value);
    if (occurrence.kind === 'scope_failed') return onScopeFailed(view, state, occurrence.error);
    return nothing;
  },
};

function withOnly(wanted: string, unwanted: string): object {
  return { properties: { [wanted]: {}, [unwanted]: false }, required: [wanted] };
}

function start(view: View): Reaction<State> {
  const { loop_type: kind, max_iterations = 1_000 } = view.config;
  const fresh = { index: 0, results: [], carried: view.input };
  if (kind === 'while' || kind === 'until') return advance(view, { ...fresh, course: null });
  const items = view.evaluate('/items');
  const course = kind === 'foreach' ? listCourse(items) : numberCourse(items);
  if (course === null) {
    const expected = kind === 'foreach' ? 'a list' : 'a whole number or [start, end]';
    return wrongResult('/items', expected, items);
  }
  if (course.count > max_iterations) {
    return fail('LIMIT_EXCEEDED', `${course.count} iterations, but max_iterations is ${max_iterations}`);
  }
  return advance(view, { ...fresh, course });
}

function listCourse(items: Json): Course | null {
  return isList(items) ? { items, start: 0, count: items.length } : null;
}

function numberCourse(items: Json): Course | null {
  const [start, end, ...more] = isList(items) ? items : [0, items];
  if (!isWhole(start) || !isWhole(end) || more.length > 0) return null;
  return { items: null, start, count: Math.max(0, end - start) };
}

function isWhole(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

/** Opens iteration `state.index`, or completes the step. */
function advance(view: View, state: State): Reaction<State> {
  return state.course === null ? advanceWhile(view, state) : advanceCourse(state.course, state);
}

function advanceCourse({ items, start, count }: Course, state: State): Reaction<State> {
  const { index } = state;
  if (index >= count) return done(state, true);
  return open(state, items === null ? start + index : (items[index] ?? null));
}

function advanceWhile(view: View, state: State): Reaction<State> {
  const { loop_type: kind, max_iterations = 1_000 } = view.config;
  const holds = kind === 'while' ? testCondition(view, state.index, state.carried) : true;
  if (typeof holds !== 'boolean') return wrongResult('/condition', 'true or false', holds);
  if (!holds) return done(state, true);
  return state.index >= max_iterations ? done(state, false) : open(state, state.carried);
}

function open(state: State, item: Json): Reaction<State> {
  return { state, directives: [{ do: 'open_scope', index: state.index, value: item, item }] };
}

function onScopeCompleted(view: View, state: State, value: Json): Reaction<State> {
  state.results.push(value);
  const { index, course } = state;
  state.index += 1;
  if (course !== null) return advance(view, state);
  state.carried = value;
  if (view.config.loop_type === 'until') {
    const holds = testCondition(view, index, value);
    if (typeof holds !== 'boolean') return wrongResult('/condition', 'true or false', holds);
    if (holds) return done(state, true);
  }
  return advance(view, state);
}

/** Does not test `until`: a failed iteration returned no value to test. */
function onScopeFailed(view: View, state: State, error: ErrorInfo): Reaction<State> {
  if (view.config.continue_on_error !== true) return iterationFailed(state.index, error);
  state.results.push({ error: errorJson(error) });
  state.index += 1;
  return advance(view, state);
}

function testCondition(view: View, index: number, value: Json): Json {
  return view.evaluate('/condition', { input: value, loop: { index, item: value } });
}

function done({ results, index }: State, completed: boolean): Reaction<State> {
  return complete({ done: { results, iterations: index, completed } });
}
