/** Answers what a provider in an isolate asks while it is asked for an answer: it tells tokens and sends requests. */
import { type Json, LlmteamError, type Logger, type ProviderContext } from '@llmteam/contracts';
import { FetchRelay } from './fetch-relay.js';
import type { FromIsolate, Question, ToIsolate } from './isolate-messages.js';
import { Questions, unknownQuestion } from './questions.js';

export interface ModelRelayOptions {
  readonly fetch: ProviderContext['fetch'];
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onToken: ((text: string) => void) | undefined;
  readonly send: (message: ToIsolate) => void;
}

export class ModelRelay {
  readonly log: Logger;
  private readonly questions: Questions;
  private readonly fetches: FetchRelay;
  private readonly onToken: ModelRelayOptions['onToken'];

  constructor({ fetch, signal, log, onToken, send }: ModelRelayOptions) {
    this.log = log;
    this.questions = new Questions(send, signal);
    this.fetches = new FetchRelay(fetch);
    this.onToken = onToken;
  }

  receive(message: FromIsolate): void {
    if ('ask' in message) return this.questions.answer(message.id, () => this.valueFor(message));
    if (!('tell' in message)) return;
    if (message.tell === 'token') this.onToken?.(String(message.text));
    if (message.tell === 'fetch_cancel') {
      this.questions.giveUp(message.fetch);
      this.fetches.cancel(message.fetch);
    }
  }

  close(): void {
    this.questions.close(new LlmteamError('CANCELLED', 'the call is over'));
    this.fetches.close();
  }

  private async valueFor(asked: Question & { readonly id: number }): Promise<Json> {
    if (asked.ask === 'fetch') {
      return await this.questions.whileWanted(asked.id, (signal) => this.fetches.send(asked.id, asked.request, signal));
    }
    if (asked.ask === 'fetch_read') return await this.fetches.read(asked.fetch);
    throw unknownQuestion();
  }
}
