/**
 * Purpose: checks the guarantees of a cluster afterwards, from its records.
 * Owns: I-1 to I-8, I-13 and I-14 of the reliability page, as far as the records show them; each violation names its run.
 * Does not own: where the records come from.
 */
import { isDeepStrictEqual } from 'node:util';
import { endsRun, type Fact, type Json, type RunEnded, type RunEvent } from '@llmteam/contracts';
import { isEnded, replay } from '@llmteam/kernel';
import type { Cluster } from './cluster.js';
import type { Kept } from './journal-records.js';
import type { Execution } from './ledger.js';
import type { Expected } from './mixed-load.js';
import { type Records, recordsOf } from './records.js';

export interface Counts {
  readonly runs: number;
  readonly childRuns: number;
  readonly entries: number;
  readonly executions: number;
  /** Handlers that began although the attempt's report was already stored, within the grace period of at-least-once. */
  readonly lateExecutions: number;
  /** The longest delay between the report and such a start. */
  readonly latestMs: number;
  /** Attempts that were executed more than once. */
  readonly repeatedAttempts: number;
  /** Reports of an attempt after its first. */
  readonly secondReports: number;
  /** Facts that were stored although one with the same message id was. */
  readonly repeatedFacts: number;
}

export interface CheckOptions {
  /**
   * Grace period after a report was stored in which its job may still be started by a process that got it before: a worker that holds
   * the job, a coordinator that published it. Anything reported earlier must not run again.
   */
  readonly graceMs: number;
  /** A fact may be stored twice, if the duplicate came after the deduplication window. It must then be equal and have no effect. */
  readonly repeatsAreKept: boolean;
}

/** @throws with every fault it found */
export async function checkCluster(
  cluster: Cluster,
  expected: ReadonlyMap<string, Expected>,
  options: CheckOptions,
): Promise<Counts> {
  return judge(await recordsOf(cluster, expected), options);
}

/** @throws with every fault it found */
export async function judge(records: Records, options: CheckOptions): Promise<Counts> {
  const checker = new Checker(records, options);
  await checker.checkAll();
  if (checker.faults.length === 0) return checker.counts();
  const shown = checker.faults.slice(0, 20).map((fault) => `  - ${fault}`);
  throw new Error(`${checker.faults.length} broken promises:\n${shown.join('\n')}\n${checker.historyOfFirst()}`);
}

class Checker {
  readonly faults: string[] = [];
  private readonly histories = new Map<string, Kept[]>();
  private readonly executions = new Map<string, Execution[]>();
  private readonly tally = {
    childRuns: 0,
    lateExecutions: 0,
    latestMs: 0,
    repeatedAttempts: 0,
    secondReports: 0,
    repeatedFacts: 0,
  };
  private firstFaulty: string | null = null;

  constructor(
    private readonly records: Records,
    private readonly options: CheckOptions,
  ) {
    for (const entry of records.kept) push(this.histories, entry.run_id, entry);
    for (const execution of records.ledger) push(this.executions, execution.run_id, execution);
  }

  counts(): Counts {
    const { childRuns, ...tally } = this.tally;
    const began = this.records.ledger.filter(({ what }) => what === 'began').length;
    const runs = this.histories.size - childRuns;
    return { runs, childRuns, entries: this.records.kept.length, executions: began, ...tally };
  }

  historyOfFirst(): string {
    if (this.firstFaulty === null) return '';
    const lines = (this.histories.get(this.firstFaulty) ?? []).map(({ sequence, keptAt, message_id, fact }) =>
      [`  | ${sequence}`, new Date(keptAt).toISOString(), message_id, JSON.stringify(fact).slice(0, 240)].join(' '),
    );
    return `the history of ${this.firstFaulty}:\n${lines.join('\n')}`;
  }

