/**
 * Purpose: runs a scenario with the real components (run service, partition loops, backend) in the order of the simulation.
 * Owns: order, time, and closing whatever was opened.
 * Does not own: the content of facts; the components produce it, and it must equal that of the simulation.
 * Invariants:
 *  P1 facts are appended one at a time, in the order of the reference across all runs
 *  P2 time advances only once every coordinator has caught up and every due job has been delivered to a worker
 *  P3 within one instant the timers of coordinators fire last, or when the reference has them
 */
import type { Fact, Position, RunKey } from '@llmteam/contracts';
import {
  CheckedJournal,
  createExpressionCompiler,
  createRunService,
  Definitions,
  defineSegment,
  LargeValueJournal,
  type RunService,
  SegmentStore,
} from '@llmteam/kernel';
import { playScenario, readScenario, type Scenario } from '../simulation/scenarios.js';
import { type Appended, epochMs, type Simulation, scenarioCatalog } from '../simulation/simulation.js';
import { type Expected, FactGate } from './fact-gate.js';
import { JobLedger } from './job-ledger.js';
import { Progress } from './progress.js';
import { ScriptedWorker } from './scripted-worker.js';
import type { OpenSite, Site } from './site.js';
import { StageClock } from './stage-clock.js';
import { StageCoordinator } from './stage-coordinator.js';

export interface Played {
  readonly reference: Simulation;
  readonly site: Site;
  readonly client: RunService;
  readonly journal: CheckedJournal;
  /** The expected history of every run. */
  readonly expected: readonly Expected[];
  readonly gate: FactGate;
  readonly coordinators: readonly StageCoordinator[];
  readonly workers: readonly ScriptedWorker[];
  readonly ledger: JobLedger;
  readonly progress: Progress;
}

export const tenantId = 'acme';

/**
 * Runs a scenario and passes the final state to `look` before everything is closed.
 * @throws an error that names the first fact, job or coordinator that differs from the reference
 */
export async function playOnStage(
  name: string,
  open: OpenSite,
  look: (played: Played) => Promise<void>,
  patienceMs = 12_000,
): Promise<void> {
  const clock = new StageClock(epochMs);
  const site = await open(clock);
  const stage = new Stage(name, site, clock, new Progress(patienceMs));
  try {
    await stage.play();
    await look(stage.played());
    stage.progress.check();
  } catch (error) {
    // The first failure is more informative than its consequences.
    stage.progress.check();
    throw error;
  } finally {
    await stage.close();
    await site.close();
  }
}

class Stage {
  private readonly reference: Simulation;
  private readonly scenario: Scenario;
  private readonly definitions: Definitions;
  private readonly ledger: JobLedger;
  private readonly timerClock = new StageClock(epochMs);
  private readonly ends = new Map<number, Position>();
  private readonly journal: CheckedJournal;
  private gate: FactGate;
  private expected: readonly Expected[] = [];
  private coordinators: readonly StageCoordinator[] = [];
  private workers: readonly ScriptedWorker[] = [];

  constructor(
    name: string,
    private readonly site: Site,
    private readonly clock: StageClock,
    readonly progress: Progress,
  ) {
    this.scenario = readScenario(name);
    this.reference = playScenario(name);
    const { blobs, journal } = site.client;
    this.definitions = new Definitions(blobs, scenarioCatalog(), createExpressionCompiler());
    this.journal = new CheckedJournal(new LargeValueJournal(journal, blobs));
    this.ledger = new JobLedger(this.reference.appended, progress);
    this.gate = new FactGate(tenantId, [], progress);
  }

  async play(): Promise<void> {
    await this.setUp();
    for (const [place, next] of this.reference.appended.entries()) {
      await this.moveTo(next.at);
      if (next.message_id.startsWith('timer:')) await this.timersTo(next.at);
      await this.letPass(next, this.expected[place] as Expected);
    }
    // Gives unexpected late facts a chance to appear.
    const end = epochMs + (this.scenario.script.until_ms ?? aDayMs);
    await this.moveTo(end);
    await this.timersTo(end);
    await this.settled();
  }

  private async moveTo(at: number): Promise<void> {
    if (at <= this.clock.now()) return;
    await this.timersTo(this.clock.now());
    await this.settled();
    await this.clock.moveTo(at);
  }

  private async timersTo(at: number): Promise<void> {
    if (at <= this.timerClock.now()) return;
    await this.settled();
    await this.timerClock.moveTo(at);
  }

