/**
 * Purpose: the engine on a virtual clock in one call: entries go in, effects become entries again, until nothing is left to happen.
 * The histories it leaves are what every other way of running must agree with.
 */
import type {
  Definition,
  Fact,
  HumanTask,
  Job,
  Json,
  RunEvent,
  RunKey,
  RunRequested,
  Segment,
} from '@llmteam/contracts';
import flow from '@llmteam/flow';
import {
  compile_plan,
  create_expression_compiler,
  define_segment,
  type Effect,
  engine_version,
  evolve,
  is_ended,
  type Outcome,
  outstanding_effects,
  type Plan,
  type Run,
  replay,
  type StartChild,
  StepCatalog,
  start_run,
} from '@llmteam/kernel';
import { thawed } from './freezing.js';
import type { Script } from './script.js';
import { scripted_work } from './scripted-work.js';
import { as_of_fork, concerns, limit_of, unknown_segment } from './simulated-facts.js';
import { work_type } from './work-type.js';

const tenant_id = 'acme';
export const epoch_ms = Date.UTC(2026, 0, 1);
const a_day_ms = 86_400_000;

export function scenario_catalog(): StepCatalog {
  const catalog = new StepCatalog();
  for (const type of flow.step_types ?? []) if (type.kind === 'control') catalog.add(type, '1.0.0', 'flow');
  catalog.add(work_type, '1.0.0', 'scenario');
  return catalog;
}

export interface SimulatedRun {
  readonly key: RunKey;
  readonly plan: Plan;
  readonly facts: Fact[];
  readonly events: RunEvent[];
  /** Ids of jobs that were called off, in order. */
  readonly cancelled_jobs: string[];
  /** As they were shown last, by task id. */
  readonly tasks: Map<string, HumanTask>;
  run: Run;
}

/** What was appended, in the order of all runs together. */
export interface Appended {
  readonly run_id: string;
  readonly message_id: string;
  readonly fact: Fact;
  /** Facts of another history that came with a fork, appended together with it. */
  readonly copied: readonly Fact[];
  /** When it was appended; epoch milliseconds. */
  readonly at: number;
  /** Jobs it led to. */
  readonly jobs: Job[];
}

export interface SimulationOptions {
  /** Forget the state after every entry (of long histories: now and then) and evolve the whole history again. */
  readonly forgetful?: boolean;
  /** After every entry (of long histories: now and then) go on from the state's snapshot, read back from JSON text. */
  readonly frozen?: boolean;
}

/** Entries up to which evolving everything again after each is quick. */
const short_history = 200;

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run_id: string;
  readonly fact: Fact;
  readonly message_id: string;
  readonly timer?: string;
}

export class Simulation {
  readonly runs = new Map<string, SimulatedRun>();
  readonly appended: Appended[] = [];
  private readonly happenings: Happening[] = [];
  private readonly known = new Set<string>();
  private readonly disarmed = new Set<string>();
  private order = 0;
  private now = epoch_ms;
  private readonly compiler = create_expression_compiler();
  private readonly catalog = scenario_catalog();

  constructor(
    private readonly segment: Segment,
    private readonly script: Script,
    private readonly options: SimulationOptions = {},
  ) {}

  /** Runs the scenario to its end; the first run is the scenario's own, `run`. */
  play(): SimulatedRun {
    const { timeout_seconds = limit_of(this.segment), input = {}, fork } = this.script;
    this.append('run', 'requested', this.request(this.segment, input, timeout_seconds, epoch_ms));
    this.plan_outside();
    if (fork !== undefined) {
      const { at_ms, ...from } = fork;
      const request = this.request(this.segment, input, timeout_seconds, epoch_ms + at_ms);
      this.later(request.at, 'fork', { ...request, forked_from: { run_id: 'run', entries: 1, ...from } }, 'requested');
    }
    const until = epoch_ms + (this.script.until_ms ?? a_day_ms);
    for (let next = this.take(until); next !== undefined; next = this.take(until)) {
      this.now = Math.max(this.now, next.at);
      if (next.timer === undefined || !this.disarmed.has(next.timer))
        this.append(next.run_id, next.message_id, next.fact);
    }
    return this.runs.get('run') as SimulatedRun;
  }

