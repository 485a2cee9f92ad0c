/**
 * Purpose: whether a cluster kept its promises, judged after the fact from its records.
 * Owns: the laws I-1 to I-8, I-13 and I-14 of the reliability page as far as these records show them; each fault it finds names its run.
 * Does not own: where the records come from.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Fact, Json, RunEnded, RunEvent } from '@llmteam/contracts';
import { is_ended, replay } from '@llmteam/kernel';
import type { Cluster } from './cluster.js';
import type { Kept } from './journal-records.js';
import type { Execution } from './ledger.js';
import type { Expected } from './mixed-load.js';
import { type Records, records_of } from './records.js';

export interface Counts {
  readonly runs: number;
  readonly child_runs: number;
  readonly entries: number;
  readonly executions: number;
  /** Handlers that began although an attempt's report was kept already, within the grace that at-least-once needs. */
  readonly late_executions: number;
  /** How late the latest of them began. */
  readonly latest_ms: number;
  /** Attempts that were begun more than once. */
  readonly repeated_attempts: number;
  /** Reports that came after another of the same attempt. */
  readonly second_reports: number;
  /** Facts that were kept although one with the same id was. */
  readonly repeated_facts: number;
}

export interface CheckOptions {
  /**
   * How long after a report was kept its job may still be begun by somebody who took it before: a worker that was handed the job, a
   * coordinator that published it. What was reported earlier than that must not run again.
   */
  readonly grace_ms: number;
  /** A fact may be kept twice: its repeat came after the server had forgotten its id. It must be the same then, and mean nothing. */
  readonly repeats_are_kept: boolean;
}

const terminal = new Set<RunEvent['event_type']>([
  'segment.completed',
  'segment.failed',
  'segment.cancelled',
  'segment.timeout',
]);

/** @throws with every fault it found */
export async function check_cluster(
  cluster: Cluster,
  expected: ReadonlyMap<string, Expected>,
  options: CheckOptions,
): Promise<Counts> {
  return judge(await records_of(cluster, expected), options);
}

/** @throws with every fault it found */
export async function judge(records: Records, options: CheckOptions): Promise<Counts> {
  const checker = new Checker(records, options);
  await checker.check_all();
  if (checker.faults.length === 0) return checker.counts();
  const shown = checker.faults.slice(0, 20).map((fault) => `  - ${fault}`);
  throw new Error(`${checker.faults.length} broken promises:\n${shown.join('\n')}\n${checker.history_of_first()}`);
}

class Checker {
  readonly faults: string[] = [];
  private readonly histories = new Map<string, Kept[]>();
  private readonly executions = new Map<string, Execution[]>();
  private readonly tally = {
    child_runs: 0,
    late_executions: 0,
    latest_ms: 0,
    repeated_attempts: 0,
    second_reports: 0,
    repeated_facts: 0,
  };
  private first_faulty: string | null = null;

  constructor(
    private readonly records: Records,
    private readonly options: CheckOptions,
  ) {
    for (const entry of records.kept) push(this.histories, entry.run_id, entry);
    for (const execution of records.ledger) push(this.executions, execution.run_id, execution);
  }

  counts(): Counts {
    const { child_runs, ...tally } = this.tally;
    const began = this.records.ledger.filter(({ what }) => what === 'began').length;
    const runs = this.histories.size - child_runs;
    return { runs, child_runs, entries: this.records.kept.length, executions: began, ...tally };
  }

  history_of_first(): string {
    if (this.first_faulty === null) return '';
    const lines = (this.histories.get(this.first_faulty) ?? []).map(({ sequence, kept_at, message_id, fact }) =>
      [`  | ${sequence}`, new Date(kept_at).toISOString(), message_id, JSON.stringify(fact).slice(0, 240)].join(' '),
    );
    return `the history of ${this.first_faulty}:\n${lines.join('\n')}`;
  }

