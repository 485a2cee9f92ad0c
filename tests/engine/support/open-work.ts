import type { Fact, Job } from '@llmteam/contracts';
import { type Effect, outstandingEffects, type Run, type StartChild } from '@llmteam/kernel';
import * as assert from 'uvu/assert';

/** Outstanding work, derived from effects and facts alone. */
export class OpenWork {
  readonly jobs = new Map<string, Job>();
  readonly timers = new Map<string, number>();
  readonly children = new Map<string, StartChild>();
  private end: Effect[] = [];

  constructor(private readonly runId: string) {}

  /** Applies one entry and its outcome. */
  note(fact: Fact, effects: readonly Effect[]): void {
    if (fact.type === 'step.reported') this.jobs.delete(`${this.runId}/${fact.step}#${fact.attempt}`);
    if (fact.type === 'timer.fired') this.timers.delete(fact.timer);
    if (fact.type === 'child.ended' && this.children.get(fact.child_run_id)?.step === fact.step) {
      this.children.delete(fact.child_run_id);
    }
    if (fact.type === 'run.ended') this.end = [];
    for (const effect of effects) this.noteEffect(effect);
  }

  private noteEffect(effect: Effect): void {
    switch (effect.kind) {
      case 'dispatch':
        assert.not.ok(this.jobs.has(effect.job.job_id), `${effect.job.job_id} is dispatched once`);
        this.jobs.set(effect.job.job_id, effect.job);
        return;
      case 'cancel_jobs':
        for (const id of effect.job_ids) this.jobs.delete(id);
        return;
      case 'arm_timer':
        this.timers.set(effect.timer, effect.due_at);
        return;
      case 'disarm_timer':
        this.timers.delete(effect.timer);
        return;
      case 'start_child':
        this.children.set(effect.run_id, effect);
        return;
      case 'control_child':
        if (effect.action === 'cancel') this.children.delete(effect.run_id);
        return;
      case 'notify_parent':
      case 'record_end':
        this.end.push(effect);
        return;
      case 'show_task':
        return;
    }
  }

  /**
   * `thorough` compares the effects and not only their ids. Memos of earlier attempts may have arrived since, and a pause may have moved the
   * deadline.
   */
  check(run: Run, thorough: boolean): void {
    const again = outstandingEffects(run);
    const jobs = again.flatMap((effect) => (effect.kind === 'dispatch' ? [effect.job] : []));
    assert.equal(sorted(jobs.map(({ job_id }) => job_id)), sorted(this.jobs.keys()));
    const timers = again.flatMap((effect) => (effect.kind === 'arm_timer' ? [`${effect.timer} ${effect.due_at}`] : []));
    assert.equal(sorted(timers), sorted([...this.timers].map(([timer, dueAt]) => `${timer} ${dueAt}`)));
    const children = again.filter((effect) => effect.kind === 'start_child');
    assert.equal(sorted(children.map(({ run_id }) => run_id)), sorted(this.children.keys()));
    const end = again.filter((effect) => effect.kind === 'notify_parent' || effect.kind === 'record_end');
    assert.equal(end, this.end);
    if (!thorough) return;
    for (const job of jobs) assert.equal(withoutMemos(job), asOfNow(run, this.jobs.get(job.job_id)));
    for (const child of children) assert.equal(child, this.children.get(child.run_id));
  }
}

function withoutMemos(job: Job | undefined): Partial<Job> {
  const { memos: _, ...others } = { ...job };
  return others;
}

function asOfNow({ state }: Run, job: Job | undefined): Partial<Job> {
  return { ...withoutMemos(job), deadline_at: state.deadline_at };
}

function sorted(texts: Iterable<string>): string[] {
  return [...texts].sort();
}
