import type { AttemptData, StrayCause } from './isolate-messages.js';

const mostRemembered = 1_000;

/** The attempts that an isolate was given: what it says about any other is not believed. */
export class GivenAttempts {
  private readonly given = new Set<string>();

  note({ facts }: Pick<AttemptData, 'facts'>): void {
    this.given.add(idOf(facts));
    for (const oldest of this.given) {
      if (this.given.size <= mostRemembered) return;
      this.given.delete(oldest);
    }
  }

  /** The cause, if it is an attempt that was given. */
  known(cause: StrayCause | null | undefined): StrayCause | null {
    if (cause === null || cause === undefined || !this.given.has(idOf(cause))) return null;
    const { run_id, step_id, attempt, is_running } = cause;
    return { run_id, step_id, attempt, is_running };
  }
}

function idOf({ run_id, step_id, attempt }: Pick<StrayCause, 'run_id' | 'step_id' | 'attempt'>): string {
  return JSON.stringify([run_id, step_id, attempt]);
}
