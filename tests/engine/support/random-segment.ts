/**
 * Purpose: generates small valid segments of every shape: branches, conditions, joins, nested loops, waits, child runs.
 * Owns: the shapes. A region is a list of steps, and edges lead from earlier to later ones of the same list, so there are no cycles.
 */
import type { Edge, Json, JsonObject, Segment, SegmentParams, Step } from '@llmteam/contracts';
import type { Choices } from './choices.js';

interface Kind {
  readonly type: string;
  readonly out: readonly [string, ...string[]];
  readonly into: readonly [string, ...string[]];
  config(choices: Choices): JsonObject;
  readonly isLoop?: boolean;
}

const anyList = ['[1, 2]', 'input', '[]', '[1, 2, 3, 4]', '[[1], 2]'] as const;
const anyCondition = ['true', 'false', 'input == null', 'input != 1', 'true', 'input', 'input.no.such'] as const;
const stepCondition = ['value != null', 'false', 'value', 'value.no.such', 'true'] as const;

const work: Kind = {
  type: 'work',
  out: ['output', 'other', 'error'],
  into: ['input', 'left', 'right'],
  config: (choices) =>
    choices.mostly<JsonObject>(3, [{}, { result: '${input}' }, { result: 7 }, {}, { result: '${input.no}' }]),
};

const repeatable: ReadonlySet<string> = new Set([
  'calls',
  'wait_for_signal',
  'subworkflow',
  'loop',
  'map',
  'critic_loop',
]);
const limitable: ReadonlySet<string> = new Set([...repeatable, 'delay', 'human_task']);

const controls: readonly [Kind, ...Kind[]] = [
  {
    type: 'parallel_join',
    out: ['output', 'error'],
    into: ['input', 'left', 'right'],
    config: (choices) => ({ merge_strategy: choices.of(['all', 'any', 'first']) }),
  },
  {
    type: 'condition',
    out: ['true', 'false', 'error'],
    into: ['input'],
    config: (choices) => ({ expression: choices.mostly(2, anyCondition) }),
  },
  {
    type: 'switch',
    out: ['one', 'default', 'error'],
    into: ['input'],
    config: () => ({ expression: 'input', cases: [{ value: 1, port: 'one' }] }),
  },
  {
    type: 'parallel_split',
    out: ['branch_1', 'branch_2', 'error'],
    into: ['input'],
    config: (choices) => ({ branches: 2, split: choices.mostly(4, ['copy', 'round_robin']) }),
  },
  {
    type: 'delay',
    out: ['output', 'error'],
    into: ['input'],
    config: (choices) => ({ seconds: choices.mostly<number | string>(2, [1, 0, 3600, 5, '${input}']) }),
  },
  {
    type: 'wait_for_signal',
    out: ['output', 'timeout', 'error'],
    into: ['input'],
    config: (choices) => choices.of<JsonObject>([{ signal: 'go' }, { signal: 'go', timeout_seconds: 2 }]),
  },
  {
    type: 'human_task',
    out: ['approved', 'rejected', 'error'],
    into: ['input'],
    config: (choices) => ({
      task_type: 'approval',
      title: 'Well?',
      ...(choices.rarely(2) && { escalation_chain: [{ assignee_ref: 'bob', after_hours: 1 }] }),
    }),
  },
  {
    type: 'calls',
    out: ['output', 'error'],
    into: ['input'],
    config: (choices) => ({
      batches: choices.of<Json[]>([[[1, 2], [3]], [[1]], [], [[], [1, 2, 3]]]),
      tolerates: choices.rarely(2),
      first_only: choices.rarely(3),
      ask: {
        ...choices.mostly<JsonObject>(2, [
          { config: { result: '${input}' } },
          { config: { result: '${input.no}' } },
          { type: 'human_task', config: { task_type: 'approval', title: 'Call ${input}?' } },
          { type: 'wait_for_signal', config: { signal: 'go' } },
          { type: 'subworkflow', config: { segment_ref: 'child' } },
          { type: 'delay', config: { seconds: 1 } },
          { type: 'calls', config: { batches: [[1, 2], [3]], first_only: choices.rarely(2) } },
        ]),
        ...(choices.rarely(2) && { retry: { max_attempts: choices.of([1, 2]) } }),
        ...(choices.rarely(3) && { timeout_seconds: 5 }),
      },
    }),
  },
  {
    type: 'subworkflow',
    out: ['output', 'error'],
    into: ['input'],
    config: () => ({ segment_ref: 'child' }),
  },
];

const loops: readonly [Kind, ...Kind[]] = [
  {
    type: 'map',
    out: ['done', 'error'],
    into: ['input'],
    config: (choices) => ({
      items: choices.mostly(3, anyList),
      concurrency: choices.of([2, 1, 10]),
      tolerate_failures: choices.rarely(2),
    }),
    isLoop: true,
  },
  {
    type: 'loop',
    out: ['done', 'error'],
    into: ['input'],
    config: (choices) =>
      choices.mostly<JsonObject>(2, [
        { loop_type: 'range', items: '2' },
        { loop_type: 'foreach', items: 'input', continue_on_error: true },
        { loop_type: 'while', condition: 'loop.index < 2' },
        { loop_type: 'until', condition: 'input == null', max_iterations: 3, continue_on_error: true },
      ]),
    isLoop: true,
  },
  {
    type: 'critic_loop',
    out: ['done', 'error'],
    into: ['input'],
    config: () => ({ max_iterations: 2, timeout_seconds: 20 }),
    isLoop: true,
  },
];

