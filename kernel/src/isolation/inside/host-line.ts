import type { Json } from '@llmteam/contracts';
import type { FromIsolate, Outcome, Question, ToIsolate } from '../isolate-messages.js';
import { revivedError } from '../revived-error.js';

interface Pending {
  readonly resolve: (value: Json) => void;
  readonly reject: (error: unknown) => void;
  /** For a memo: does its work. */
  readonly work?: (() => Promise<Outcome<Json>>) | undefined;
  readonly onToken?: ((text: string) => void) | undefined;
}

/** The line to the host: messages, questions and their answers. */
export class HostLine {
  readonly #pending = new Map<number, Pending>();
  readonly #write: (text: string) => void;
  #lastId = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  send(message: FromIsolate): void {
    this.#write(JSON.stringify(message));
  }

  /** @throws LlmteamError of the host */
  async ask<T extends Json>(question: Question, more: Pick<Pending, 'work' | 'onToken'> = {}): Promise<T> {
    return (await this.begin(question, more).answer) as T;
  }

  /** A question that can be given up by its id. */
  begin(question: Question, more: Pick<Pending, 'work' | 'onToken'> = {}): { id: number; answer: Promise<Json> } {
    const id = ++this.#lastId;
    const answer = new Promise<Json>((resolve, reject) => this.#pending.set(id, { resolve, reject, ...more }));
    this.send({ ...question, id });
    return { id, answer };
  }

  /** Takes a message that belongs to a question; false if it does not. */
  take(message: ToIsolate): boolean {
    if (message.do === 'answer') {
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if ('value' in message.outcome) pending?.resolve(message.outcome.value);
      else pending?.reject(revivedError(message.outcome.error));
      return true;
    }
    if (message.do === 'token') {
      this.#pending.get(message.id)?.onToken?.(message.text);
      return true;
    }
    if (message.do !== 'work') return false;
    const { id } = message;
    void this.#pending
      .get(id)
      ?.work?.()
      .then((outcome) => this.send({ did: 'work', id, outcome }));
    return true;
  }
}
