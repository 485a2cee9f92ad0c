import type { Fact, RunKey } from '@llmteam/contracts';
import { type EvolveOptions, evolve, type Outcome, startRun } from './evolve.js';
import type { Plan } from './plan.js';
import type { Run } from './state.js';

/** Folds a run from its history, one fact at a time. */
export class RunFold {
  private folded: Run | null = null;

  constructor(
    private readonly key: RunKey,
    private readonly options?: EvolveOptions,
  ) {}

  /** The run as of the last applied fact; null before its request. */
  get run(): Run | null {
    return this.folded;
  }

  /** Applies the next fact. `plan` is needed for the request only. Returns null for facts before the request. */
  apply(fact: Fact, plan?: Plan): Outcome | null {
    if (this.folded !== null) return evolve(this.folded, fact, this.options);
    if (fact.type !== 'run.requested' || plan === undefined) return null;
    const { run, outcome } = startRun(plan, this.key, fact, this.options);
    this.folded = run;
    return outcome;
  }
}