  played(): Played {
    const { reference, site, journal, expected, gate, coordinators, workers, ledger, progress } = this;
    const client = this.client('client');
    return { reference, site, client, journal, expected, gate, coordinators, workers, ledger, progress };
  }

  async close(): Promise<void> {
    this.gate.close();
    for (const worker of this.workers) await worker.stop();
    for (const coordinator of this.coordinators) await coordinator.stop();
  }

  private async setUp(): Promise<void> {
    const { clock, timerClock, progress, ledger, site } = this;
    const { script } = this.scenario;
    this.expected = await this.factsToCome();
    this.gate = new FactGate(tenantId, this.expected, progress);
    this.coordinators = site.coordinators.map(({ backend, ...owns }, place) => {
      const name = `coordinator-${place + 1}`;
      const journal = this.gate.before(new CheckedJournal(new LargeValueJournal(backend.journal, backend.blobs)), name);
      const parts = { name, backend, owns, clock: timerClock, progress };
      return new StageCoordinator(parts, journal, ledger.before(backend.queue, name));
    });
    this.workers = site.workers.map((backend, place) => {
      const name = `worker-${place + 1}`;
      const journal = this.gate.before(new CheckedJournal(new LargeValueJournal(backend.journal, backend.blobs)), name);
      return new ScriptedWorker({ name, backend, journal, script, clock, ledger });
    });
    const runs = [...this.reference.runs.values()].map(({ key }) => key);
    await Promise.all([
      ...this.workers.map((worker) => worker.start()),
      ...this.coordinators.map((coordinator) => coordinator.start(runs)),
    ]);
  }

  /** The facts of the reference with the real definition hashes; the simulation has no store and uses its own. */
  private async factsToCome(): Promise<Expected[]> {
    const { segment, script } = this.scenario;
    const catalog = scenarioCatalog();
    const own = await this.definitions.put(defineSegment(segment, catalog));
    const store = new SegmentStore(this.site.client.kv, this.definitions);
    const stored = new Map<string, string>();
    for (const [id, one] of Object.entries(script.segments ?? {})) {
      stored.set(id, (await store.publish(tenantId, defineSegment(one, catalog))).definition);
    }
    const withHash = (fact: Fact): Fact => {
      if (fact.type !== 'run.requested') return fact;
      return { ...fact, definition: (fact.parent && stored.get(fact.segment_id)) ?? own };
    };
    return this.reference.appended.map(({ run_id, message_id, fact, copied }) => {
      return { run_id, message_id, facts: [withHash(fact), ...copied] };
    });
  }

  private async letPass(next: Appended, expected: Expected): Promise<void> {
    const [position] = await Promise.all([this.gate.letPass(expected), this.say(next, expected)]);
    const partition = this.site.client.journal.partitionOf({ tenant_id: tenantId, run_id: next.run_id });
    this.ends.set(partition, position);
    this.ledger.owe(next.jobs);
  }

  /** Appends what comes from outside; everything else is appended by the components themselves. */
  private async say({ run_id, message_id, fact }: Appended, { facts }: Expected): Promise<void> {
    if (fact.type === 'run.requested' && fact.forked_from !== undefined) {
      const { from_step, input_overrides } = fact.forked_from;
      const source: RunKey = { tenant_id: tenantId, run_id: fact.forked_from.run_id };
      await this.client(run_id).fork(source, { from_step, ...(input_overrides && { input_overrides }) });
    } else if (fact.type === 'run.requested' && fact.parent === undefined) {
      const { input, timeout_seconds } = fact;
      const [{ definition } = fact] = facts as [typeof fact];
      await this.client(run_id).start({ tenant_id: tenantId, run_id, definition, input, timeout_seconds });
    } else if (message_id.startsWith('outside:')) {
      await this.gate
        .before(this.journal, 'the outside')
        .append({ tenant_id: tenantId, run_id }, [{ message_id, fact }]);
    }
  }

  /** A run service that generates this id. */
  private client(id: string): RunService {
    const journal = this.gate.before(this.journal, 'the client');
    const { definitions, clock, site } = this;
    return createRunService({ journal, index: site.client.index, definitions, clock, newId: () => id });
  }

  /** P2 */
  private async settled(): Promise<void> {
    const behind = (): string[] => this.coordinators.flatMap((coordinator) => coordinator.behind(this.ends));
    const { ledger } = this;
    await this.progress.until(
      () => ledger.undelivered.length === 0 && behind().length === 0,
      () => `not applied: ${behind().join(', ') || 'none'}; not handed out: ${ledger.undelivered.join(', ') || 'none'}`,
    );
  }
}

const aDayMs = 86_400_000;