  async checkAll(): Promise<void> {
    for (const [runId, asked] of this.records.client.asked) {
      if (asked.acceptedAt !== null && !this.histories.has(runId)) this.fault(runId, 'was accepted and is lost (I-1)');
    }
    for (const [runId, history] of this.histories) {
      this.checkOrigin(runId, history);
      await this.checkHistory(runId, history, this.records.expected.get(runId));
      this.checkExecutions(runId, history);
    }
    for (const runId of this.executions.keys()) {
      if (!this.histories.has(runId)) this.fault(runId, 'has steps that ran and no history (I-2)');
    }
  }

  private fault(runId: string, what: string): void {
    this.firstFaulty ??= runId;
    this.faults.push(`${runId}: ${what}`);
  }

  /** I-2 */
  private checkOrigin(runId: string, history: readonly Kept[]): void {
    const [first] = history;
    const beginnings = history.filter(({ fact }) => fact.type === 'run.requested');
    if (first?.fact.type !== 'run.requested')
      this.fault(runId, 'has a history that does not begin with its request (I-5)');
    else if (first.fact.parent !== undefined) {
      this.tally.childRuns += 1;
      if (!this.histories.has(first.fact.parent.run_id)) this.fault(runId, 'has a parent that is not there (I-2)');
    } else if (!this.records.client.asked.has(runId)) this.fault(runId, 'was asked for by nobody (I-2)');
    if (beginnings.length !== 1) this.fault(runId, `began ${beginnings.length} times (I-2)`);
  }

  /** I-1, I-3, I-5, I-7 */
  private async checkHistory(runId: string, history: readonly Kept[], expected: Expected | undefined): Promise<void> {
    const [first] = history;
    if (first?.fact.type !== 'run.requested') return;
    const plan = await this.records.client.definitions.plan(first.fact.definition);
    const facts = history.map(({ fact }) => fact);
    this.checkRepeats(runId, history);
    const key = { tenant_id: first.tenant_id, run_id: runId };
    const played = replay(plan, key, facts);
    const again = replay(plan, key, structuredClone(facts));
    if (played === null || again === null) return;
    if (!isDeepStrictEqual(played.events, again.events)) this.fault(runId, 'replays differently the second time (I-7)');
    this.checkEvents(runId, played.events);
    if (!isEnded(played.run.state)) this.fault(runId, 'never ended (I-1)');
    this.checkEnd(runId, facts, played.events.length, expected);
    this.checkReports(runId, facts, played.events);
  }

  /** Message ids are deduplicated within the server's window. */
  private checkRepeats(runId: string, history: readonly Kept[]): void {
    const repeats = history.length - new Set(history.map(({ message_id }) => message_id)).size;
    this.tally.repeatedFacts += repeats;
    if (repeats > 0 && !this.options.repeatsAreKept) this.fault(runId, `has ${repeats} facts twice`);
  }

  private checkEvents(runId: string, events: readonly RunEvent[]): void {
    const gap = events.findIndex(({ seq }, place) => seq !== place + 1);
    if (gap >= 0) this.fault(runId, `has a gap in seq at ${gap + 1} (I-5)`);
    const ends = events.filter(({ event_type }) => endsRun(event_type));
    if (ends.length !== 1) this.fault(runId, `has ${ends.length} terminal events (I-3)`);
    else if (events.at(-1) !== ends[0]) this.fault(runId, 'has events after its terminal one (I-3)');
  }

  private checkEnd(runId: string, facts: readonly Fact[], events: number, expected: Expected | undefined): void {
    const ends = facts.filter((fact): fact is RunEnded => fact.type === 'run.ended');
    const [end] = ends;
    const areSame = this.options.repeatsAreKept && ends.every((other) => isDeepStrictEqual(other, end));
    if (end === undefined || (ends.length !== 1 && !areSame)) {
      this.fault(runId, `has its end recorded ${ends.length} times (I-3)`);
      return;
    }
    if (end.seq !== events) this.fault(runId, `says it ended with event ${end.seq} of ${events} (I-5)`);
    if (expected === undefined) return;
    if (end.status !== expected.status)
      this.fault(runId, `is ${end.status}, not ${expected.status}: ${end.error?.error_message}`);
    const output = withoutDetails(end.output);
    if (!isDeepStrictEqual(output, expected.output)) {
      this.fault(runId, `returned ${JSON.stringify(output)}, not ${JSON.stringify(expected.output)}`);
    }
  }