  async check_all(): Promise<void> {
    for (const [run_id, asked] of this.records.client.asked) {
      if (asked.accepted_at !== null && !this.histories.has(run_id))
        this.fault(run_id, 'was accepted and is lost (I-1)');
    }
    for (const [run_id, history] of this.histories) {
      this.check_origin(run_id, history);
      await this.check_history(run_id, history, this.records.expected.get(run_id));
      this.check_executions(run_id, history);
    }
    for (const run_id of this.executions.keys()) {
      if (!this.histories.has(run_id)) this.fault(run_id, 'has steps that ran and no history (I-2)');
    }
  }

  private fault(run_id: string, what: string): void {
    this.first_faulty ??= run_id;
    this.faults.push(`${run_id}: ${what}`);
  }

  /** I-2 */
  private check_origin(run_id: string, history: readonly Kept[]): void {
    const [first] = history;
    const beginnings = history.filter(({ fact }) => fact.type === 'run.requested');
    if (first?.fact.type !== 'run.requested')
      this.fault(run_id, 'has a history that does not begin with its request (I-5)');
    else if (first.fact.parent !== undefined) {
      this.tally.child_runs += 1;
      if (!this.histories.has(first.fact.parent.run_id)) this.fault(run_id, 'has a parent that is not there (I-2)');
    } else if (!this.records.client.asked.has(run_id)) this.fault(run_id, 'was asked for by nobody (I-2)');
    if (beginnings.length !== 1) this.fault(run_id, `began ${beginnings.length} times (I-2)`);
  }

  /** I-1, I-3, I-5, I-7 */
  private async check_history(run_id: string, history: readonly Kept[], expected: Expected | undefined): Promise<void> {
    const [first] = history;
    if (first?.fact.type !== 'run.requested') return;
    const plan = await this.records.client.definitions.plan(first.fact.definition);
    const facts = history.map(({ fact }) => fact);
    this.check_repeats(run_id, history);
    const key = { tenant_id: first.tenant_id, run_id };
    const played = replay(plan, key, facts);
    const again = replay(plan, key, structuredClone(facts));
    if (played === null || again === null) return;
    if (!isDeepStrictEqual(played.events, again.events))
      this.fault(run_id, 'replays differently the second time (I-7)');
    this.check_events(run_id, played.events);
    if (!is_ended(played.run.state)) this.fault(run_id, 'never ended (I-1)');
    this.check_end(run_id, facts, played.events.length, expected);
    this.check_reports(run_id, facts, played.events);
  }

  /** The server knows the ids of what was appended, for as long as it says. */
  private check_repeats(run_id: string, history: readonly Kept[]): void {
    const repeats = history.length - new Set(history.map(({ message_id }) => message_id)).size;
    this.tally.repeated_facts += repeats;
    if (repeats > 0 && !this.options.repeats_are_kept) this.fault(run_id, `has ${repeats} facts twice`);
  }

  private check_events(run_id: string, events: readonly RunEvent[]): void {
    const gap = events.findIndex(({ seq }, place) => seq !== place + 1);
    if (gap >= 0) this.fault(run_id, `has a gap in seq at ${gap + 1} (I-5)`);
    const ends = events.filter(({ event_type }) => terminal.has(event_type));
    if (ends.length !== 1) this.fault(run_id, `has ${ends.length} terminal events (I-3)`);
    else if (events.at(-1) !== ends[0]) this.fault(run_id, 'has events after its terminal one (I-3)');
  }

  private check_end(run_id: string, facts: readonly Fact[], events: number, expected: Expected | undefined): void {
    const ends = facts.filter((fact): fact is RunEnded => fact.type === 'run.ended');
    const [end] = ends;
    const are_same = this.options.repeats_are_kept && ends.every((other) => isDeepStrictEqual(other, end));
    if (end === undefined || (ends.length !== 1 && !are_same)) {
      this.fault(run_id, `has its end recorded ${ends.length} times (I-3)`);
      return;
    }
    if (end.seq !== events) this.fault(run_id, `says it ended with event ${end.seq} of ${events} (I-5)`);
    if (expected === undefined) return;
    if (end.status !== expected.status)
      this.fault(run_id, `is ${end.status}, not ${expected.status}: ${end.error?.error_message}`);
    const output = without_details(end.output);
    if (!isDeepStrictEqual(output, expected.output)) {
      this.fault(run_id, `returned ${JSON.stringify(output)}, not ${JSON.stringify(expected.output)}`);
    }
  }

