/**
 * Purpose: answers what the handler of one attempt asks from inside an isolate, with the context that a handler in this process would have.
 * Invariant: a message that makes no sense is answered with an error, and does nothing else.
 */
import {
  errorInfo,
  type Json,
  LlmteamError,
  type Logger,
  type ModelRequest,
  type StepContext,
  toErrorInfo,
} from '@llmteam/contracts';
import { executionOf } from '../runtime/handler-context.js';
import { FetchRelay } from './fetch-relay.js';
import type { FromIsolate, Outcome, PlainModelRequest, Question, ToIsolate } from './isolate-messages.js';
import { Questions, unknownQuestion } from './questions.js';
import { revivedError } from './revived-error.js';

type Asked = Question & { readonly id: number };

interface PendingMemo {
  readonly resolve: (value: Json) => void;
  readonly reject: (error: unknown) => void;
}

export class AttemptRelay {
  private readonly memos = new Map<number, PendingMemo>();
  private readonly questions: Questions;
  private readonly fetches: FetchRelay;
  private isOver = false;
  /** The first thing that the handler said wrongly, which its own process did not notice. */
  fault: LlmteamError | null = null;
  /** Rejects when the handler throws outside of its promise. */
  readonly strayed: Promise<never>;
  private stray: (error: LlmteamError) => void = () => undefined;

  constructor(
    private readonly context: StepContext,
    private readonly send: (message: ToIsolate) => void,
  ) {
    this.questions = new Questions(send, context.signal);
    this.fetches = new FetchRelay(context.fetch);
    this.strayed = new Promise((_, reject) => {
      this.stray = reject;
    });
    this.strayed.catch(() => undefined);
  }

  get log(): Logger {
    return executionOf(this.context).log;
  }

  receive(message: FromIsolate): void {
    if (this.isOver) return;
    if ('tell' in message && message.tell === 'stray') {
      const { error_message, error_type } = toErrorInfo(revivedError(message.error));
      return this.stray(
        revivedError({ ...errorInfo('STEP_FAILED', `outside of the handler's promise: ${error_message}`), error_type }),
      );
    }
    if ('ask' in message) this.questions.answer(message.id, () => this.valueFor(message));
    else if ('tell' in message) this.hear(message);
    else if (message.did === 'work') this.finishMemo(message.id, message.outcome);
  }

  /** Gives up everything the handler still has open. */
  close(): void {
    this.isOver = true;
    const over = new LlmteamError('CANCELLED', 'the attempt is over');
    this.questions.close(over);
    for (const memo of this.memos.values()) memo.reject(over);
    this.fetches.close();
  }

  private async valueFor(asked: Asked): Promise<Json | undefined> {
    switch (asked.ask) {
      case 'memo':
        return this.context.memo(String(asked.name), () => this.workOf(asked.id));
      case 'store_get': {
        const value = await this.context.store(String(asked.store)).get(String(asked.key));
        return value === undefined ? [] : [value];
      }
      case 'store_set':
        await this.context.store(String(asked.store)).set(String(asked.key), asked.value ?? null);
        return null;
      case 'store_delete':
        await this.context.store(String(asked.store)).delete(String(asked.key));
        return null;
      case 'fetch':
        return this.questions.whileWanted(asked.id, (signal) => this.fetches.send(asked.id, asked.request, signal));
      case 'fetch_read':
        return this.fetches.read(asked.fetch);
      case 'generate':
        return this.generate(asked.id, String(asked.llm), asked.request, asked.wants_tokens === true);
      default:
        throw unknownQuestion();
    }
  }

  private hear(message: Extract<FromIsolate, { tell: string }>): void {
    try {
      switch (message.tell) {
        case 'token':
          return this.context.emitToken(String(message.text));
        case 'activity':
          return this.context.record(message.activity);
        case 'usage':
          return this.context.addUsage(message.usage);
        case 'heartbeat':
          return this.context.heartbeat(message.progress ?? undefined);
        case 'span':
          return void this.context.span.setAttributes(message.attributes as Record<string, string>);
        case 'fetch_cancel':
          this.questions.giveUp(message.fetch);
          return this.fetches.cancel(message.fetch);
        case 'generate_cancel':
          return this.questions.giveUp(message.id);
      }
    } catch (thrown) {
      this.fault ??= revivedError(toErrorInfo(thrown));
    }
  }

  private workOf(id: number): Promise<Json> {
    return new Promise((resolve, reject) => {
      this.memos.set(id, { resolve, reject });
      this.send({ do: 'work', id });
    });
  }

  private finishMemo(id: number, outcome: Outcome<Json>): void {
    const memo = this.memos.get(id);
    this.memos.delete(id);
    if ('error' in outcome) memo?.reject(revivedError(outcome.error));
    else memo?.resolve(outcome.value);
  }

  private async generate(id: number, llm: string, request: PlainModelRequest, wantsTokens: boolean): Promise<Json> {
    const onToken = (text: string) => this.send({ do: 'token', id, text });
    const response = await this.questions.whileWanted(id, (signal) => {
      const whole: ModelRequest = {
        ...request,
        signal,
        redact: (text) => this.context.redact(text),
        ...(wantsTokens && { onToken }),
      };
      return this.context.llm(llm).generate(whole);
    });
    return response as unknown as Json;
  }
}