  /** I-4, I-13: one report per attempt counts, and a step completes once. */
  private checkReports(runId: string, facts: readonly Fact[], events: readonly RunEvent[]): void {
    const reports = new Map<string, number>();
    for (const fact of facts) {
      if (fact.type !== 'step.reported') continue;
      const attempt = `${fact.step}#${fact.attempt}`;
      reports.set(attempt, (reports.get(attempt) ?? 0) + 1);
    }
    for (const count of reports.values()) this.tally.secondReports += count - 1;
    const completions = new Map<string, number>();
    for (const { event_type, scope, step_id } of events) {
      if (event_type !== 'step.completed') continue;
      const step = `${scope}/${step_id}`;
      completions.set(step, (completions.get(step) ?? 0) + 1);
    }
    for (const [step, count] of completions) {
      if (count > 1) this.fault(runId, `completed step ${step} ${count} times (I-4)`);
    }
  }

  /** I-6, I-8: only requested steps ran, every reported step ran, and no reported step ran again. */
  private checkExecutions(runId: string, history: readonly Kept[]): void {
    const executions = this.executions.get(runId) ?? [];
    const firstReport = new Map<string, Kept>();
    for (const entry of history) {
      if (entry.fact.type !== 'step.reported') continue;
      const attempt = `${entry.fact.step}#${entry.fact.attempt}`;
      if (!firstReport.has(attempt)) firstReport.set(attempt, entry);
    }
    const begun = new Map<string, number>();
    for (const { what, step, attempt, at } of executions) {
      if (what !== 'began') continue;
      const name = `${step}#${attempt}`;
      begun.set(name, (begun.get(name) ?? 0) + 1);
      this.checkBeginning(runId, step, attempt, at, firstReport);
    }
    for (const count of begun.values()) if (count > 1) this.tally.repeatedAttempts += 1;
    this.checkDone(runId, executions, firstReport);
  }

  private checkBeginning(
    runId: string,
    step: string,
    attempt: number,
    at: number,
    firstReport: ReadonlyMap<string, Kept>,
  ): void {
    const own = firstReport.get(`${step}#${attempt}`);
    const before = attempt === 1 ? undefined : firstReport.get(`${step}#${attempt - 1}`);
    if (attempt > 1 && before === undefined)
      this.fault(runId, `began ${step}#${attempt} before ${attempt - 1} was over (I-8)`);
    if (own === undefined || at <= own.keptAt) return;
    this.tally.lateExecutions += 1;
    const lateMs = Math.round(at - own.keptAt);
    this.tally.latestMs = Math.max(this.tally.latestMs, lateMs);
    if (lateMs > this.options.graceMs)
      this.fault(runId, `ran ${step}#${attempt} again ${lateMs} ms after its report was kept`);
  }

  private checkDone(runId: string, executions: readonly Execution[], firstReport: ReadonlyMap<string, Kept>): void {
    const done = new Set(
      executions.flatMap(({ what, step, attempt }) => (what === 'done' ? [`${step}#${attempt}`] : [])),
    );
    for (const [attempt, { fact }] of firstReport) {
      const isSuccess = fact.type === 'step.reported' && fact.error === undefined;
      if (isSuccess && !done.has(attempt))
        this.fault(runId, `reported ${attempt}, whose handler was never through (I-6)`);
    }
  }
}

/** Drops the details of tolerated failures, which differ between runs. */
function withoutDetails(output: Json): Json {
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
