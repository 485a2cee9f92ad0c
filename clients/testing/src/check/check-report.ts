export interface CheckResult {
  /** Stable: `package.contents`, `task.word_count.abort`, … */
  readonly id: string;
  readonly status: 'ok' | 'failed' | 'skipped';
  /** What is wrong and where, or why it was skipped; empty if there is nothing to say. */
  readonly message: string;
}

export interface CheckReport {
  /** Whether no check failed. */
  readonly ok: boolean;
  readonly package: string;
  readonly version: string;
  readonly checks: readonly CheckResult[];
}

/** A check that does not apply. */
export class Skipped extends Error {}

/** A body returns a remark or nothing, and throws what is wrong, or `Skipped`. */
export type CheckBody = () => Promise<string | undefined> | string | undefined;

/** Runs checks in order and tells of each as it begins and as it ends, so that a hang has a name. */
export class Checks {
  readonly results: CheckResult[] = [];

  constructor(
    private readonly tell: { began(id: string): void; ended(result: CheckResult): void },
    private readonly deadlineMs: number,
  ) {}

  /** Returns whether it was ok. */
  async run(id: string, body: CheckBody): Promise<boolean> {
    this.tell.began(id);
    const result = await this.outcome(id, body);
    this.results.push(result);
    this.tell.ended(result);
    return result.status === 'ok';
  }

  private async outcome(id: string, body: CheckBody): Promise<CheckResult> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done within ${this.deadlineMs} ms`)), this.deadlineMs);
    });
    try {
      const message = await Promise.race([Promise.resolve().then(body), late]);
      return { id, status: 'ok', message: message ?? '' };
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      return { id, status: thrown instanceof Skipped ? 'skipped' : 'failed', message };
    } finally {
      clearTimeout(timer);
    }
  }
}