  /** I-4, I-13: of the reports of an attempt one counts, and a step completes once. */
  private check_reports(run_id: string, facts: readonly Fact[], events: readonly RunEvent[]): void {
    const reports = new Map<string, number>();
    for (const fact of facts) {
      if (fact.type !== 'step.reported') continue;
      const attempt = `${fact.step}#${fact.attempt}`;
      reports.set(attempt, (reports.get(attempt) ?? 0) + 1);
    }
    for (const count of reports.values()) this.tally.second_reports += count - 1;
    const completions = new Map<string, number>();
    for (const { event_type, scope, step_id } of events) {
      if (event_type !== 'step.completed') continue;
      const step = `${scope}/${step_id}`;
      completions.set(step, (completions.get(step) ?? 0) + 1);
    }
    for (const [step, count] of completions) {
      if (count > 1) this.fault(run_id, `completed step ${step} ${count} times (I-4)`);
    }
  }

  /** I-6, I-8: what ran was wanted, what was reported ran, and what was reported did not run again. */
  private check_executions(run_id: string, history: readonly Kept[]): void {
    const executions = this.executions.get(run_id) ?? [];
    const first_report = new Map<string, Kept>();
    for (const entry of history) {
      if (entry.fact.type !== 'step.reported') continue;
      const attempt = `${entry.fact.step}#${entry.fact.attempt}`;
      if (!first_report.has(attempt)) first_report.set(attempt, entry);
    }
    const begun = new Map<string, number>();
    for (const { what, step, attempt, at } of executions) {
      if (what !== 'began') continue;
      const name = `${step}#${attempt}`;
      begun.set(name, (begun.get(name) ?? 0) + 1);
      this.check_beginning(run_id, step, attempt, at, first_report);
    }
    for (const count of begun.values()) if (count > 1) this.tally.repeated_attempts += 1;
    this.check_done(run_id, executions, first_report);
  }

  private check_beginning(
    run_id: string,
    step: string,
    attempt: number,
    at: number,
    first_report: ReadonlyMap<string, Kept>,
  ): void {
    const own = first_report.get(`${step}#${attempt}`);
    const before = attempt === 1 ? undefined : first_report.get(`${step}#${attempt - 1}`);
    if (attempt > 1 && before === undefined)
      this.fault(run_id, `began ${step}#${attempt} before ${attempt - 1} was over (I-8)`);
    if (own === undefined || at <= own.kept_at) return;
    this.tally.late_executions += 1;
    const late_ms = Math.round(at - own.kept_at);
    this.tally.latest_ms = Math.max(this.tally.latest_ms, late_ms);
    if (late_ms > this.options.grace_ms)
      this.fault(run_id, `ran ${step}#${attempt} again ${late_ms} ms after its report was kept`);
  }

  private check_done(run_id: string, executions: readonly Execution[], first_report: ReadonlyMap<string, Kept>): void {
    const done = new Set(
      executions.flatMap(({ what, step, attempt }) => (what === 'done' ? [`${step}#${attempt}`] : [])),
    );
    for (const [attempt, { fact }] of first_report) {
      const is_success = fact.type === 'step.reported' && fact.error === undefined;
      if (is_success && !done.has(attempt))
        this.fault(run_id, `reported ${attempt}, whose handler was never through (I-6)`);
    }
  }
}

/** A tolerated failure says how, which differs. */
function without_details(output: Json): Json {
  if (!Array.isArray(output)) return output;
  return output.map((item: Json) =>
    typeof item === 'object' && item !== null && 'error' in item ? { is_failure: true } : item,
  );
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
