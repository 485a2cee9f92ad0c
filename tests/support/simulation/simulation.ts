/**
 * Purpose: runs the engine on a virtual clock: entries go in and effects become new entries, until nothing is left to do.
 * Its histories are the reference that every other way of running must match.
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
  compilePlan,
  copiedFacts,
  createExpressionCompiler,
  defineSegment,
  type Effect,
  engineVersion,
  evolve,
  forkPoint,
  isEnded,
  type Outcome,
  outstandingEffects,
  type Plan,
  type Run,
  replay,
  type StartChild,
  StepCatalog,
  startRun,
  traceIdOf,
} from '@llmteam/kernel';
import { callsType } from './calls-type.js';
import { thawed } from './freezing.js';
import type { Script } from './script.js';
import { scriptedWork } from './scripted-work.js';
import { limitOf, unknownSegment } from './simulated-facts.js';
import { workType } from './work-type.js';

const tenantId = 'acme';
export const epochMs = Date.UTC(2026, 0, 1);
const aDayMs = 86_400_000;

export function scenarioCatalog(): StepCatalog {
  const catalog = new StepCatalog();
  for (const type of flow.stepTypes ?? []) if (type.kind === 'control') catalog.add(type, '1.0.0', 'flow');
  catalog.add(workType, '1.0.0', 'scenario');
  catalog.add(callsType, '1.0.0', 'scenario');
  return catalog;
}

export interface SimulatedRun {
  readonly key: RunKey;
  readonly plan: Plan;
  readonly facts: Fact[];
  readonly events: RunEvent[];
  /** Ids of cancelled jobs, in order. */
  readonly cancelled_jobs: string[];
  /** Latest state by task id. */
  readonly tasks: Map<string, HumanTask>;
  run: Run;
}

/** One append, in the global order of all runs. */
export interface Appended {
  readonly run_id: string;
  readonly message_id: string;
  readonly fact: Fact;
  /** Facts of another history that a fork starts with, in the same append. */
  readonly copied: readonly Fact[];
  /** When it was appended; epoch milliseconds. */
  readonly at: number;
  /** Jobs it caused. */
  readonly jobs: Job[];
}

export interface SimulationOptions {
  /** After every entry (in long histories: occasionally) discard the state and replay the whole history. */
  readonly forgetful?: boolean;
  /** After every entry (in long histories: occasionally) continue from a snapshot restored from JSON text. */
  readonly frozen?: boolean;
}