  private plan_outside(): void {
    for (const [place, outside] of (this.script.outside ?? []).entries()) {
      const at = epoch_ms + outside.at_ms;
      for (let count = 0; count < (outside.times ?? 1); count++) {
        this.later(at, outside.run ?? 'run', { ...outside.append, at } as Fact, `outside:${place}:${count}`);
      }
    }
  }

  private take(until: number): Happening | undefined {
    const [next] = this.happenings;
    return next === undefined || next.at > until ? undefined : this.happenings.shift();
  }

  private later(at: number, run_id: string, fact: Fact, message_id: string, timer?: string): void {
    const happening = { at, order: this.order++, run_id, fact, message_id, ...(timer !== undefined && { timer }) };
    const place = this.happenings.findIndex((other) => other.at > at);
    if (place < 0) this.happenings.push(happening);
    else this.happenings.splice(place, 0, happening);
  }

  private request(segment: Segment, input: Json, timeout_seconds: number | null, at: number): RunRequested {
    return {
      type: 'run.requested',
      at,
      segment_id: segment.segment_id,
      definition: `sha256:${segment.segment_id}`,
      input,
      instance_id: 'default',
      correlation_id: null,
      trace_id: '0'.repeat(32),
      timeout_seconds,
      engine: engine_version,
    };
  }

  private plan_of(segment: Segment): Plan {
    const definition: Definition = define_segment(segment, this.catalog);
    return compile_plan(definition, this.catalog, this.compiler);
  }

  private append(run_id: string, message_id: string, given: Fact): void {
    if (this.known.has(`${run_id} ${message_id}`)) return;
    this.known.add(`${run_id} ${message_id}`);
    const fact = JSON.parse(JSON.stringify(given)) as Fact;
    const known = this.runs.get(run_id);
    if (known === undefined) {
      if (fact.type === 'run.requested') this.begin(run_id, message_id, fact);
      return;
    }
    this.note({ run_id, message_id, fact, copied: [] });
    known.facts.push(fact);
    this.take_in(known, evolve(known.run, fact, { events: true }));
  }

  private note(appended: Pick<Appended, 'run_id' | 'message_id' | 'fact' | 'copied'>): void {
    this.appended.push({ ...appended, at: this.now, jobs: [] });
  }

  private begin(run_id: string, message_id: string, asked: RunRequested): void {
    const segment = asked.parent === undefined ? this.segment : this.script.segments?.[asked.segment_id];
    if (segment === undefined) return;
    const copied = this.copied(run_id, asked);
    const fact =
      asked.forked_from === undefined
        ? asked
        : { ...asked, forked_from: { ...asked.forked_from, entries: copied.length + 1 } };
    this.note({ run_id, message_id, fact, copied });
    const key = { tenant_id, run_id };
    const plan = this.plan_of(segment);
    const { run, outcome } = start_run(plan, key, fact, { events: true });
    const kept = { facts: [fact], events: [...outcome.events], cancelled_jobs: [], tasks: new Map() };
    const simulated: SimulatedRun = { key, plan, run, ...kept };
    this.runs.set(run_id, simulated);
    this.leave_memory(simulated);
    if (fact.forked_from === undefined) this.perform_all(simulated, outcome.effects);
    else this.take_over(simulated, copied);
  }

  /** What a fork has of another history. */
  private copied(fork_id: string, { forked_from }: RunRequested): Fact[] {
    if (forked_from === undefined) return [];
    const { run_id, from_step } = forked_from;
    const source = this.runs.get(run_id)?.facts ?? [];
    const cut = source.findIndex((fact) => concerns(fact, from_step));
    return source
      .slice(1, cut)
      .filter(({ type }) => type !== 'run.controlled')
      .map((fact) => as_of_fork(fact, run_id, fork_id));
  }

