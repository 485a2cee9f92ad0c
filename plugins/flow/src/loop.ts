import { type ControlType, type ControlView, caps, type ErrorInfo, type Json, type Reaction } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { cel, strict, unless } from './config-schema.js';
import { is_list } from './json.js';
import { control_metadata, error_port, input_port, next_port, port } from './metadata.js';
import { complete, error_json, fail, iteration_failed, nothing, wrong_result } from './reaction.js';

const Config = Type.Object(
  {
    loop_type: Type.Enum(['foreach', 'while', 'until', 'range'], {
      description:
        '`foreach`, `range`: over `items`. `while`, `until`: by `condition`, on what the last iteration gave.',
    }),
    items: Type.Optional(
      cel('any', '`foreach`: a list. `range`: a whole number n for 0 … n-1, or `[start, end]` for start … end-1.'),
    ),
    condition: Type.Optional(
      cel(
        'boolean',
        '`input` and `loop.item` are what the last iteration gave, at first the input. `while`: goes on as long as ' +
          'it holds, asked before each iteration. `until`: ends once it holds, asked after each.',
      ),
    ),
    max_iterations: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: caps.loop_iterations,
        default: 1_000,
        description: 'More items are an error; `while` and `until` stop there with `completed: false`.',
      }),
    ),
    continue_on_error: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          "A failed iteration's result is `{error}` instead of failing the step; `while` and `until` keep the value.",
      }),
    ),
  },
  {
    ...strict,
    allOf: [
      unless('loop_type', ['while', 'until'], with_only('items', 'condition')),
      unless('loop_type', ['foreach', 'range'], with_only('condition', 'items')),
    ],
  },
);
type Config = Static<typeof Config>;

/** What a loop over something known beforehand goes through: a list, or the numbers from `start`. */
interface Course {
  readonly items: readonly Json[] | null;
  readonly start: number;
  readonly count: number;
}
interface State {
  /** Of the iteration that runs or comes next. */
  index: number;
  readonly results: Json[];
  /** null: `while`, `until`. */
  readonly course: Course | null;
  /** `while`, `until`: what the last iteration gave. */
  carried: Json;
}
type View = ControlView<Config, State>;

/** Runs its region again and again, one iteration at a time. */
export const loop_type: ControlType<Config, State> = {
  kind: 'control',
  metadata: control_metadata({
    type_id: 'loop',
    display_name: 'Loop',
    description:
      'Runs the steps between `body` and `next` for each item, a number of times, or as long as a condition asks.',
    icon: 'repeat',
    color: '#8b5cf6',
    config: Config,
    input_ports: [input_port, next_port],
    output_ports: [
      port('body', 'To the region: the item, the index, or what the last iteration gave.'),
      port('done', '`{results, iterations, completed}`, one result per iteration.', 'object'),
      error_port,
    ],
    examples: [
      { loop_type: 'foreach', items: 'input.pages' },
      { loop_type: 'range', items: '[1, 11]' },
      { loop_type: 'while', condition: 'input.cursor != ""', max_iterations: 50 },
      { loop_type: 'until', condition: 'input.done', continue_on_error: true },
    ],
  }),
  has_region: true,
  react(occurrence, view) {
    if (occurrence.kind === 'started') return start(view);
    const { state } = view;
    if (state === undefined) return nothing;
    if (occurrence.kind === 'scope_completed') return came_back(view, state, occurrence.value);
    if (occurrence.kind === 'scope_failed') return iteration_broke(view, state, occurrence.error);
    return nothing;
  },
};

function with_only(wanted: string, unwanted: string): object {
  return { properties: { [wanted]: {}, [unwanted]: false }, required: [wanted] };
}

function start(view: View): Reaction<State> {
  const { loop_type: kind, max_iterations = 1_000 } = view.config;
  const fresh = { index: 0, results: [], carried: view.input };
  if (kind === 'while' || kind === 'until') return go_on(view, { ...fresh, course: null });
  const items = view.evaluate('/items');
  const course = kind === 'foreach' ? over_list(items) : over_numbers(items);
  if (course === null) {
    const expected = kind === 'foreach' ? 'a list' : 'a whole number or [start, end]';
    return wrong_result('/items', expected, items);
  }
  if (course.count > max_iterations) {
    return fail('LIMIT_EXCEEDED', `${course.count} iterations, but max_iterations is ${max_iterations}`);
  }
  return go_on(view, { ...fresh, course });
}

function over_list(items: Json): Course | null {
  return is_list(items) ? { items, start: 0, count: items.length } : null;
}

function over_numbers(items: Json): Course | null {
  const [start, end, ...more] = is_list(items) ? items : [0, items];
  if (!is_whole(start) || !is_whole(end) || more.length > 0) return null;
  return { items: null, start, count: Math.max(0, end - start) };
}

function is_whole(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

/** Opens iteration `state.index`, or ends. */
function go_on(view: View, state: State): Reaction<State> {
  return state.course === null ? ask_and_go_on(view, state) : go_along(state.course, state);
}

function go_along({ items, start, count }: Course, state: State): Reaction<State> {
  const { index } = state;
  if (index >= count) return done(state, true);
  return open(state, items === null ? start + index : (items[index] ?? null));
}

function ask_and_go_on(view: View, state: State): Reaction<State> {
  const { loop_type: kind, max_iterations = 1_000 } = view.config;
  const holds = kind === 'while' ? asked(view, state.index, state.carried) : true;
  if (typeof holds !== 'boolean') return wrong_result('/condition', 'true or false', holds);
  if (!holds) return done(state, true);
  return state.index >= max_iterations ? done(state, false) : open(state, state.carried);
}

function open(state: State, item: Json): Reaction<State> {
  return { state, directives: [{ do: 'open_scope', index: state.index, value: item, item }] };
}

function came_back(view: View, state: State, value: Json): Reaction<State> {
  state.results.push(value);
  const { index, course } = state;
  state.index += 1;
  if (course !== null) return go_on(view, state);
  state.carried = value;
  if (view.config.loop_type === 'until') {
    const holds = asked(view, index, value);
    if (typeof holds !== 'boolean') return wrong_result('/condition', 'true or false', holds);
    if (holds) return done(state, true);
  }
  return go_on(view, state);
}

/** `until` is not asked here: nothing came back that it could be asked about. */
function iteration_broke(view: View, state: State, error: ErrorInfo): Reaction<State> {
  if (view.config.continue_on_error !== true) return iteration_failed(state.index, error);
  state.results.push({ error: error_json(error) });
  state.index += 1;
  return go_on(view, state);
}

function asked(view: View, index: number, value: Json): Json {
  return view.evaluate('/condition', { input: value, loop: { index, item: value } });
}

function done({ results, index }: State, completed: boolean): Reaction<State> {
  return complete({ done: { results, iterations: index, completed } });
}
