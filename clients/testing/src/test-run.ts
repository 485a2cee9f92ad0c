import type { HumanTask, Json, RunEvent, RunKey, RunMetadata, RunResult, RunView } from '@llmteam/contracts';
import type { EmbeddedRuntime } from '@llmteam/embedded';
import type { AnswerRequest } from '@llmteam/kernel';

export const tenant = 'test';

export interface StartOptions {
  /** Default: that of the segment. */
  readonly timeout_seconds?: number | null;
  readonly metadata?: RunMetadata;
}

const actor = { name: 'tester', key: null, act_for_others: true };

/** A run of a test runtime. */
export class TestRun {
  constructor(
    private readonly runtime: EmbeddedRuntime,
    readonly key: RunKey,
    private readonly settle: () => Promise<void>,
  ) {}

  /** Resolves once the run has ended. If it waits for time, a signal or an answer, that must come from elsewhere in the test. */
  async result(): Promise<RunResult> {
    return await this.runtime.result(this.key);
  }

  async view(): Promise<RunView> {
    await this.settle();
    return await this.runtime.runs.show(this.key);
  }

  /** What happened so far, in order. */
  async events(): Promise<readonly RunEvent[]> {
    await this.settle();
    return await this.runtime.runs.events(this.key);
  }

  /** Its open human tasks. */
  async tasks(): Promise<readonly HumanTask[]> {
    await this.settle();
    const { tenant_id, run_id } = this.key;
    const { rows } = await this.runtime.runs.tasks({ tenant_id, run_id, status: ['open', 'claimed'] });
    return rows;
  }

  /** Answers a human task, by default the only open one. @throws LlmteamError `TASK_…`, `ANSWER_INVALID`; Error if the task is not clear */
  async answer(answer: AnswerRequest, taskId?: string): Promise<void> {
    await this.runtime.runs.answer(this.key.tenant_id, taskId ?? (await this.onlyTask()), answer, actor);
    await this.settle();
  }

  /** @throws LlmteamError `RUN_ENDED`, `INPUT_INVALID` */
  async signal(name: string, payload: Json = null, correlation?: string): Promise<void> {
    await this.runtime.runs.signal(this.key, name, payload, correlation === undefined ? {} : { correlation });
    await this.settle();
  }

  /** @throws LlmteamError `RUN_ENDED` */
  async control(action: 'cancel' | 'pause' | 'resume'): Promise<void> {
    await this.runtime.runs.control(this.key, action, actor.name);
    await this.settle();
  }

  private async onlyTask(): Promise<string> {
    const [task, ...others] = await this.tasks();
    if (task === undefined || others.length > 0) {
      throw new Error(`the run has ${others.length + (task === undefined ? 0 : 1)} open human tasks: name one`);
    }
    return task.task_id;
  }
}
