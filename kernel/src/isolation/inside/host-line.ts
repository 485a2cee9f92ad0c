import { type Json, LlmteamError } from '@llmteam/contracts';
import { stackOf } from '../../runtime/thrown-stack.js';
import type { FromIsolate, Outcome, Question, Saying, ToIsolate } from '../isolate-messages.js';
import { revivedError } from '../revived-error.js';

const unableToAnswer = 70;

interface More {
  /** For a memo: does its work. */
  readonly memoWork?: (() => Promise<Outcome<Json>>) | undefined;
  readonly onToken?: ((text: string) => void) | undefined;
}

interface Pending extends More {
  readonly work: number;
  readonly resolve: (value: Json) => void;
  readonly reject: (error: unknown) => void;
}

/** The line to the host: messages, questions and their answers. */
export class HostLine {
  readonly #pending = new Map<number, Pending>();
  readonly #write: (text: string) => void;
  #lastId = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Whoever cannot say anything any more, because of a patched prototype for example, ends: the host must not wait for it. */
  send(message: FromIsolate): void {
    try {
      this.#write(JSON.stringify(message));
    } catch (thrown) {
      process.stderr.write(`an answer could not be written: ${stackOf(thrown)}\n`);
      process.exit(unableToAnswer);
    }
  }

  /** The line of one piece of work. */
  forWork(work: number): WorkLine {
    return new WorkLine(this, work);
  }

  /** A question that can be given up by its id. */
  begin(work: number, question: Question, more: More): { id: number; answer: Promise<Json> } {
    const id = ++this.#lastId;
    const answer = new Promise<Json>((resolve, reject) => this.#pending.set(id, { work, resolve, reject, ...more }));
    this.send({ ...question, id, work });
    return { id, answer };
  }

  /** Gives up what the work still asks. */
  end(work: number): void {
    const over = new LlmteamError('CANCELLED', 'the attempt is over');
    for (const [id, pending] of this.#pending) {
      if (pending.work !== work) continue;
      this.#pending.delete(id);
      pending.reject(over);
    }
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
    const pending = this.#pending.get(id);
    void pending?.memoWork?.().then((outcome) => this.send({ did: 'work', id, outcome, work: pending.work }));
    return true;
  }
}

/** What one attempt, or one call of a model, says. After its end it says nothing more, whatever its code still does. */
export class WorkLine {
  readonly #host: HostLine;
  readonly #work: number;
  #isOver = false;

  constructor(host: HostLine, work: number) {
    this.#host = host;
    this.#work = work;
  }

  send(message: Saying): void {
    if (!this.#isOver) this.#host.send({ ...message, work: this.#work });
  }

  /** @throws LlmteamError of the host; `CANCELLED` once the work is over */
  async ask<T extends Json>(question: Question, more: More = {}): Promise<T> {
    return (await this.begin(question, more).answer) as T;
  }

  /** A question that can be given up by its id. @throws LlmteamError `CANCELLED` once the work is over */
  begin(question: Question, more: More = {}): { id: number; answer: Promise<Json> } {
    if (this.#isOver) throw new LlmteamError('CANCELLED', 'the attempt is over');
    return this.#host.begin(this.#work, question, more);
  }

  close(): void {
    this.#isOver = true;
    this.#host.end(this.#work);
  }
}
