import {
  type Backend,
  type Consumer,
  cancelSubject,
  type Delivery,
  type Journal,
  type Timer,
} from '@llmteam/contracts';
import type { Script } from '../simulation/script.js';
import { scriptedWork } from '../simulation/scripted-work.js';
import type { JobLedger } from './job-ledger.js';
import type { StageClock } from './stage-clock.js';

export interface WorkerParts {
  readonly name: string;
  readonly backend: Backend;
  readonly journal: Journal;
  readonly script: Script;
  readonly clock: StageClock;
  readonly ledger: JobLedger;
}

/** More jobs than any scenario has in flight. */
const concurrency = 1_000;
const queue = 'work@1';

/** Takes jobs from the real queue and handles them as the script says. */
export class ScriptedWorker {
  /** Ids of jobs that were cancelled. */
  readonly cancelled = new Set<string>();
  private readonly held = new Set<Delivery>();
  private readonly timers = new Set<Timer>();
  private consumer: Consumer | null = null;
  private unsubscribe: () => void = () => undefined;

  constructor(private readonly parts: WorkerParts) {}

  async start(): Promise<void> {
    const { pubSub, queue: jobs } = this.parts.backend;
    this.unsubscribe = pubSub.subscribe(cancelSubject, (message) => {
      for (const id of (message as { job_ids: string[] }).job_ids) this.cancelled.add(id);
    });
    this.consumer = await jobs.consume(queue, { concurrency }, (delivery) => this.take(delivery));
  }

  /** Acks the jobs it still holds, without reporting them. */
  async stop(): Promise<void> {
    this.unsubscribe();
    for (const timer of this.timers) timer.cancel();
    for (const delivery of this.held) await delivery.ack();
    await this.consumer?.stop(AbortSignal.abort());
  }

  private take(delivery: Delivery): void {
    const { script, clock, ledger, name } = this.parts;
    const { job } = delivery;
    this.held.add(delivery);
    ledger.deliver(job, name);
    for (const { at, message_id, fact } of scriptedWork(script, job, clock.now())) {
      this.at(at, async () => {
        await this.parts.journal.append(job, [{ message_id, fact }]);
        if (fact.type === 'step.reported') await this.answer(delivery);
      });
    }
  }

  private async answer(delivery: Delivery): Promise<void> {
    if (!this.held.delete(delivery)) return;
    await delivery.ack();
    this.parts.ledger.answer(delivery.job);
  }

  /** Failures are reported by the gate. */
  private at(at: number, work: () => Promise<void>): void {
    const { clock } = this.parts;
    const timer = clock.after(at - clock.now(), () => {
      this.timers.delete(timer);
      work().catch(() => undefined);
    });
    this.timers.add(timer);
  }
}