  /** Nobody acts again upon what a fork begins with. */
  private take_over(simulated: SimulatedRun, copied: readonly Fact[]): void {
    const { facts, events, run } = simulated;
    for (const fact of copied) {
      facts.push(fact);
      events.push(...evolve(run, fact, { events: true }).events);
    }
    this.perform_all(simulated, outstanding_effects(run));
  }

  private take_in(run: SimulatedRun, outcome: Outcome): void {
    for (const event of outcome.events) run.events.push(event);
    this.leave_memory(run);
    this.perform_all(run, outcome.effects);
  }

  /** What a state goes through between two entries that a run loop applies. */
  private leave_memory(run: SimulatedRun): void {
    if (run.facts.length > short_history && run.facts.length % short_history !== 0) return;
    if (this.options.forgetful) run.run = (replay(run.plan, run.key, run.facts) as { run: Run }).run;
    if (this.options.frozen) run.run = thawed(run.run);
  }

  private perform_all(run: SimulatedRun, effects: readonly Effect[]): void {
    for (const effect of effects) this.perform(run, effect);
  }

  private perform(run: SimulatedRun, effect: Effect): void {
    const { run_id } = run.key;
    switch (effect.kind) {
      case 'dispatch':
        this.appended.at(-1)?.jobs.push(effect.job);
        this.work(effect.job);
        return;
      case 'arm_timer': {
        const fact: Fact = { type: 'timer.fired', at: effect.due_at, timer: effect.timer };
        this.later(effect.due_at, run_id, fact, `timer:${effect.timer}`, `${run_id} ${effect.timer}`);
        return;
      }
      case 'disarm_timer':
        this.disarmed.add(`${run_id} ${effect.timer}`);
        return;
      case 'start_child':
        this.start_child(run_id, effect);
        return;
      case 'control_child': {
        const fact: Fact = {
          type: 'run.controlled',
          at: effect.at,
          action: effect.action,
          reason: `its parent '${run_id}' did`,
          by: 'parent',
        };
        this.later(this.now, effect.run_id, fact, `parent:${effect.action}:${effect.seq}`);
        return;
      }
      case 'notify_parent':
        this.later(this.now, effect.run_id, effect.fact, `child:${run_id}`);
        return;
      case 'record_end':
        this.later(this.now, run_id, effect.fact, 'ended');
        return;
      case 'cancel_jobs':
        run.cancelled_jobs.push(...effect.job_ids);
        return;
      case 'show_task':
        run.tasks.set(effect.task.task_id, effect.task);
        return;
    }
  }

  private work(job: Job): void {
    for (const { at, message_id, fact } of scripted_work(this.script, job, this.now)) {
      this.later(at, job.run_id, fact, message_id);
    }
  }

  private start_child(parent: string, effect: StartChild): void {
    const segment = this.script.segments?.[effect.segment_ref];
    if (segment === undefined) {
      this.later(this.now, parent, unknown_segment(effect, this.now), `child:${effect.run_id}`);
      return;
    }
    const left = effect.deadline_at === null ? Number.POSITIVE_INFINITY : (effect.deadline_at - effect.at) / 1_000;
    const sooner = Math.min(limit_of(segment) ?? Number.POSITIVE_INFINITY, left);
    const timeout_seconds = Number.isFinite(sooner) ? sooner : null;
    const fact: RunRequested = {
      ...this.request(segment, effect.input, timeout_seconds, effect.at),
      parent: { run_id: parent, step: effect.step, depth: effect.depth },
    };
    this.later(this.now, effect.run_id, fact, 'requested');
  }

  /** Whether every run has ended and every end stands in its history. */
  is_settled(): boolean {
    return [...this.runs.values()].every(({ run }) => is_ended(run.state) && run.state.is_recorded);
  }
}
