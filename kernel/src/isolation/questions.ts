import { type Json, LlmteamError, toErrorInfo } from '@llmteam/contracts';
import type { Outcome, ToIsolate } from './isolate-messages.js';

const mostQuestions = 10_000;

/** What an isolate asks during one piece of work. Each question is answered once, with a value or an error, while the work goes on. */
export class Questions {
  private readonly calls = new Map<number, AbortController>();
  private unanswered = 0;
  private isOver = false;

  constructor(
    private readonly send: (message: ToIsolate) => void,
    /** Of the work. */
    private readonly signal: AbortSignal,
  ) {}

  answer(id: number, ask: () => Promise<Json | undefined>): void {
    this.unanswered++;
    const tell = (outcome: Outcome<Json>) => {
      this.unanswered--;
      if (!this.isOver) this.send({ do: 'answer', id, outcome });
    };
    this.asked(ask).then(
      (value) => tell({ value: value ?? null }),
      (thrown: unknown) => tell({ error: toErrorInfo(thrown) }),
    );
  }

  private async asked(ask: () => Promise<Json | undefined>): Promise<Json | undefined> {
    if (this.unanswered <= mostQuestions) return await ask();
    throw new LlmteamError('LIMIT_EXCEEDED', `a handler may ask for ${mostQuestions} things at a time`);
  }

  /** A call that ends with the work, or when its question is given up. */
  async whileWanted<T>(id: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const aborter = new AbortController();
    this.calls.set(id, aborter);
    try {
      return await call(AbortSignal.any([this.signal, aborter.signal]));
    } finally {
      this.calls.delete(id);
    }
  }

  giveUp(id: number): void {
    this.calls.get(id)?.abort();
  }

  close(reason: LlmteamError): void {
    this.isOver = true;
    for (const call of this.calls.values()) call.abort(reason);
  }
}

/** The answer to what nobody can ask. */
export function unknownQuestion(): LlmteamError {
  return new LlmteamError('STEP_RESULT_INVALID', 'the handler asked something unknown');
}
