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
import { act_of, fill_in, type Script, scripted_error } from './script.js';
import { concerns, limit_of, unknown_segment } from './simulated-facts.js';
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
  private readonly happenings: Happening[] = [];
  private readonly appended = new Set<string>();
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
    if (this.appended.has(`${run_id} ${message_id}`)) return;
    this.appended.add(`${run_id} ${message_id}`);
    const fact = JSON.parse(JSON.stringify(given)) as Fact;
    const known = this.runs.get(run_id);
    if (known === undefined) {
      if (fact.type === 'run.requested') this.begin(run_id, fact);
      return;
    }
    known.facts.push(fact);
    this.take_in(known, evolve(known.run, fact, { events: true }));
  }

  private begin(run_id: string, fact: RunRequested): void {
    const segment = fact.parent === undefined ? this.segment : this.script.segments?.[fact.segment_id];
    if (segment === undefined) return;
    const key = { tenant_id, run_id };
    const plan = this.plan_of(segment);
    const { run, outcome } = start_run(plan, key, fact, { events: true });
    const kept = { facts: [fact], events: [...outcome.events], cancelled_jobs: [], tasks: new Map() };
    const simulated: SimulatedRun = { key, plan, run, ...kept };
    this.runs.set(run_id, simulated);
    this.leave_memory(simulated);
    if (fact.forked_from === undefined) this.perform_all(simulated, outcome.effects);
    else this.take_over(simulated, fact.forked_from);
  }

  /** A fork has the beginning of another history, which nobody acts upon again. */
  private take_over(simulated: SimulatedRun, { run_id, from_step }: NonNullable<RunRequested['forked_from']>): void {
    const { facts, events, run } = simulated;
    const source = this.runs.get(run_id)?.facts ?? [];
    const cut = source.findIndex((fact) => concerns(fact, from_step));
    for (const fact of source.slice(1, cut)) {
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
          at: this.now,
          action: effect.action,
          reason: 'parent',
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

  /** A worker that does what the script says. Reports of one attempt are told apart, as those of two workers would be. */
  private work(job: Job): void {
    const act = act_of(this.script, job);
    const { run_id, step, attempt } = job;
    const started_at = this.now + (act.starts_after_ms ?? 0);
    const worker = 'worker-1';
    if (job.journal_start && act.starts_after_ms !== undefined) {
      this.later(
        started_at,
        run_id,
        { type: 'step.started', at: started_at, step, attempt, worker },
        `start:${job.job_id}`,
      );
    }
    if (act.memo !== undefined) {
      const { after_ms = 1, ...memo } = act.memo;
      const fact: Fact = { type: 'step.memoized', at: this.now + after_ms, step, attempt, ...memo };
      this.later(fact.at, run_id, fact, `memo:${job.job_id}`);
    }
    if (act.silent) return;
    const at = started_at + (act.takes_ms ?? 10);
    const result = act.fails === undefined ? { ports: this.fired(job) } : { error: scripted_error(act, act.fails) };
    const more = {
      ...(act.usage !== undefined && { usage: act.usage }),
      ...(act.activities !== undefined && { activities: act.activities.map((activity) => ({ at, ...activity })) }),
    };
    for (let count = 1; count <= (act.reports ?? 1); count++) {
      const fact = { type: 'step.reported', at, step, attempt, started_at, worker, ...result, ...more } as Fact;
      this.later(at + (count - 1) * 5, run_id, fact, `report:${job.job_id}:${count}`);
    }
  }

  private fired(job: Job): Record<string, Json> {
    const act = act_of(this.script, job);
    if (act.ports !== undefined) return fill_in(act.ports, job);
    return { output: Object.hasOwn(job.config, 'result') ? (job.config.result ?? null) : job.input };
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