interface Placed {
  readonly step_id: string;
  readonly kind: Kind;
}

class SegmentBuilder {
  readonly steps: Step[] = [];
  readonly edges: Edge[] = [];

  constructor(
    private readonly choices: Choices,
    private readonly mostSteps: number,
  ) {}

  /** Fills a region; `owner` is the loop step around it. */
  region(owner: string | null, depth: number): void {
    const placed: Placed[] = [];
    const wanted = depth === 0 ? 3 + this.choices.below(6) : 1 + this.choices.below(3);
    while (placed.length < wanted && (placed.length === 0 || this.steps.length < this.mostSteps)) {
      placed.push(this.place(owner, placed, depth));
    }
    if (owner === null) {
      for (const one of placed) if (one.kind !== work && this.choices.rarely(2)) this.catchFailure(one, placed);
      return;
    }
    const last = placed.at(-1);
    if (last !== undefined) this.backEdge(last, owner);
    if (this.choices.rarely(3)) this.backEdge(this.anyOf(placed) ?? last, owner);
  }

  private place(owner: string | null, before: readonly Placed[], depth: number): Placed {
    const kind = this.kind(depth);
    const stepId = `s${this.steps.length}`;
    this.steps.push(this.step(stepId, kind));
    const placed = { step_id: stepId, kind };
    const from = this.anyOf(before);
    if (from === undefined || (owner !== null && this.choices.rarely(4))) {
      if (owner !== null) this.edges.push({ from: owner, from_port: 'body', to: stepId, ...this.condition() });
    } else if (owner !== null || !this.choices.rarely(12)) {
      this.edge(from, placed);
    }
    for (let more = this.choices.below(4); more > 1 && before.length > 0; more--) {
      const other = this.anyOf(before);
      if (other !== undefined && this.edges.some(({ to }) => to === stepId)) this.edge(other, placed);
    }
    if (kind.isLoop === true) this.region(stepId, depth + 1);
    return placed;
  }

  private kind(depth: number): Kind {
    if (!this.choices.rarely(2)) return work;
    return depth < 2 && this.choices.rarely(3) ? this.choices.of(loops) : this.choices.of(controls);
  }

  private step(stepId: string, kind: Kind): Step {
    const step = { step_id: stepId, type: kind.type, config: kind.config(this.choices) };
    if (kind !== work) {
      return {
        ...step,
        ...(repeatable.has(kind.type) && this.choices.rarely(3) && { retry: { max_attempts: 2 } }),
        ...(limitable.has(kind.type) && this.choices.rarely(3) && { timeout_seconds: 3 }),
      };
    }
    return {
      ...step,
      ...(this.choices.rarely(3) && { retry: { max_attempts: this.choices.of([1, 2]), non_retryable: ['FATAL'] } }),
      ...(this.choices.rarely(3) && { queue_timeout_seconds: 5, timeout_seconds: 5 }),
    };
  }

  private anyOf(placed: readonly Placed[]): Placed | undefined {
    return placed.length === 0 ? undefined : placed.at(-1 - this.choices.below(placed.length));
  }

  private edge(from: Placed, to: Placed): void {
    const fromPort = this.choices.mostly(3, from.kind.out);
    const toPort = this.choices.of(to.kind.into);
    this.edges.push({ from: from.step_id, from_port: fromPort, to: to.step_id, to_port: toPort, ...this.condition() });
  }

  private backEdge(from: Placed | undefined, owner: string): void {
    if (from === undefined) return;
    const fromPort = this.choices.mostly(5, from.kind.out);
    this.edges.push({ from: from.step_id, from_port: fromPort, to: owner, to_port: 'next' });
  }

  /** Most failures would end the run and with it everything that could still happen. */
  private catchFailure(of: Placed, placed: readonly Placed[]): void {
    const later = placed[placed.indexOf(of) + 1];
    if (later === undefined) return;
    this.edges.push({
      from: of.step_id,
      from_port: 'error',
      to: later.step_id,
      to_port: this.choices.of(later.kind.into),
    });
  }

  private condition(): { condition?: string } {
    return this.choices.rarely(6) ? { condition: this.choices.mostly(3, stepCondition) } : {};
  }
}

/** A segment without problems of severity error. */
export function randomSegment(choices: Choices, mostSteps = 12): Segment {
  const builder = new SegmentBuilder(choices, mostSteps);
  const params: SegmentParams = {
    timeout_seconds: choices.mostly(3, [null, 30]),
    on_failure: choices.of(['finish_branches', 'fail_fast']),
    ...(choices.rarely(3) && { max_parallel: choices.of([1, 2]) }),
    ...(choices.rarely(4) && { max_retries: 0 }),
  };
  builder.region(null, 0);
  return {
    segment_id: 'random',
    name: 'random',
    entrypoint: 's0',
    params,
    ...(choices.rarely(5) && { output: choices.of(['has(steps.s0)', 'input', '[1][2]']) }),
    steps: builder.steps,
    edges: distinct(builder.edges),
  };
}

/** An edge written twice would be a problem. */
function distinct(edges: readonly Edge[]): Edge[] {
  return [...new Map(edges.map((edge) => [JSON.stringify(edge), edge])).values()];
}
