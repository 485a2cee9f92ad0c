import { type ControlType, type ControlView, caps, type Directive, type Json, type Reaction } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { cel, strict } from './config-schema.js';
import { isList } from './json.js';
import { controlMetadata, errorPort, inputPort, nextPort, port } from './metadata.js';
import { complete, errorJson, fail, iterationFailed, nothing, wrongResult } from './reaction.js';

const Config = Type.Object(
  {
    items: cel('list', `The items to run the region for, at most ${caps.loop_iterations}.`),
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: caps.parallel_width,
        default: 10,
        description: 'How many items are processed at once.',
      }),
    ),
    tolerate_failures: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'A failed item yields `{error}` as its result instead of failing the step.',
      }),
    ),
  },
  strict,
);
type Config = Static<typeof Config>;

interface State {
  readonly items: readonly Json[];
  /** One per item, null until that item has finished. */
  readonly results: Json[];
  /** Index of the next item to open. */
  next: number;
  finished: number;
}
type View = ControlView<Config, State>;

/** Runs its region once for every item of a list, several at a time. */
export const mapType: ControlType<Config, State> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'map',
    display_name: 'Map',
    description:
      'Runs the steps between `body` and `next` for each item, up to `concurrency` at once, preserving item order.',
    icon: 'layers',
    color: '#8b5cf6',
    config: Config,
    input_ports: [inputPort, nextPort],
    output_ports: [
      port('body', 'One item, passed to the region.'),
      port('done', 'The results in item order; `{error}` for each tolerated failure.', 'array'),
      errorPort,
    ],
    supports_timeout: true,
    supports_retry: true,
    examples: [{ items: 'input.documents' }, { items: 'input', concurrency: 50, tolerate_failures: true }],
  }),
  hasRegion: true,
  react(occurrence, view) {
    switch (occurrence.kind) {
      case 'started':
        return start(view);
      case 'scope_completed':
        return itemEnded(view, occurrence.index, occurrence.value);
      case 'scope_failed':
        if (view.config.tolerate_failures !== true) return iterationFailed(occurrence.index, occurrence.error);
        return itemEnded(view, occurrence.index, { error: errorJson(occurrence.error) });
      default:
        return nothing;
    }
  },
};

function start(view: View): Reaction<State> {
  const items = view.evaluate('/items');
  if (!isList(items)) return wrongResult('/items', 'a list', items);
  if (items.length === 0) return complete({ done: [] });
  if (items.length > caps.loop_iterations) {
    return fail('LIMIT_EXCEEDED', `${items.length} items, but loop_iterations allows ${caps.loop_iterations}`);
  }
  const next = Math.min(view.config.concurrency ?? 10, items.length);
  const directives = items.slice(0, next).map((item, index) => open(index, item));
  return { state: { items, results: new Array<Json>(items.length).fill(null), next, finished: 0 }, directives };
}

/** O(1): the lists in the state are mutated in place, never copied. */
function itemEnded({ state }: View, index: number, result: Json): Reaction<State> {
  if (state === undefined) return nothing;
  state.results[index] = result;
  state.finished += 1;
  if (state.finished === state.items.length) return complete({ done: state.results });
  const item = state.items[state.next];
  if (item === undefined) return { state, directives: [] };
  state.next += 1;
  return { state, directives: [open(state.next - 1, item)] };
}

function open(index: number, item: Json): Directive {
  return { do: 'open_scope', index, value: item, item };
}