/** Number of entries up to which a full replay after each one is fast. */
const shortHistory = 200;

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
  private now = epochMs;
  private readonly compiler = createExpressionCompiler();
  private readonly catalog = scenarioCatalog();

  constructor(
    private readonly segment: Segment,
    private readonly script: Script,
    private readonly options: SimulationOptions = {},
  ) {}

  /** Runs the scenario to its end; the first run is its main run, `run`. */
  play(): SimulatedRun {
    const { timeout_seconds = limitOf(this.segment), input = {}, fork } = this.script;
    this.append('run', 'requested', this.request(this.segment, input, timeout_seconds, epochMs));
    this.planOutside();
    if (fork !== undefined) {
      const { at_ms, ...from } = fork;
      const request = this.request(this.segment, input, timeout_seconds, epochMs + at_ms);
      this.later(request.at, 'fork', { ...request, forked_from: { run_id: 'run', entries: 1, ...from } }, 'requested');
    }
    const until = epochMs + (this.script.until_ms ?? aDayMs);
    for (let next = this.take(until); next !== undefined; next = this.take(until)) {
      this.now = Math.max(this.now, next.at);
      if (next.timer === undefined || !this.disarmed.has(next.timer))
        this.append(next.run_id, next.message_id, next.fact);
    }
    return this.runs.get('run') as SimulatedRun;
  }

  private planOutside(): void {
    for (const [place, outside] of (this.script.outside ?? []).entries()) {
      const at = epochMs + outside.at_ms;
      for (let count = 0; count < (outside.times ?? 1); count++) {
        this.later(at, outside.run ?? 'run', { ...outside.append, at } as Fact, `outside:${place}:${count}`);
      }
    }
  }

  private take(until: number): Happening | undefined {
    const [next] = this.happenings;
    return next === undefined || next.at > until ? undefined : this.happenings.shift();
  }

  private later(at: number, runId: string, fact: Fact, messageId: string, timer?: string): void {
    const happening = {
      at,
      order: this.order++,
      run_id: runId,
      fact,
      message_id: messageId,
      ...(timer !== undefined && { timer }),
    };
    const place = this.happenings.findIndex((other) => other.at > at);
    if (place < 0) this.happenings.push(happening);
    else this.happenings.splice(place, 0, happening);
  }

  private request(segment: Segment, input: Json, timeoutSeconds: number | null, at: number): RunRequested {
    return {
      type: 'run.requested',
      at,
      segment_id: segment.segment_id,
      definition: `sha256:${segment.segment_id}`,
      input,
      instance_id: 'default',
      correlation_id: null,
      trace_id: '0'.repeat(32),
      timeout_seconds: timeoutSeconds,
      engine: engineVersion,
    };
  }

  private planOf(segment: Segment): Plan {
    const definition: Definition = defineSegment(segment, this.catalog);
    return compilePlan(definition, this.catalog, this.compiler);
  }

  private append(runId: string, messageId: string, given: Fact): void {
    if (this.known.has(`${runId} ${messageId}`)) return;
    this.known.add(`${runId} ${messageId}`);
    const fact = JSON.parse(JSON.stringify(given)) as Fact;
    const known = this.runs.get(runId);
    if (known === undefined) {
      if (fact.type === 'run.requested') this.begin(runId, messageId, fact);
      return;
    }
    this.note({ run_id: runId, message_id: messageId, fact, copied: [] });
    known.facts.push(fact);
    this.takeIn(known, evolve(known.run, fact, { events: true }));
  }

  private note(appended: Pick<Appended, 'run_id' | 'message_id' | 'fact' | 'copied'>): void {
    this.appended.push({ ...appended, at: this.now, jobs: [] });
  }

  private begin(runId: string, messageId: string, asked: RunRequested): void {
    const segment = asked.parent === undefined ? this.segment : this.script.segments?.[asked.segment_id];
    if (segment === undefined) return;
    const copied = this.copied(runId, asked);
    const key = { tenant_id: tenantId, run_id: runId };
    const traced = { ...asked, trace_id: traceIdOf(key) };
    const fact =
      asked.forked_from === undefined
        ? traced
        : { ...traced, forked_from: { ...asked.forked_from, entries: copied.length + 1 } };
    this.note({ run_id: runId, message_id: messageId, fact, copied });
    const plan = this.planOf(segment);
    const { run, outcome } = startRun(plan, key, fact, { events: true });
    const kept = { facts: [fact], events: [...outcome.events], cancelled_jobs: [], tasks: new Map() };
    const simulated: SimulatedRun = { key, plan, run, ...kept };
    this.runs.set(runId, simulated);
    this.leaveMemory(simulated);
    if (fact.forked_from === undefined) this.performAll(simulated, outcome.effects);
    else this.takeOver(simulated, copied);
  }

  /** The part of another history that a fork starts with. */
  private copied(forkId: string, { forked_from }: RunRequested): Fact[] {
    if (forked_from === undefined) return [];
    const { run_id, from_step } = forked_from;
    const source = this.runs.get(run_id);
    if (source === undefined) throw new Error(`there is no run '${run_id}' to fork`);
    const point = forkPoint(source.key, source.plan, source.facts, from_step);
    if (point === null) throw new Error(`run '${run_id}' never got to step '${from_step}'`);
    return copiedFacts(source.facts.slice(1, point), source.key, { tenant_id: tenantId, run_id: forkId });
  }

  /** Applies the copied facts without their effects, then performs what is still outstanding. */
  private takeOver(simulated: SimulatedRun, copied: readonly Fact[]): void {
    const { facts, events, run } = simulated;
    for (const fact of copied) {
      facts.push(fact);
      events.push(...evolve(run, fact, { events: true }).events);
    }
    this.performAll(simulated, outstandingEffects(run));
  }

  private takeIn(run: SimulatedRun, outcome: Outcome): void {
    for (const event of outcome.events) run.events.push(event);
    this.leaveMemory(run);
    this.performAll(run, outcome.effects);
  }

  /** What happens to a state between two entries that a run loop applies. */
  private leaveMemory(run: SimulatedRun): void {
    if (run.facts.length > shortHistory && run.facts.length % shortHistory !== 0) return;
    if (this.options.forgetful) run.run = (replay(run.plan, run.key, run.facts) as { run: Run }).run;
    if (this.options.frozen) run.run = thawed(run.run);
  }

  private performAll(run: SimulatedRun, effects: readonly Effect[]): void {
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
        this.startChild(run_id, effect);
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
    for (const { at, message_id, fact } of scriptedWork(this.script, job, this.now)) {
      this.later(at, job.run_id, fact, message_id);
    }
  }

  private startChild(parent: string, effect: StartChild): void {
    const segment = this.script.segments?.[effect.segment_ref];
    if (segment === undefined) {
      this.later(this.now, parent, unknownSegment(effect, this.now), `child:${effect.run_id}`);
      return;
    }
    const left = effect.deadline_at === null ? Number.POSITIVE_INFINITY : (effect.deadline_at - effect.at) / 1_000;
    const sooner = Math.min(limitOf(segment) ?? Number.POSITIVE_INFINITY, left);
    const timeoutSeconds = Number.isFinite(sooner) ? sooner : null;
    const fact: RunRequested = {
      ...this.request(segment, effect.input, timeoutSeconds, effect.at),
      parent: { run_id: parent, step: effect.step, depth: effect.depth },
    };
    this.later(this.now, effect.run_id, fact, 'requested');
  }

  /** Whether every run has ended and every end is in its history. */
  isSettled(): boolean {
    return [...this.runs.values()].every(({ run }) => isEnded(run.state) && run.state.is_recorded);
  }
}
